"""How loud a leg is, tick by tick, on the grid on which it is analysed.

A tick's level is the root of its mean square against full scale, in dBFS: 0 for a square wave that fills the range, -3 for a
sine that does, -127 for silence. It is kept as a byte, in steps of half a dB, of which 0 says that nothing is known.
"""

import numpy as np
from numpy.typing import NDArray

from monitor.audio.chunk import Samples, joined
from monitor.timeline import FRAME_SAMPLES, TICK_FRAMES

Levels = NDArray[np.uint8]
"""Shape (ticks,)."""
UNKNOWN = 0
LOUDEST = 255
STEP = 0.5
"""dB."""
_TICK = FRAME_SAMPLES * TICK_FRAMES
_MOST_WAITING = 10 * _TICK
"""Samples that wait at most to be measured."""
_SILENCE = 10.0 ** (STEP * (1 - LOUDEST) / 10)
"""The least power that is told from another."""


def level_of(power: NDArray[np.float64]) -> Levels:
    """Levels of mean squares.

    >>> level_of(np.array([1.0, 0.5, 0.0, 9.0])).tolist()
    [255, 249, 1, 255]
    """
    decibels = 10 * np.log10(np.maximum(power, _SILENCE))
    steps = np.rint(decibels / STEP) + LOUDEST
    levels: Levels = np.minimum(np.maximum(steps, 1), LOUDEST).astype(np.uint8)
    return levels


def dbfs(levels: Levels) -> NDArray[np.float64]:
    """In dBFS; NaN where nothing is known.

    >>> dbfs(np.array([255, 215, 1, 0], np.uint8)).tolist()
    [0.0, -20.0, -127.0, nan]
    """
    return np.where(levels == UNKNOWN, np.nan, (levels.astype(np.float64) - LOUDEST) * STEP)


class LevelMeter:
    """Follows one leg from its first sample; how its audio is cut changes nothing.

    Audio waits until its levels are asked for, a second at most: ticks are measured together at the cost of one.
    """

    def __init__(self) -> None:
        self._waiting: list[Samples] = []
        self._samples = 0
        """That wait."""
        self._levels: Levels = np.zeros(0, np.uint8)

    def push(self, samples: Samples) -> None:
        """Take the audio that follows."""
        self._waiting.append(samples)
        self._samples += len(samples)
        if self._samples >= _MOST_WAITING:
            self._measure()

    def finish(self) -> None:
        """The audio is over: what is left is a tick of its own."""
        rest = self._measure()
        if len(rest):
            self._add(rest[None])
        self._waiting, self._samples = [], 0

    def take(self, ticks: int) -> Levels:
        """The levels of the next ticks, whose audio must be there."""
        if ticks > len(self._levels):
            self._measure()
        if ticks > len(self._levels):
            raise ValueError(f"levels of {ticks} ticks were asked for, there are {len(self._levels)}")
        taken, self._levels = self._levels[:ticks], self._levels[ticks:]
        return taken

    def _measure(self) -> Samples:
        """Measure the whole ticks that wait; what is left."""
        audio = joined(self._waiting)
        whole = len(audio) // _TICK * _TICK
        if whole:
            self._add(audio[:whole].reshape(-1, _TICK))
        rest = audio[whole:].copy()
        self._waiting, self._samples = [rest], len(rest)
        return rest

    def _add(self, ticks: NDArray[np.float32]) -> None:
        power = np.add.reduce(np.square(ticks.astype(np.float64)), axis=1) / ticks.shape[1]
        self._levels = np.concatenate([self._levels, level_of(power)])
