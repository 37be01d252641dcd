"""Cuts a leg's frames, however they come, into ticks of `TICK_FRAMES`: the unit in which calls are analysed.

Sums run frame by frame, in order, in float64, so that the way in which frames are cut into runs cannot change a digit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from monitor.audio.level import UNKNOWN
from monitor.events import Frames, Mark, seconds_late
from monitor.frame_format import LegFormat, rows, surely_finite
from monitor.timeline import TICK_FRAMES, frame_seconds

NOT_HEARD, SKIPPED = int(Mark.LOST | Mark.SILENCE), int(Mark.SKIPPED)


@dataclass(eq=False)
class _Run:
    """Frames of a leg that make ticks of one size."""

    frames: Frames
    first: int
    """Of the frames, the first that is in a tick."""
    stop: int
    """One past the last."""
    size: int
    """Frames a tick."""

    @cached_property
    def embeddings(self) -> NDArray[np.float64]:
        """Means of ticks, shape (n, D). Not everybody asks for them, and they are most of the numbers."""
        if self.frames.stride == 1:
            return _means(self.frames.embedding[self.first : self.stop], self.size)
        return self.frames.embedding[rows(self.first, TICK_FRAMES) : rows(self.stop, TICK_FRAMES)].astype(np.float64)


@dataclass(slots=True, eq=False)
class Tick:
    """Up to `TICK_FRAMES` frames of a leg; fewer only at the end of the leg. Not frozen, which costs most of its making."""

    index: int
    time: float
    """Seconds from the start of the call to its start."""
    end: float
    """And to its end."""
    speech: float
    """Mean probability of speech; of a tick that is not known, of the frames that are."""
    known: bool
    """Every frame has an engine result (none is `SKIPPED`)."""
    late: int
    """Whole seconds by which the last of its frames to become known did so after its moment."""
    heard: bool
    """Known, and more than half of its frames are the leg's own audio, not concealment or put-in silence."""
    logits: NDArray[np.float64]
    """Shape (C,), mean of the frames; NaN where not known."""
    level: int
    """How loud it is (`audio/level.py`)."""
    _run: _Run
    _row: int

    @property
    def embedding(self) -> NDArray[np.float64]:
        """Shape (D,), mean of the frames; NaN where not known."""
        mean: NDArray[np.float64] = self._run.embeddings[self._row]
        return mean


class TickCutter:
    """Cuts the frames of one leg, run by run."""

    def __init__(self, leg_format: LegFormat) -> None:
        if leg_format.stride not in (1, TICK_FRAMES):
            raise ValueError(f"embeddings must come every frame or every {TICK_FRAMES}, got every {leg_format.stride}")
        self._format = leg_format
        self._next = 0

    def cut(self, frames: Frames) -> list[Tick]:
        """The ticks of the next run of frames. Raises `ValueError` where it does not follow the last, or has another format."""
        self._check(frames)
        self._next = frames.stop
        count = len(frames)
        whole = count // TICK_FRAMES * TICK_FRAMES
        ticks = _ticks(_Run(frames, 0, whole, TICK_FRAMES)) if whole else []
        return ticks if whole == count else ticks + _ticks(_Run(frames, whole, count, count - whole))

    def _check(self, frames: Frames) -> None:
        if frames.start != self._next or frames.start % TICK_FRAMES:
            raise ValueError(
                f"frames of {frames.leg} begin at {frames.start}; expected {self._next}, a multiple of {TICK_FRAMES}, so that "
                "no run but the last of a call ends inside a tick"
            )
        n, leg_format = len(frames), self._format
        if (
            frames.stride != leg_format.stride
            or frames.embedding.shape != (rows(n, frames.stride), leg_format.dim)
            or frames.logits.shape != (n, leg_format.classes)
            or frames.marks.shape != (n,)
        ):
            raise ValueError(
                f"frames of {frames.leg} have embeddings {frames.embedding.shape} every {frames.stride}, logits "
                f"{frames.logits.shape} and marks {frames.marks.shape}; expected {n} frames of {leg_format}"
            )


def _ticks(run: _Run) -> list[Tick]:
    """Ticks of one size, all at once: the few numbers of one are soonest worked on together with those of others."""
    frames, size = run.frames, run.size
    logits = _means(frames.logits[run.first : run.stop], size)
    count = len(logits)
    skipped, late, own = _marked(frames.marks[run.first : run.stop].reshape(count, size))
    known = [not gone for gone in map(any, skipped)]
    if not (surely_finite(frames.logits) and surely_finite(frames.embedding)):
        known = [
            all_there and bool(np.isfinite(logits[row]).all() and np.isfinite(run.embeddings[row]).all())
            for row, all_there in enumerate(known)
        ]
    first = run.first // TICK_FRAMES
    levels = [UNKNOWN] * count if frames.level is None else frames.level[first : first + count].tolist()
    speech = frames.speech[run.first : run.stop].astype(np.float64).reshape(count, size).tolist()
    index = frames.start // TICK_FRAMES + first
    ticks = []
    for row, heard in enumerate(speech):
        spoken = heard if known[row] else [value for value, skip in zip(heard, skipped[row], strict=True) if not skip]
        mean = sum(spoken) / len(spoken) if spoken else 0.0
        whose = known[row] and 2 * own[row] > size
        start = frames.start + run.first + row * size
        time, end = frame_seconds(start), frame_seconds(start + size)
        ticks.append(Tick(index + row, time, end, mean, known[row], late[row], whose, logits[row], levels[row], run, row))
    return ticks


def _marked(marks: NDArray[np.uint8]) -> tuple[Sequence[Sequence[bool]], Sequence[int], Sequence[int]]:
    """Of marks of shape (ticks, frames): which frames are skipped; how late each tick is; how many frames are the leg's own."""
    count, size = marks.shape
    if not marks.any():
        return [(False,) * size] * count, [0] * count, [size] * count
    skipped = (marks & SKIPPED) != 0
    own = ((marks & NOT_HEARD) == 0).sum(axis=1)
    return skipped.tolist(), seconds_late(marks).max(axis=1).tolist(), own.tolist()


def _means(values: NDArray[np.float32], size: int) -> NDArray[np.float64]:
    """Of each `size` rows, shape (n * size, K) to (n, K); summed row by row, in float64."""
    parts = values.astype(np.float64).reshape(len(values) // size, size, values.shape[1])
    total = parts[:, 0]
    for row in range(1, size):
        total = total + parts[:, row]
    return np.asarray(total / size)
