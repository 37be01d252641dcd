"""Which frames are not the sender's audio, and which came late: what a source says of its samples, frame by frame."""

from collections import deque
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from monitor.audio.chunk import AudioChunk, Gap, Late
from monitor.events import Mark, late_mark
from monitor.timeline import FRAME_SAMPLES, frame_start

_BITS = {"lost": Mark.LOST, "silence": Mark.SILENCE}
_Stretch = TypeVar("_Stretch", Gap, Late)


class SourceMarks:
    """Collects what is said of a leg's samples and gives the marks of frames, in order, once."""

    def __init__(self) -> None:
        self._gaps: deque[Gap] = deque()
        self._late: deque[Late] = deque()

    def add(self, chunk: AudioChunk) -> None:
        """Take the chunk that follows."""
        self._gaps.extend(chunk.gaps)
        self._late.extend(chunk.late)

    def take(self, first: int, stop: int) -> NDArray[np.uint8]:
        """Marks of frames `[first, stop)`, shape (stop - first,): a frame is marked where at least half of it is missing, and
        where any of it came late."""
        if not self._gaps and not self._late:
            return np.zeros(stop - first, np.uint8)
        missing = {cause: np.zeros(stop - first, np.int32) for cause in _BITS}
        for gap in self._gaps:
            missing[gap.cause] += _samples(gap, first, stop)
        marks = np.zeros(stop - first, np.uint8)
        for cause, bit in _BITS.items():
            marks[missing[cause] * 2 >= FRAME_SAMPLES] |= np.uint8(bit)
        marks |= self._lateness(first, stop)
        _forget(self._gaps, stop)
        _forget(self._late, stop)
        return marks

    def _lateness(self, first: int, stop: int) -> NDArray[np.uint8]:
        late = np.zeros(stop - first, np.uint8)
        for stretch in self._late:
            np.maximum(late, np.uint8(late_mark(stretch.seconds)), out=late, where=_samples(stretch, first, stop) > 0)
        return late


def _samples(stretch: Gap | Late, first: int, stop: int) -> NDArray[np.int32]:
    """How many samples of each frame are within a stretch."""
    low = max(stretch.start, frame_start(first))
    high = min(stretch.start + stretch.length, frame_start(stop))
    if low >= high:
        return np.zeros(stop - first, np.int32)
    edges = np.arange(first, stop + 1) * FRAME_SAMPLES
    return np.diff(np.clip(edges, low, high)).astype(np.int32)


def _forget(stretches: deque[_Stretch], stop: int) -> None:
    while stretches and stretches[0].start + stretches[0].length <= frame_start(stop):
        stretches.popleft()
