"""Bayesian online change-point detection on a leg's logits: a change is what is believed to be one.

The logits are what the engine's head, trained to tell emotions apart, sees of an embedding, so a change in them is a change of
emotion and not of words. They need not be right: an engine that takes a speaker's joy for anger changes its mind all the same.

The spread of the leg's first seconds of speech is the unit, so engines of any scale look alike. How a segment is found is in
`segments.py`. Posterior odds decide as in Wald's sequential test: a change is provisional at even odds, confirmed at
`threshold`, retracted at minus that. The prior allows for the many places looked at, so the odds need no correction for them;
`calibration.py` says which threshold has which rate of false alarms all the same.
"""

from collections.abc import Sequence
from functools import cache
from typing import ClassVar, Literal, Self

import numpy as np

from monitor.changes.base import Detection, Detector, Looks
from monitor.changes.segments import Floats, Model, Segments, update_together

WARM_UP = 80
"""Ticks of a leg's first speech from which its spread is learned; they are searched once it is known."""
STRETCH = 20
"""Ticks over which the spread is taken: about an utterance."""
FLOOR = 1e-3
"""Least spread, relative to the size of the values: what varies less are rounding errors, or a tone."""


@cache
def _the(model: Model) -> Model:
    """One object for models that are equal, so that detectors of one are known by it."""
    return model


def unit(ticks: Floats) -> tuple[Floats, float]:
    """Mean, shape (C,), and spread, one for all dimensions, of the first `WARM_UP` ticks, shape (WARM_UP, C).

    The spread is that within stretches of `STRETCH` ticks, so that a change among them does not hide itself.
    """
    stretches = ticks.reshape(-1, STRETCH, ticks.shape[1])
    spread = float(np.sqrt(stretches.var(axis=1, ddof=1).mean()))
    return ticks.mean(axis=0), max(spread, FLOOR * float(np.abs(ticks).max())) or 1.0


class BayesDetector(Detector):
    """Finds changes in the mean of a leg's logits.

    >>> detector = BayesDetector(Model(weight=0.04, contrast=2.0, hazard=0.001, memory=300), threshold=3.0)
    >>> voice = np.random.default_rng(0).normal(size=(300, 8))
    >>> voice[200:, :4] += 3.0
    >>> found = [d for tick, x in enumerate(voice) for d in detector.update(tick, x)]
    >>> [(d.number, d.status) for d in found], abs(found[-1].tick - 200) <= 5
    ([(1, 'provisional'), (1, 'confirmed')], True)
    """

    looks_at: ClassVar[Looks] = "logits"

    def __init__(self, model: Model, threshold: float) -> None:
        """`threshold`: log posterior odds at which a change is confirmed."""
        if threshold <= 0:
            raise ValueError(f"threshold must be above 0, got {threshold}")
        self._model = _the(model)
        self._threshold = threshold
        self._warm_up: list[tuple[int, Floats]] = []
        self._origin: Floats = np.zeros(0)
        self._unit = 1.0
        self._segments: Segments | None = None
        self._number = 0
        self._open: Detection | None = None

    def update(self, tick: int, vector: Floats) -> list[Detection]:
        """Take the mean logits, shape (C,), of the next tick of speech; what is now known."""
        centred = vector - np.add.reduce(vector) / len(vector)
        if self._segments is None:
            return self._learn(tick, centred)
        return self._decide(self._segments, self._segments.update(tick, (centred - self._origin) / self._unit))

    @classmethod
    def update_together(cls, heard: Sequence[tuple[Self, int, Floats]]) -> Sequence[Sequence[Detection] | Exception]:
        """See `Detector`."""
        if len(heard) == 1 or cls.update is not BayesDetector.update:
            return super().update_together(heard)
        alike: dict[tuple[int, int], list[int]] = {}
        for index, (detector, _, vector) in enumerate(heard):
            alike.setdefault((id(detector._model), len(vector)), []).append(index)
        found: list[Sequence[Detection]] = [()] * len(heard)
        for indices in alike.values():
            for index, one in zip(indices, _update_alike([heard[index] for index in indices]), strict=True):
                found[index] = one
        return found

    def finish(self) -> list[Detection]:
        """The call is over: what is open was not confirmed."""
        return [] if self._open is None or self._segments is None else [self._close("retracted", self._segments)]

    def _learn(self, tick: int, centred: Floats) -> list[Detection]:
        """Take a tick of the first seconds."""
        self._warm_up.append((tick, centred))
        if len(self._warm_up) < WARM_UP:
            return []
        first, self._warm_up = self._warm_up, []
        self._origin, self._unit = unit(np.stack([one for _, one in first]))
        segments = self._segments = Segments(self._model, len(centred))
        return [
            found
            for past, one in first
            for found in self._decide(segments, segments.update(past, (one - self._origin) / self._unit))
        ]

    def _decide(self, segments: Segments, odds: float) -> list[Detection]:
        found = []
        if self._open is None and odds >= 0:
            self._number += 1
            self._open = self._detection("provisional", segments)
            found.append(self._open)
        if self._open is not None and odds >= self._threshold:
            found.append(self._close("confirmed", segments))
            segments.accept(found[-1].tick)
        elif self._open is not None and odds <= -self._threshold:
            found.append(self._close("retracted", segments))
        return found

    def _close(self, status: Literal["confirmed", "retracted"], segments: Segments) -> Detection:
        opened, self._open = self._open, None
        if opened is None:
            raise RuntimeError("no provisional change point to close")
        odds = segments.log_odds()
        if status == "retracted":
            return Detection(opened.number, status, opened.tick, opened.since, max(odds, 0.0) / self._threshold)
        return self._detection(status, segments)

    def _detection(self, status: Literal["provisional", "confirmed"], segments: Segments) -> Detection:
        return Detection(
            self._number, status, segments.likeliest(), segments.begin, max(segments.log_odds(), 0.0) / self._threshold
        )


def _update_alike(heard: Sequence[tuple[BayesDetector, int, Floats]]) -> list[list[Detection]]:
    """Detectors of one model and width."""
    vectors = np.concatenate([vector for _, _, vector in heard]).reshape(len(heard), -1)
    centred = vectors - np.add.reduce(vectors, axis=1, keepdims=True) / vectors.shape[1]
    known = [index for index, (detector, _, _) in enumerate(heard) if detector._segments is not None]
    theirs = centred if len(known) == len(heard) else centred[known]
    odds = iter(_odds([heard[index][:2] for index in known], theirs) if known else ())
    return [
        detector._learn(tick, one) if detector._segments is None else detector._decide(detector._segments, next(odds))
        for (detector, tick, _), one in zip(heard, centred, strict=True)
    ]


def _odds(known: Sequence[tuple[BayesDetector, int]], centred: Floats) -> list[float]:
    """Of those whose unit is known."""
    origins = np.concatenate([detector._origin for detector, _ in known]).reshape(centred.shape)
    units = np.array([detector._unit for detector, _ in known])
    segments = [detector._segments for detector, _ in known if detector._segments is not None]
    return update_together(segments, [tick for _, tick in known], (centred - origins) / units[:, None])
