"""Puts what the engine said of each window into one gapless run of frames, in whole ticks, exactly as it will be stored."""

import numpy as np
from numpy.typing import NDArray

from monitor.audio.level import LevelMeter
from monitor.engines.base import WindowFrames
from monitor.events import Frames, Leg
from monitor.frame_format import LegFormat, as_stored, rows
from monitor.timeline import TICK_FRAMES


def skipped(count: int, leg_format: LegFormat) -> WindowFrames:
    """`count` frames without a result: NaN, and no speech."""
    nan = np.float32(np.nan)
    return WindowFrames(
        np.full((count, leg_format.dim), nan), np.full((count, leg_format.classes), nan), np.zeros(count, np.float32)
    )


class Stitcher:
    """Frames of one leg, in order."""

    def __init__(self, call: str, leg: Leg, leg_format: LegFormat, meter: LevelMeter | None = None) -> None:
        """`meter` has heard the audio of the frames that are pushed; None where nobody may know how loud the leg is."""
        self._call = call
        self._leg = leg
        self._format = leg_format
        self._meter = meter
        self._next = 0
        self._held = skipped(0, leg_format)
        self._held_marks = np.zeros(0, np.uint8)

    def push(self, result: WindowFrames, marks: NDArray[np.uint8]) -> list[Frames]:
        """Take the frames that follow, with their marks; what is complete to the tick."""
        if len(self._held_marks):
            result = _joined(self._held, result)
            marks = np.concatenate([self._held_marks, marks])
        return self._take(result, marks, len(marks) // TICK_FRAMES * TICK_FRAMES)

    def finish(self) -> list[Frames]:
        """The last frames of the call, though they do not fill a tick."""
        return self._take(self._held, self._held_marks, len(self._held_marks))

    def _take(self, result: WindowFrames, marks: NDArray[np.uint8], count: int) -> list[Frames]:
        """Give out `count` frames and hold the others."""
        self._held = WindowFrames(result.embedding[count:], result.logits[count:], result.speech[count:])
        self._held_marks = marks[count:]
        if count == 0:
            return []
        frames = Frames(
            call=self._call,
            leg=self._leg,
            start=self._next,
            embedding=result.embedding[:count],
            logits=result.logits[:count],
            speech=result.speech[:count],
            marks=marks[:count],
            level=None if self._meter is None else self._meter.take(rows(count, TICK_FRAMES)),
        )
        self._next += count
        return [as_stored(frames, self._format)]


def _joined(first: WindowFrames, second: WindowFrames) -> WindowFrames:
    return WindowFrames(
        np.concatenate([first.embedding, second.embedding]),
        np.concatenate([first.logits, second.logits]),
        np.concatenate([first.speech, second.speech]),
    )
