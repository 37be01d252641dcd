"""When did the present segment of a stream begin? The posterior over that, tick by tick.

Bayesian online change-point detection (Adams & MacKay 2007, arXiv 0710.3742, algorithm 1) with Gaussian observations of known
spread: a segment has a mean of its own, drawn from a normal prior; ticks scatter around it with variance 1 in every dimension.
Two things differ from the paper:

- The hazard runs by the clock of the call, not by ticks of speech: a mood changes while the other side talks, too. A pause of
  five seconds is fifty times as likely to hide a change as a tick, and that is where changes are then placed.
- A tick is not an independent observation. It counts as `weight` of one: its mean has variance 1 / weight.

Segments are allowed to begin after a pause, and every `EVERY` ticks of speech.

The beginnings of many legs are weighed together (`update_together`), as rows of one array: most legs have a few dozen, and
numpy takes hardly longer for all of them than for those of one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

EVERY = 5
"""Ticks of speech from one possible beginning to the next, where there is no pause."""
PAUSE = 3
"""Ticks without speech that make a pause."""
LONGEST_PAUSE = 100
"""Ticks of a pause that count at most."""
TABLED = 1024
"""Ticks of a segment up to which its predictive densities are worked out beforehand, at first."""


@dataclass(frozen=True, slots=True)
class Model:
    """What is known of segments before any is seen."""

    weight: float
    """Independent observations a tick counts for, 0 to 1."""
    contrast: float
    """Variance of the means of segments, in units of that of ticks around them."""
    hazard: float
    """Rate of changes, a tick of the call's clock."""
    memory: int
    """Ticks of speech after which a beginning that was not taken for one is forgotten."""


class Segments:
    """Weights of the possible beginnings of the present segment.

    >>> segments = Segments(Model(weight=0.5, contrast=4.0, hazard=0.001, memory=300), width=1)
    >>> for tick in range(40):
    ...     odds = segments.update(tick, np.array([0.0 if tick < 30 else 3.0]))
    >>> odds > 3, segments.likeliest()
    (True, 30)
    """

    def __init__(self, model: Model, width: int) -> None:
        self.kind = (model, width)
        """Segments of one kind can be weighed together."""
        self._model = model
        self._begins = np.zeros(0, np.int64)
        self._sums: Floats = np.zeros((0, width))
        self._counts = np.zeros(0, np.int64)
        """Ticks since each beginning, which fall."""
        self._log: Floats = np.zeros(0)
        self._last = 0
        self._waited = 0
        self._spoken = 0

    @property
    def begin(self) -> int:
        """First tick of the segment that began with the call, or with the last change that was accepted."""
        return int(self._begins[0])

    def update(self, tick: int, vector: Floats) -> float:
        """Take the next tick of speech, shape (width,); log posterior odds that a change came after `begin`."""
        self._hear(tick)
        log = _weighed(self.kind, vector, self._counts, self._sums, self._log)
        self._log = log - np.maximum.reduce(log)
        self._sums += vector
        self._counts += 1
        if len(self._counts) > 1 and self._counts[1] > self._model.memory:
            self._forget()
        return self.log_odds()

    def log_odds(self) -> float:
        """Log posterior odds that a change came after `begin`."""
        if len(self._log) < 2:
            return -np.inf
        return float(np.logaddexp.reduce(self._log[1:]) - self._log[0])

    def likeliest(self) -> int:
        """First tick after the likeliest change after `begin`; there must have been a possible one."""
        return int(self._begins[1 + int(self._log[1:].argmax())])

    def accept(self, begin: int) -> None:
        """There was a change: the present segment begins at `begin`, or later."""
        self._keep(self._begins >= begin)

    def _hear(self, tick: int) -> None:
        """The clock has come to the next tick of speech: a segment may begin with it."""
        if len(self._begins) == 0:
            self._last = tick - 1
        pause = tick - self._last
        self._last = tick
        self._waited += min(pause, LONGEST_PAUSE)
        self._spoken += 1
        if len(self._begins) == 0:
            self._begin(tick, 0.0)
        elif pause > PAUSE or self._spoken >= EVERY:
            stay = -self._model.hazard * self._waited
            change = float(np.logaddexp.reduce(self._log)) + float(np.log(-np.expm1(stay)))
            self._log = self._log + stay
            self._begin(tick, change)

    def _begin(self, tick: int, log: float) -> None:
        self._begins = np.concatenate([self._begins, [tick]])
        self._sums = np.concatenate([self._sums, np.zeros((1, self._sums.shape[1]))])
        self._counts = np.concatenate([self._counts, [0]])
        self._log = np.concatenate([self._log, [log]])
        self._waited = self._spoken = 0

    def _forget(self) -> None:
        old = self._counts > self._model.memory
        old[0] = False
        self._keep(~old)

    def _keep(self, which: NDArray[np.bool_]) -> None:
        self._begins, self._sums = self._begins[which], self._sums[which]
        self._counts, self._log = self._counts[which], self._log[which]


def update_together(some: Sequence[Segments], ticks: Sequence[int], vectors: Floats) -> list[float]:
    """`Segments.update` for some legs, of one kind, at once: the next tick of speech of each, `vectors` of shape (n, width).

    Returns the log posterior odds of each that a change came after its `begin`.
    """
    for segments, tick in zip(some, ticks, strict=True):
        segments._hear(tick)
    lengths = [len(segments._log) for segments in some]
    counts = np.concatenate([segments._counts for segments in some])
    sums = np.concatenate([segments._sums for segments in some])
    log = np.concatenate([segments._log for segments in some])
    ends: NDArray[np.int64] = np.add.accumulate(lengths)
    starts = ends - lengths
    heard = np.repeat(vectors, lengths, axis=0)
    log = _weighed(some[0].kind, heard, counts, sums, log)
    log -= np.repeat(np.maximum.reduceat(log, starts), lengths)
    sums += heard
    counts += 1
    odds = _log_odds(log, starts, ends)
    memory = some[0]._model.memory
    forgets = (counts[np.minimum(starts + 1, len(counts) - 1)] > memory).tolist()
    for index, (segments, start, stop) in enumerate(zip(some, starts.tolist(), ends.tolist(), strict=True)):
        segments._counts[:] = counts[start:stop]
        segments._sums[:] = sums[start:stop]
        segments._log[:] = log[start:stop]
        if forgets[index] and stop - start > 1:
            segments._forget()
            odds[index] = segments.log_odds()
    return odds


def _weighed(kind: tuple[Model, int], heard: Floats, counts: NDArray[np.int64], sums: Floats, log: Floats) -> Floats:
    """Bayes' rule: with the predictive density of a tick under each beginning, of any number of legs."""
    tabled = TABLED
    while np.maximum.reduce(counts) >= tabled:
        tabled *= 2
    gain, variance, size = _predictive(*kind, tabled).take(counts, axis=1)
    off = heard - sums * gain[:, None]
    squares = np.einsum("ij,ij->i", off, off)
    return np.asarray(log - 0.5 * (squares / variance + size))


def _log_odds(log: Floats, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> list[float]:
    """Of each leg, whose beginnings are [start, end) of all, that the present segment began with another than the first."""
    if len(log) == len(starts):
        return [-np.inf] * len(starts)
    between = np.stack([starts + 1, ends], axis=1).ravel()[:-1]
    others = np.logaddexp.reduceat(log, np.minimum(between, len(log) - 1))[::2]
    odds: list[float] = np.where(ends - starts > 1, others - log[starts], -np.inf).tolist()
    return odds


@cache
def _predictive(model: Model, width: int, ticks: int) -> Floats:
    """What is expected of a tick after 0, 1, ... others of its segment (Murphy 2007, equation 36), shape (3, ticks).

    What their sum is multiplied by for the mean, the variance, and the logarithm of that over all dimensions.
    """
    precision = 1.0 / model.contrast + model.weight * np.arange(ticks, dtype=np.float64)
    variance = 1.0 / precision + 1.0 / model.weight
    return np.stack([model.weight / precision, variance, width * np.log(variance)])
