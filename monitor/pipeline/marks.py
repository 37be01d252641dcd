"""Which frames are not the sender's audio: a source's gaps, frame by frame."""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from monitor.audio.chunk import Gap
from monitor.events import Mark
from monitor.timeline import FRAME_SAMPLES, frame_start

_BITS = {"lost": Mark.LOST, "silence": Mark.SILENCE}


class GapMarks:
    """Collects gaps and gives the marks of frames, in order, once."""

    def __init__(self) -> None:
        self._gaps: deque[Gap] = deque()

    def add(self, gaps: tuple[Gap, ...]) -> None:
        """Take gaps in the order of the timeline."""
        self._gaps.extend(gaps)

    def take(self, first: int, stop: int) -> NDArray[np.uint8]:
        """Marks of frames `[first, stop)`, shape (stop - first,): a frame is marked where at least half of it is missing."""
        missing = {cause: np.zeros(stop - first, np.int32) for cause in _BITS}
        for gap in self._gaps:
            low = max(gap.start, frame_start(first))
            high = min(gap.start + gap.length, frame_start(stop))
            if low < high:
                edges = np.arange(first, stop + 1) * FRAME_SAMPLES
                missing[gap.cause] += np.diff(np.clip(edges, low, high)).astype(np.int32)
        while self._gaps and self._gaps[0].start + self._gaps[0].length <= frame_start(stop):
            self._gaps.popleft()
        marks = np.zeros(stop - first, np.uint8)
        for cause, bit in _BITS.items():
            marks[missing[cause] * 2 >= FRAME_SAMPLES] |= np.uint8(bit)
        return marks
