"""Online kernel CUSUM (Wei & Xie 2022, arXiv 2211.15070): the recent past, over all lengths at once, against a reference.

The statistic is the largest, over the lengths B of the most recent block, of the unbiased squared maximum mean discrepancy
between the block and reference speech, divided by its standard deviation up to a constant, 1 / sqrt(B (B - 1)) (their equation
4). The reference is the first speech of the leg, and after an alarm the first speech after the change. The paper has no
location: it is taken where the block begins that had the largest statistic.
"""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist

from monitor.changes.base import Detection, Detector, Looks

REFERENCE = 80
"""Ticks of speech of the reference."""
LONGEST = 80
"""Ticks of the longest block."""
SHORTEST = 5


class KernelCusum(Detector):
    """Compares blocks of the trailing ticks with the leg's first ones."""

    looks_at: ClassVar[Looks] = "embedding"

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        self._reference: list[tuple[int, NDArray[np.float64]]] = []
        self._block: list[tuple[int, NDArray[np.float64]]] = []
        self._gram = np.zeros((LONGEST, LONGEST))
        self._across = np.zeros(LONGEST)
        self._gamma = 0.0
        self._within = 0.0
        self._number = 0

    def update(self, tick: int, vector: NDArray[np.float64]) -> list[Detection]:
        """Take the next tick of speech; what is now known."""
        if len(self._reference) < REFERENCE:
            self._reference.append((tick, vector))
            if len(self._reference) == REFERENCE:
                self._learn()
            return []
        self._block = [*self._block, (tick, vector)][-LONGEST:]
        self._compare(vector)
        if len(self._block) < SHORTEST:
            return []
        length, statistic = self._statistic()
        if statistic < self._threshold:
            return []
        self._number += 1
        place, since = self._block[-length][0], self._reference[0][0]
        self._reference, self._block = self._block[-length:], []
        if len(self._reference) == REFERENCE:
            self._learn()
        strength = statistic / self._threshold
        return [
            Detection(self._number, "provisional", place, since, strength),
            Detection(self._number, "confirmed", place, since, strength),
        ]

    def finish(self) -> list[Detection]:
        """Nothing is ever open."""
        return []

    def _learn(self) -> None:
        distances = pdist(np.stack([one for _, one in self._reference]), "sqeuclidean")
        self._gamma = 1.0 / max(float(np.median(distances)), 1e-12)
        self._within = float(np.exp(-self._gamma * distances).mean())

    def _compare(self, vector: NDArray[np.float64]) -> None:
        """Kernels of the newest tick; those of the others, newest first, are kept."""
        block = np.stack([one for _, one in reversed(self._block)])
        reference = np.stack([one for _, one in self._reference])
        self._gram[1:, 1:] = self._gram[:-1, :-1].copy()
        self._gram[0, : len(block)] = self._gram[: len(block), 0] = self._kernel(vector, block)
        self._across[1:] = self._across[:-1].copy()
        self._across[0] = self._kernel(vector, reference).mean()

    def _kernel(self, vector: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.exp(-self._gamma * ((others - vector) ** 2).sum(axis=1)))

    def _statistic(self) -> tuple[int, float]:
        count = len(self._block)
        lengths = np.arange(SHORTEST, count + 1)
        sums = np.cumsum(np.cumsum(self._gram[:count, :count], axis=0), axis=1).diagonal()[lengths - 1]
        pairs = (sums - lengths) / (lengths * (lengths - 1))
        discrepancy = self._within + pairs - 2 * np.cumsum(self._across[:count])[lengths - 1] / lengths
        scaled = discrepancy * np.sqrt(lengths * (lengths - 1))
        best = int(scaled.argmax())
        return int(lengths[best]), float(scaled[best])
