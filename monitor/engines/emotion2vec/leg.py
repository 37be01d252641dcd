"""What the engine remembers of one leg."""

from typing import Literal

import numpy as np
import torch
from torch import Tensor

from monitor.audio.chunk import Samples
from monitor.engines.base import Window
from monitor.engines.emotion2vec.network import TAIL
from monitor.engines.emotion2vec.normalise import Normalisation, by_its_own
from monitor.engines.leg_speech import LegSpeech
from monitor.timeline import FRAME_SAMPLES

Normalise = Literal["leg", "window", "nothing"]
"""What samples are put in relation to: the leg so far, the window that they are in (as FunASR does), or nothing."""


class Emotion2vecLeg:
    """A leg's speech, its normalisation, and the features of its latest frames.

    Features are kept where what a frame is normalised by will not change, for the frames whose samples are all there: of the
    last frame of a window 80 are yet to come. Hearing a window again changes nothing, so one that failed can be offered again.
    """

    def __init__(self, normalise: Normalise) -> None:
        self.speech = LegSpeech()
        self._normalise = normalise
        self._normalisation = Normalisation(TAIL)
        self._first = 0
        self._features: Tensor | None = None

    def hear(self, window: Window) -> None:
        """Learn what the leg sounds like, also from windows that are not computed."""
        if self._normalise == "leg":
            self._normalisation.hear(window.start, window.samples)

    def fresh(self, window: Window) -> Samples:
        """Samples (320 n + 80,), normalised, of the n frames of a window whose features are not kept.

        Zeros stand for what comes after the window, of which its last frame would see 80 samples.
        """
        first = self._kept_until(window)
        samples = np.pad(window.samples, (0, TAIL))
        if self._normalise == "window":
            samples = by_its_own(samples)
        samples = samples[(first - window.start) * FRAME_SAMPLES :]
        return self._normalisation.apply(samples, first) if self._normalise == "leg" else samples

    def joined(self, window: Window, fresh: Tensor) -> Tensor:
        """Features (k, D) of all frames of a window, given those of its fresh ones."""
        first = self._kept_until(window)
        if self._features is None or first == window.start:
            return fresh
        return torch.cat([self._features[window.start - self._first : first - self._first], fresh])

    def keep(self, window: Window, features: Tensor) -> None:
        """Remember the features of a window's frames for the windows that follow."""
        if self._normalise == "nothing" or self._normalisation.stands:
            self._first, self._features = window.start, features[:-1]

    def _kept_until(self, window: Window) -> int:
        """First frame of a window whose features are not kept."""
        if self._features is None or self._first > window.start:
            return window.start
        last = window.start + len(window.samples) // FRAME_SAMPLES - 1
        return max(window.start, min(self._first + len(self._features), last))
