"""Speech probability of a leg for engines that have none of their own, whatever windows they are given."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from monitor.audio.chunk import Samples
from monitor.audio.speech import SpeechDetector, update_together
from monitor.engines.base import Window
from monitor.timeline import FRAME_SAMPLES


class LegSpeech:
    """Follows one leg through its overlapping windows: every sample is heard once, in order.

    Memory is bounded by one window: probabilities before the latest window's start are forgotten. Where windows leave a hole
    (overload skipped some) or go back beyond what is remembered, the detector starts afresh at the window.
    """

    def __init__(self) -> None:
        self._restart(0)

    def _restart(self, frame: int) -> None:
        self._detector = SpeechDetector()
        self._heard = frame * FRAME_SAMPLES
        self._kept = np.zeros(0, np.float32)
        self._kept_from = frame
        self._finished = False

    def of(self, window: Window) -> NDArray[np.float32]:
        """Probabilities of the frames that a window wants, shape (stop - first,).

        The detector decides a frame up to 40 ms late. Frames that the window's right context does not let it decide take the
        last decided probability; with 40 ms of lookahead, or in a final window, there are none.
        """
        return speech_of([window], [self])[0]

    def between(self, first: int, stop: int) -> NDArray[np.float32]:
        """Probabilities of frames [first, stop) so far; 0 where they are not decided yet, or forgotten."""
        probabilities = np.zeros(stop - first, np.float32)
        begin, end = max(first, self._kept_from), min(stop, self._kept_from + len(self._kept))
        if begin < end:
            probabilities[begin - first : end - first] = self._kept[begin - self._kept_from : end - self._kept_from]
        return probabilities

    def _unheard(self, window: Window) -> Samples:
        """The samples that the detector is to be given; it starts afresh where they do not go on where it was."""
        begin, end = window.start * FRAME_SAMPLES, window.start * FRAME_SAMPLES + len(window.samples)
        if begin > self._heard or window.start < self._kept_from or (self._finished and end > self._heard):
            self._restart(window.start)
        unheard = window.samples[self._heard - begin :]
        self._heard = max(self._heard, end)
        return unheard

    def _answer(self, window: Window, fresh: NDArray[np.float32]) -> NDArray[np.float32]:
        self._keep(fresh)
        if window.final and not self._finished:
            self._keep(self._detector.finish())
            self._finished = True
        self._forget(window.start)
        decided = self._kept[window.first - self._kept_from : window.stop - self._kept_from]
        return self._held(decided, window.stop - window.first)

    def _keep(self, probabilities: NDArray[np.float32]) -> None:
        self._kept = np.concatenate([self._kept, probabilities])

    def _forget(self, before: int) -> None:
        drop = min(max(before - self._kept_from, 0), len(self._kept))
        self._kept = self._kept[drop:].copy()
        self._kept_from += drop

    def _held(self, decided: NDArray[np.float32], frames: int) -> NDArray[np.float32]:
        last = decided[-1] if len(decided) else (self._kept[-1] if len(self._kept) else np.float32(0))
        return np.concatenate([decided, np.full(frames - len(decided), last, np.float32)])


def speech_of(windows: Sequence[Window], legs: Sequence[LegSpeech]) -> list[NDArray[np.float32]]:
    """`LegSpeech.of` for windows of different legs, all heard at once."""
    unheard = [leg._unheard(window) for window, leg in zip(windows, legs, strict=True)]
    fresh = update_together([leg._detector for leg in legs], unheard)
    return [leg._answer(window, decided) for window, leg, decided in zip(windows, legs, fresh, strict=True)]
