"""The emotion of legs as they go: posterior, label, valence and arousal, relative to the speaker's own beginning.

What is heard of many legs at the same time is taken together (`update_together`): a dozen formulas on the few numbers of one
cost as much as on those of a hundred. Nothing of one leg moves another, not by a digit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from monitor.affect.baseline import SpeakerBaseline
from monitor.affect.belief import EmotionBelief
from monitor.affect.dimensions import Dimensions
from monitor.affect.hysteresis import LabelHysteresis
from monitor.affect.posterior import SmoothedPosterior
from monitor.config.sections import StateSection
from monitor.events import ABSTAIN
from monitor.timeline import TICK_RATE

FORGET_AFTER = 30.0
"""Seconds without speech after which nothing is known of a leg's emotion any more. Shorter than that, who was angry and now
listens is still taken to be angry."""


_FORGET_TICKS = round(FORGET_AFTER * TICK_RATE)


@dataclass(slots=True)
class Affect:
    """A leg's emotion at one moment. Not frozen, as one is made for every tick of speech, but nobody changes it."""

    emotion: str = ABSTAIN
    posterior: tuple[float, ...] = ()
    """What is believed, in the order of the engine's labels."""
    valence: float = 0.0
    """-1 (negative) to 1 (positive)."""
    arousal: float = 0.0
    """-1 (calm) to 1 (excited)."""
    normal: tuple[float, float] | None = None
    """The speaker's own mean valence and arousal while believed neutral; None until there is enough of that."""


class _Formulas:
    """How speech moves what is known of legs. Knows none of them: what is known of one is a row of numbers, of n legs an array
    of shape (n, width): what is believed and what is heard of each class, the sums of the baseline, and how many steps, how
    much valence and arousal these are of."""

    def __init__(
        self,
        labels: Sequence[str],
        prior_neutral: float,
        correlation_time: float,
        mean_duration: float,
        baseline: float,
        neutral_lead: float,
        smoothing: float,
    ) -> None:
        classes = len(labels)
        self._belief = EmotionBelief(labels, prior_neutral, correlation_time, mean_duration, 1 / TICK_RATE)
        self.baseline = SpeakerBaseline(labels, baseline * TICK_RATE, neutral_lead)
        self._heard = SmoothedPosterior(smoothing, 1 / TICK_RATE)
        self._dimensions = Dimensions(labels)
        self._parts = (classes, 2 * classes, 3 * classes)
        self.prior: Sequence[float] = tuple(self._belief.prior.tolist())

    def begin(self) -> NDArray[np.float64]:
        """Of a leg before anything was heard, shape (width,)."""
        row = np.zeros(self._parts[2] + 3)
        self.forget(row)
        return row

    def forget(self, row: NDArray[np.float64]) -> None:
        """Leave nothing of a leg but the speaker's own voice."""
        believed, until = self._parts[0], self._parts[1]
        row[:believed] = self._belief.prior
        row[believed:until] = 0.0

    def update(
        self, rows: NDArray[np.float64], logits: NDArray[np.float64], steps: Sequence[int]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Take the logits, shape (n, C), of a tick of speech each, so many ticks after the last; changes `rows`.

        Returns what is believed, shape (n, C), and valence and arousal of what is heard, shape (n,).
        """
        first, second, third = self._parts
        sums, counted = rows[:, second:third], rows[:, third]
        relative = self.baseline.relative(logits, sums, counted)
        believed = self._belief.update(rows[:, :first], relative, steps)
        heard = self._heard.update(rows[:, first:second], relative)
        valence, arousal = self._dimensions.of(heard)
        rows[:, :first], rows[:, first:second] = believed, heard
        if self.baseline.neutral is not None:
            neutral = believed[:, self.baseline.neutral]
            rows[:, second:third], rows[:, third] = self.baseline.learn(logits, neutral, sums, counted)
            rows[:, third + 1] += neutral * valence
            rows[:, third + 2] += neutral * arousal
        return believed, valence, arousal


_formulas = cache(_Formulas)


class SpeakerAffect:
    """Follows one leg, tick by tick. Only speech moves it; silence of `FORGET_AFTER` seconds clears it.

    The emotion is what is *believed* given all speech so far (`belief.py`); valence and arousal are a running mean of what is
    *heard* (`posterior.py`), because they are matters of degree. Both are relative to the speaker's own neutral voice.

    >>> affect = SpeakerAffect(("angry", "neutral"), StateSection())
    >>> for _ in range(10):
    ...     now = affect.update(np.array([9.0, 0.0]))
    >>> now.emotion, round(now.valence, 2)
    ('angry', -0.5)
    """

    def __init__(self, labels: Sequence[str], settings: StateSection) -> None:
        s = settings
        self._formulas = _formulas(
            tuple(labels),
            s.prior_neutral,
            s.correlation_time,
            s.mean_duration,
            s.baseline,
            s.neutral_lead,
            s.smoothing,
        )
        self._label = LabelHysteresis(labels, s.enter, s.leave, round(s.min_hold * TICK_RATE))
        self._row = self._formulas.begin()
        self._silent = 0
        self.now = Affect(posterior=tuple(self._formulas.prior))

    def update(self, logits: NDArray[np.float64]) -> Affect:
        """Take the mean logits, shape (C,), of a tick of speech."""
        update_together([(self, logits)])
        return self.now

    def rest(self) -> Affect:
        """Take a tick without speech of this leg."""
        self._silent += 1
        if self._silent == _FORGET_TICKS:
            self._formulas.forget(self._row)
            self._label.forget()
            self.now = Affect(posterior=tuple(self._formulas.prior), normal=self._normal(self._row[-3:].tolist()))
        return self.now

    def _normal(self, sums: Sequence[float]) -> tuple[float, float] | None:
        steps, valence, arousal = sums
        return (valence / steps, arousal / steps) if self._formulas.baseline.ready(steps) else None


def update_together(heard: Sequence[tuple[SpeakerAffect, NDArray[np.float64]]]) -> None:
    """Take the mean logits, shape (C,), of a tick of speech of each of some legs; each has its `now` then."""
    alike: dict[_Formulas, list[tuple[SpeakerAffect, NDArray[np.float64]]]] = {}
    for one in heard:
        alike.setdefault(one[0]._formulas, []).append(one)
    for formulas, some in alike.items():
        _update_alike(formulas, some)


def _update_alike(formulas: _Formulas, heard: Sequence[tuple[SpeakerAffect, NDArray[np.float64]]]) -> None:
    affects = [affect for affect, _ in heard]
    rows = _stacked(affect._row for affect in affects)
    logits = _stacked(logits for _, logits in heard)
    believed, valence, arousal = formulas.update(rows, logits, [affect._silent + 1 for affect in affects])
    told = zip(affects, rows, believed.tolist(), valence.tolist(), arousal.tolist(), rows[:, -3:].tolist(), strict=True)
    for affect, row, posterior, pleasant, excited, sums in told:
        affect._silent = 0
        affect._row[:] = row
        affect.now = Affect(affect._label.update(posterior), tuple(posterior), pleasant, excited, affect._normal(sums))


def _stacked(rows: Iterable[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Rows of shape (k,) as an array of shape (n, k) of its own."""
    alike = list(rows)
    return np.concatenate(alike).reshape(len(alike), -1)
