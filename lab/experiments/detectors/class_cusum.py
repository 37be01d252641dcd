"""CUSUM over classes (Page 1954; Nikiforov 1995): the log-likelihood ratio of each emotion to the present one.

Logits are taken for log-likelihoods. Each class has a sum that begins anew whenever it falls below 0; the place of a change is
where the sum that reaches the threshold last began. The leg begins as neutral.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from monitor.affect.baseline import NEUTRAL
from monitor.changes.base import Detection, Detector, Looks


class ClassCusum(Detector):
    """One sum a class."""

    looks_at: ClassVar[Looks] = "logits"

    def __init__(self, labels: Sequence[str], threshold: float) -> None:
        self._threshold = threshold
        self._held = labels.index(NEUTRAL)
        self._sums = np.zeros(len(labels))
        self._since = np.zeros(len(labels), np.int64)
        self._began = 0
        self._number = 0

    def update(self, tick: int, vector: NDArray[np.float64]) -> list[Detection]:
        """Take the next tick of speech; what is now known."""
        self._since = np.where(self._sums <= 0, tick, self._since)
        self._sums = np.maximum(self._sums, 0.0) + vector - vector[self._held]
        best = int(self._sums.argmax())
        if best == self._held or self._sums[best] < self._threshold:
            return []
        self._number += 1
        place, since = int(self._since[best]), self._began
        self._held, self._began = best, place
        self._sums = np.zeros(len(self._sums))
        return [Detection(self._number, status, place, since, 1.0) for status in ("provisional", "confirmed")]

    def finish(self) -> list[Detection]:
        """Nothing is ever open."""
        return []
