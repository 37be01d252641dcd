"""Which of a leg's frames are worth computing: those at which somebody speaks, or did or will within moments.

It decides by ticks, so that a frame's fate depends neither on the hop nor on the window it is asked in. Margins are wide enough
that every frame of a tick that counts as speech later on is computed.
"""

import numpy as np
from numpy.typing import NDArray

from monitor.engines.base import Window
from monitor.engines.leg_speech import LegSpeech
from monitor.timeline import TICK_FRAMES

BEFORE, AFTER = 10, 15
"""Frames before and after speech that are computed with it: the onset that the detector needs to be sure, and the fading."""
_DECIDED = 2
"""Frames by which the speech detector lags behind the sound."""


class SpeechGate:
    """Shared by all legs."""

    def __init__(self, threshold: float, lookahead: int) -> None:
        """`threshold`: probability of speech; 0 computes everything. `lookahead` in frames."""
        self._threshold = threshold
        self._before = min(BEFORE, max(lookahead - _DECIDED, 0))

    def open(self, window: Window, speech: LegSpeech) -> NDArray[np.bool_]:
        """Which of the frames that a window wants are to be computed, shape (stop - first,); after `speech` heard it."""
        if not self._threshold:
            return np.ones(window.stop - window.first, bool)
        ticks = np.arange(window.first // TICK_FRAMES, -(-window.stop // TICK_FRAMES))
        origin = ticks[0] * TICK_FRAMES - AFTER
        heard = speech.between(origin, (ticks[-1] + 1) * TICK_FRAMES + self._before) >= self._threshold
        length = TICK_FRAMES + AFTER + self._before
        spoken = np.array([heard[at : at + length].any() for at in ticks * TICK_FRAMES - AFTER - origin])
        return np.asarray(spoken[np.arange(window.first, window.stop) // TICK_FRAMES - ticks[0]])
