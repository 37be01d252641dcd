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

NOT_HEARD = int(Mark.LOST | Mark.SILENCE)


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
        for first in range(0, len(frames), TICK_FRAMES):
            yield self._tick(frames, first, min(first + TICK_FRAMES, len(frames)))

    def _tick(self, frames: Frames, first: int, stop: int) -> Tick:
        skipped = (frames.marks[first:stop] & Mark.SKIPPED) != 0
        heard = (frames.marks[first:stop] & NOT_HEARD) == 0
        logits = _mean(frames.logits[first:stop])
        if frames.stride == 1:
            embedding = _mean(frames.embedding[first:stop])
        else:
            embedding = frames.embedding[first // TICK_FRAMES].astype(np.float64)
        known = not skipped.any() and bool(np.isfinite(logits).all() and np.isfinite(embedding).all())
        speech = frames.speech[first:stop][~skipped].astype(np.float64)
        return Tick(
            index=(frames.start + first) // TICK_FRAMES,
            frames=stop - first,
            speech=sum(speech.tolist()) / len(speech) if len(speech) else 0.0,
            known=known,
            late=int(seconds_late(frames.marks[first:stop]).max()),
            heard=known and 2 * int(heard.sum()) > stop - first,
            logits=logits,
            embedding=embedding,
            level=UNKNOWN if frames.level is None else int(frames.level[first // TICK_FRAMES]),
        )

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


def _mean(rows: NDArray[np.float32]) -> NDArray[np.float64]:
    total = rows[0].astype(np.float64)
    for row in rows[1:]:
        total = total + row
    return np.asarray(total / len(rows))
