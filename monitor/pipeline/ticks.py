"""Cuts a leg's frames, however they come, into ticks of `TICK_FRAMES`: the unit in which calls are analysed.

Sums run frame by frame, in order, in float64, so that the way in which frames are cut into runs cannot change a digit.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.audio.level import UNKNOWN
from monitor.events import Frames, Mark, seconds_late
from monitor.frame_format import LegFormat
from monitor.timeline import TICK_FRAMES

NOT_HEARD, SKIPPED = int(Mark.LOST | Mark.SILENCE), int(Mark.SKIPPED)


@dataclass(frozen=True, slots=True, eq=False)
class Tick:
    """Up to `TICK_FRAMES` frames of a leg; fewer only at the end of the leg."""

    index: int
    frames: int
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
    embedding: NDArray[np.float64]
    """Shape (D,), mean of the frames; NaN where not known."""
    level: int
    """How loud it is (`audio/level.py`)."""


class TickCutter:
    """Cuts the frames of one leg, run by run."""

    def __init__(self, leg_format: LegFormat) -> None:
        if leg_format.stride not in (1, TICK_FRAMES):
            raise ValueError(f"embeddings must come every frame or every {TICK_FRAMES}, got every {leg_format.stride}")
        self._format = leg_format
        self._next = 0

    def cut(self, frames: Frames) -> Iterator[Tick]:
        """The ticks of the next run of frames. Raises `ValueError` where it does not follow the last, or has another format."""
        self._check(frames)
        self._next = frames.stop
        whole = len(frames) // TICK_FRAMES * TICK_FRAMES
        if whole:
            yield from _ticks(frames, 0, whole, TICK_FRAMES)
        if whole < len(frames):
            yield from _ticks(frames, whole, len(frames), len(frames) - whole)

    def _check(self, frames: Frames) -> None:
        if frames.start != self._next or frames.start % TICK_FRAMES:
            raise ValueError(
                f"frames of {frames.leg} begin at {frames.start}; expected {self._next}, a multiple of {TICK_FRAMES}, so that "
                "no run but the last of a call ends inside a tick"
            )
        n, leg_format = len(frames), self._format
        rows = -(-n // frames.stride)
        if (
            frames.stride != leg_format.stride
            or frames.embedding.shape != (rows, leg_format.dim)
            or frames.logits.shape != (n, leg_format.classes)
            or frames.marks.shape != (n,)
        ):
            raise ValueError(
                f"frames of {frames.leg} have embeddings {frames.embedding.shape} every {frames.stride}, logits "
                f"{frames.logits.shape} and marks {frames.marks.shape}; expected {n} frames of {leg_format}"
            )


def _ticks(frames: Frames, first: int, stop: int, size: int) -> Iterator[Tick]:
    """Ticks of `size` frames each, all at once: the few numbers of one are soonest worked on together with those of others."""
    marks = frames.marks[first:stop].reshape(-1, size)
    skipped = (marks & SKIPPED) != 0
    logits = _means(frames.logits[first:stop], size)
    rows = slice(first // TICK_FRAMES, -(-stop // TICK_FRAMES))
    embedding = _means(frames.embedding[first:stop], size) if frames.stride == 1 else frames.embedding[rows].astype(np.float64)
    finite = np.isfinite(logits).all(axis=1) & np.isfinite(embedding).all(axis=1)
    known = (finite & ~skipped.any(axis=1)).tolist()
    own = ((marks & NOT_HEARD) == 0).sum(axis=1).tolist()
    late = seconds_late(marks).max(axis=1).tolist()
    levels = [UNKNOWN] * len(known) if frames.level is None else frames.level[rows].tolist()
    speech = frames.speech[first:stop].astype(np.float64).reshape(-1, size).tolist()
    for index, (heard, gone) in enumerate(zip(speech, skipped.tolist(), strict=True)):
        spoken = heard if known[index] else [value for value, skip in zip(heard, gone, strict=True) if not skip]
        yield Tick(
            index=(frames.start + first) // TICK_FRAMES + index,
            frames=size,
            speech=sum(spoken) / len(spoken) if spoken else 0.0,
            known=known[index],
            late=late[index],
            heard=known[index] and 2 * own[index] > size,
            logits=logits[index],
            embedding=embedding[index],
            level=levels[index],
        )


def _means(rows: NDArray[np.float32], size: int) -> NDArray[np.float64]:
    """Of each `size` rows, shape (n * size, K) to (n, K); summed row by row, in float64."""
    parts = rows.reshape(len(rows) // size, size, rows.shape[1])
    total = parts[:, 0].astype(np.float64)
    for row in range(1, size):
        total = total + parts[:, row]
    return np.asarray(total / size)
