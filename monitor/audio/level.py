"""How loud a leg is, tick by tick, on the grid on which it is analysed.

A tick's level is the root of its mean square against full scale, in dBFS: 0 for a square wave that fills the range, -3 for a
sine that does, -127 for silence. It is kept as a byte, in steps of half a dB, of which 0 says that nothing is known.
"""

import numpy as np
from numpy.typing import NDArray

from monitor.audio.chunk import Samples
from monitor.timeline import FRAME_SAMPLES, TICK_FRAMES

Levels = NDArray[np.uint8]
"""Shape (ticks,)."""
UNKNOWN = 0
LOUDEST = 255
STEP = 0.5
"""dB."""
_TICK = FRAME_SAMPLES * TICK_FRAMES
_SILENCE = 10.0 ** (STEP * (1 - LOUDEST) / 10)
"""The least power that is told from another."""


def level_of(power: NDArray[np.float64]) -> Levels:
    """Levels of mean squares.

    >>> level_of(np.array([1.0, 0.5, 0.0, 9.0])).tolist()
    [255, 249, 1, 255]
    """
    decibels = 10 * np.log10(np.maximum(power, _SILENCE))
    levels: Levels = np.clip(np.rint(decibels / STEP) + LOUDEST, 1, LOUDEST).astype(np.uint8)
    return levels


def dbfs(levels: Levels) -> NDArray[np.float64]:
    """In dBFS; NaN where nothing is known.

    >>> dbfs(np.array([255, 215, 1, 0], np.uint8)).tolist()
    [0.0, -20.0, -127.0, nan]
    """
    return np.where(levels == UNKNOWN, np.nan, (levels.astype(np.float64) - LOUDEST) * STEP)


class LevelMeter:
    """Follows one leg from its first sample; how its audio is cut changes nothing."""

    def __init__(self) -> None:
        self._rest: Samples = np.zeros(0, np.float32)
        self._levels: Levels = np.zeros(0, np.uint8)

    def push(self, samples: Samples) -> None:
        """Take the audio that follows."""
        audio = np.concatenate([self._rest, samples]) if len(self._rest) else samples
        whole = len(audio) // _TICK * _TICK
        self._add(audio[:whole].reshape(-1, _TICK))
        self._rest = audio[whole:].copy()

    def finish(self) -> None:
        """The audio is over: what is left is a tick of its own."""
        if len(self._rest):
            self._add(self._rest[None])
        self._rest = self._rest[:0]

    def take(self, ticks: int) -> Levels:
        """The levels of the next ticks, whose audio must be there."""
        if ticks > len(self._levels):
            raise ValueError(f"levels of {ticks} ticks were asked for, there are {len(self._levels)}")
        taken, self._levels = self._levels[:ticks], self._levels[ticks:]
        return taken

    def _add(self, ticks: NDArray[np.float32]) -> None:
        power = np.square(ticks.astype(np.float64)).mean(axis=1)
        self._levels = np.concatenate([self._levels, level_of(power)])
