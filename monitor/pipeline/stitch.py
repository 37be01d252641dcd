"""Puts what the engine said of each window into one gapless run of frames, in whole ticks, exactly as it will be stored."""

import numpy as np

from monitor.engines.base import WindowFrames
from monitor.events import Frames, Leg
from monitor.frame_format import LegFormat, as_stored
from monitor.timeline import TICK_FRAMES


def skipped(count: int, leg_format: LegFormat) -> WindowFrames:
    """`count` frames without a result: NaN, and no speech."""
    nan = np.float32(np.nan)
    return WindowFrames(
        np.full((count, leg_format.dim), nan), np.full((count, leg_format.classes), nan), np.zeros(count, np.float32)
    )


class Stitcher:
    """Frames of one leg, in order."""

    def __init__(self, call: str, leg: Leg, leg_format: LegFormat) -> None:
        self._call = call
        self._leg = leg
        self._format = leg_format
        self._next = 0
        self._held = skipped(0, leg_format)
        self._held_marks = np.zeros(0, np.uint8)

    def push(self, result: WindowFrames, marks: np.ndarray[tuple[int], np.dtype[np.uint8]]) -> list[Frames]:
        """Take the frames that follow, with their marks; what is complete to the tick."""
        held = self._held
        self._held = WindowFrames(
            np.concatenate([held.embedding, result.embedding]),
            np.concatenate([held.logits, result.logits]),
            np.concatenate([held.speech, result.speech]),
        )
        self._held_marks = np.concatenate([self._held_marks, marks])
        return self._take(len(self._held.speech) // TICK_FRAMES * TICK_FRAMES)

    def finish(self) -> list[Frames]:
        """The last frames of the call, though they do not fill a tick."""
        return self._take(len(self._held.speech))

    def _take(self, count: int) -> list[Frames]:
        if count == 0:
            return []
        held, marks = self._held, self._held_marks
        frames = Frames(
            call=self._call,
            leg=self._leg,
            start=self._next,
            embedding=held.embedding[:count],
            logits=held.logits[:count],
            speech=held.speech[:count],
            marks=marks[:count],
        )
        self._next += count
        self._held = WindowFrames(held.embedding[count:], held.logits[count:], held.speech[count:])
        self._held_marks = marks[count:]
        return [as_stored(frames, self._format)]
