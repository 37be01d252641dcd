"""Which of a leg's frames are worth computing: those of ticks of speech, because state, changes and rules go by no others.

It decides by ticks, so that a frame's fate depends neither on the hop nor on the window it is asked in.
"""

import numpy as np
from numpy.typing import NDArray

from monitor.engines.base import Window
from monitor.engines.leg_speech import LegSpeech
from monitor.timeline import TICK_FRAMES

UNDECIDED = 2
"""Frames by which the speech detector lags behind the sound; with less lookahead they count as the last decided does."""


class SpeechGate:
    """Shared by all legs."""

    def __init__(self, threshold: float) -> None:
        """`threshold`: probability of speech; 0 computes everything."""
        self._threshold = threshold

    def open(self, window: Window, speech: LegSpeech) -> NDArray[np.bool_]:
        """Which of the frames that a window wants are to be computed, shape (stop - first,); after `speech` heard it."""
        if not self._threshold:
            return np.ones(window.stop - window.first, bool)
        ticks = np.arange(window.first // TICK_FRAMES, -(-window.stop // TICK_FRAMES))
        origin = ticks[0] * TICK_FRAMES - UNDECIDED
        heard = speech.between(origin, (ticks[-1] + 1) * TICK_FRAMES) >= self._threshold
        length = TICK_FRAMES + UNDECIDED
        spoken = np.array([heard[at : at + length].any() for at in ticks * TICK_FRAMES - UNDECIDED - origin])
        return np.asarray(spoken[np.arange(window.first, window.stop) // TICK_FRAMES - ticks[0]])
