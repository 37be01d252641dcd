"""Whether two legs carry the same sound: a mono recording in both channels, or one side of a call captured twice.

What is said of such legs is said of one voice twice, so people must be told. An echo is quieter than what it is of, and alike
only while one side speaks.
"""

from collections.abc import Sequence

import numpy as np

from monitor.audio.chunk import AudioChunk, Samples
from monitor.events import Leg
from monitor.timeline import SAMPLE_RATE

STRETCH = 2 * SAMPLE_RATE
"""Samples compared at a time."""
_COARSER = 4
"""Samples averaged to one before: what a telephone carries most of."""
_AUDIBLE = 1e-5
"""Mean square (-50 dBFS) below which a stretch says nothing."""
_ALIKE = 0.9
"""Correlation at the best lag; where one comes 0.2 s after the other, a tenth of it is missing."""
_LEVELS = 4.0
"""Ratio of mean squares (6 dB) up to which levels are alike."""
_ENOUGH, _ENOUGH_UNLIKE = 4, 3
"""Stretches that decide."""


class Likeness:
    """Compares the legs of a call until it knows."""

    def __init__(self, legs: Sequence[Leg]) -> None:
        self.same: bool | None = None if len(legs) == 2 else False
        """None while it is not known."""
        self._parts: dict[Leg, list[Samples]] = {leg: [] for leg in legs}
        self._alike = self._unlike = 0

    def hear(self, chunk: AudioChunk) -> None:
        """Take what follows of a leg."""
        if self.same is not None or not len(chunk.samples):
            return
        self._parts[chunk.leg].append(chunk.samples)
        while self.same is None and all(sum(map(len, parts)) >= STRETCH for parts in self._parts.values()):
            self._compare(STRETCH)

    def finish(self) -> None:
        """The audio is over: what there was must do."""
        if self.same is None:
            self._compare(min(sum(map(len, parts)) for parts in self._parts.values()))
            self.same = self._alike > 0 and self._unlike == 0

    def _compare(self, length: int) -> None:
        one, other = (self._take(leg, length) for leg in self._parts)
        if len(one) < _COARSER:
            return
        energies = float(np.mean(one**2)), float(np.mean(other**2))
        if max(energies) < _AUDIBLE:
            return
        if max(energies) <= _LEVELS * min(energies) and _correlation(one, other) >= _ALIKE:
            self._alike += 1
        else:
            self._unlike += 1
        if self._unlike >= _ENOUGH_UNLIKE:
            self.same = False
        elif self._alike >= _ENOUGH * (1 + self._unlike):
            self.same = True

    def _take(self, leg: Leg, length: int) -> Samples:
        joined = np.concatenate(self._parts[leg]) if self._parts[leg] else np.zeros(0, np.float32)
        self._parts[leg] = [joined[length:]]
        return joined[:length]


def _correlation(one: Samples, other: Samples) -> float:
    """The largest over all lags."""
    first, second = (each[: len(each) // _COARSER * _COARSER].reshape(-1, _COARSER).mean(1) for each in (one, other))
    size = 2 * len(first)
    products = np.fft.irfft(np.fft.rfft(first, size) * np.conj(np.fft.rfft(second, size)), size)
    return float(np.abs(products).max() / (np.linalg.norm(first) * np.linalg.norm(second) + 1e-12))
