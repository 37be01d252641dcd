"""The way of one leg of a stored call through the space of its embeddings, on two axes, however long the call is.

What `trajectory` shows of many calls with an extra's help, this shows of one with the core alone: a point for each stretch in
which the leg speaks for half of the time, 30 s of frames in memory at once.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.affect.posterior import softmax
from monitor.analysis.axes import directions, principal
from monitor.analysis.errors import TooFewPointsError
from monitor.events import Frames, Leg, Mark
from monitor.frame_format import rows
from monitor.store.base import StoredCall
from monitor.store.snapshot import speech_threshold
from monitor.timeline import FRAME_RATE, frame_seconds

MOST_POINTS = 2_000
"""A picture shows no more; where there would be more, stretches are longer."""
_BLOCK_FRAMES = 30 * FRAME_RATE
_AXES = 2


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """Points in the order of time."""

    coordinates: NDArray[np.float64]
    """Shape (n, 2): principal components of the directions of the points."""
    shares: tuple[float, ...]
    """Of the variance that lie on the axes; empty where the points are one and the same."""
    times: tuple[float, ...]
    """Seconds at which each stretch begins."""
    labels: tuple[str, ...]
    """What the engine says of each stretch."""
    seconds: float
    """Of a stretch."""

    def as_dict(self) -> dict[str, Any]:
        """As JSON-ready data."""
        return {
            "rate": 1 / self.seconds,
            "x": self.coordinates[:, 0].round(4).tolist(),
            "y": self.coordinates[:, 1].round(4).tolist(),
            "time": list(self.times),
            "emotion": list(self.labels),
            "shares": [round(share, 4) for share in self.shares],
        }


def way_of(stored: StoredCall, leg: Leg, rate: int) -> Way:
    """The way of a leg, at most `rate` points a second (a divisor of 10). A leg that may not be analysed, or in which nobody
    speaks, has no point. Raises `NotFoundError` where there is no such leg, `StoreError`."""
    frames, step = stored.committed(leg), FRAME_RATE // rate
    step *= max(1, -(-frames // (step * MOST_POINTS)))
    vectors, times, labels = [], [], []
    if stored.record.legs[leg].dim:
        threshold, block = speech_threshold(stored), max(1, _BLOCK_FRAMES // step) * step
        for start in range(0, frames, block):
            run = stored.read(leg, start, min(start + block, frames))
            means, spoken, best = _stretches(run, step, threshold)
            vectors.append(means)
            times += [frame_seconds(start + index * step) for index in spoken]
            labels += [stored.record.labels[label] for label in best]
    found, shares = _axes(np.concatenate(vectors) if vectors else np.zeros((0, 1)))
    return Way(found, shares, tuple(times), tuple(labels), step / FRAME_RATE)


def _stretches(run: Frames, step: int, threshold: float) -> tuple[NDArray[np.float32], list[int], list[int]]:
    """Mean embeddings of the stretches of a run in which there is enough speech, shape (n, D); which of all they are; the best
    label of each."""
    speaks = (run.speech >= threshold) & ((run.marks & Mark.SKIPPED) == 0)
    starts = np.arange(0, len(run), step)
    counts = np.add.reduceat(speaks.astype(np.int64), starts)
    enough = counts * 2 >= np.diff([*starts, len(run)])
    weights = np.add.reduceat(speaks.astype(np.float64), np.arange(0, len(run), run.stride))
    weighted = np.where(weights[:, None] > 0, run.embedding, 0) * weights[:, None]
    sums = np.add.reduceat(weighted, np.arange(0, rows(len(run), run.stride), step // run.stride))
    chances = np.where(speaks[:, None], softmax(run.logits.astype(np.float64)), 0)
    best = np.add.reduceat(chances, starts).argmax(axis=1)
    means = (sums[enough] / counts[enough, None]).astype(np.float32)
    return means, np.flatnonzero(enough).tolist(), best[enough].tolist()


def _axes(vectors: NDArray[np.floating]) -> tuple[NDArray[np.float64], tuple[float, ...]]:
    try:
        found, shares = principal(directions(vectors.astype(np.float32)), _AXES)
    except TooFewPointsError:
        return np.zeros((len(vectors), _AXES)), ()
    return np.pad(found, ((0, 0), (0, _AXES - found.shape[1]))), tuple(shares.tolist())
