"""When did the present segment of a stream begin? The posterior over that, tick by tick.

Bayesian online change-point detection (Adams & MacKay 2007, arXiv 0710.3742, algorithm 1) with Gaussian observations of known
spread: a segment has a mean of its own, drawn from a normal prior; ticks scatter around it with variance 1 in every dimension.
Two things differ from the paper:

- The hazard runs by the clock of the call, not by ticks of speech: a mood changes while the other side talks, too. A pause of
  five seconds is fifty times as likely to hide a change as a tick, and that is where changes are then placed.
- A tick is not an independent observation. It counts as `weight` of one: its mean has variance 1 / weight.

Segments are allowed to begin after a pause, and every `EVERY` ticks of speech.
"""

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
    ...     segments.update(tick, np.array([0.0 if tick < 30 else 3.0]))
    >>> segments.log_odds() > 3, segments.likeliest()
    (True, 30)
    """

    def __init__(self, model: Model, width: int) -> None:
        self._model = model
        self._width = width
        self._predictive = _predictive(model, width, TABLED)
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

    def update(self, tick: int, vector: Floats) -> None:
        """Take the next tick of speech, shape (width,)."""
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
        self._weigh(vector)
        self._forget()

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

    def _begin(self, tick: int, log: float) -> None:
        self._begins = np.concatenate([self._begins, [tick]])
        self._sums = np.concatenate([self._sums, np.zeros((1, self._sums.shape[1]))])
        self._counts = np.concatenate([self._counts, [0]])
        self._log = np.concatenate([self._log, [log]])
        self._waited = self._spoken = 0

    def _weigh(self, vector: Floats) -> None:
        """Bayes' rule: the predictive density of a tick under each beginning."""
        tabled = self._predictive.shape[1]
        if self._counts[0] >= tabled:
            self._predictive = _predictive(self._model, self._width, 2 * tabled)
        gain, variance, size = self._predictive.take(self._counts, axis=1)
        off = vector - self._sums * gain[:, None]
        squares = np.einsum("ij,ij->i", off, off)
        log = self._log - 0.5 * (squares / variance + size)
        self._log = log - np.maximum.reduce(log)
        self._sums += vector
        self._counts += 1

    def _forget(self) -> None:
        if len(self._counts) > 1 and self._counts[1] > self._model.memory:
            old = self._counts > self._model.memory
            old[0] = False
            self._keep(~old)

    def _keep(self, which: NDArray[np.bool_]) -> None:
        self._begins, self._sums = self._begins[which], self._sums[which]
        self._counts, self._log = self._counts[which], self._log[which]


@cache
def _predictive(model: Model, width: int, ticks: int) -> Floats:
    """What is expected of a tick after 0, 1, ... others of its segment (Murphy 2007, equation 36), shape (3, ticks).

    What their sum is multiplied by for the mean, the variance, and the logarithm of that over all dimensions.
    """
    precision = 1.0 / model.contrast + model.weight * np.arange(ticks, dtype=np.float64)
    variance = 1.0 / precision + 1.0 / model.weight
    return np.stack([model.weight / precision, variance, width * np.log(variance)])
