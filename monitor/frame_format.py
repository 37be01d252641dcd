"""How frames look wherever they are: embeddings rounded to the stored precision and pooled to the stored rate.

The pipeline rounds and pools before it analyses, so that a replay sees bit for bit what the live detector saw.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from monitor.events import Frames, Mark, known_marks
from monitor.timeline import TICK_FRAMES


@dataclass(frozen=True, slots=True)
class LegFormat:
    """How a leg's frames look, in the store and in `Frames`."""

    dim: int
    """Width of an embedding; 0 where the leg may not be analysed."""
    classes: int
    """Width of the logits; 0 where the leg may not be analysed."""
    stride: int = 1
    """Frames an embedding row stands for: 1 or TICK_FRAMES."""
    dtype: Literal["float16", "float32"] = "float16"
    """Of stored embeddings."""


_SKIPPED = int(Mark.SKIPPED)
_LARGEST = np.finfo(np.float16).max
_LARGEST_SQUARE = float(_LARGEST) ** 2


def as_stored(frames: Frames, leg_format: LegFormat) -> Frames:
    """The frames as `format` keeps them; doing it again changes nothing.

    Values beyond the range of float16 become its largest. Raises `ValueError` where the frames do not fit the format.
    """
    embedding = frames.embedding
    if frames.stride != leg_format.stride:
        if frames.stride != 1:
            raise ValueError(f"frames pooled by {frames.stride} cannot become frames pooled by {leg_format.stride}")
        embedding = _pool(embedding, leg_format.stride)
    kept = from_disk(to_disk(embedding, leg_format))
    f = frames  # `replace` would cost more than the rounding
    rounded = Frames(f.call, f.leg, f.start, kept, f.logits, f.speech, f.marks, leg_format.stride, f.level)
    check_shapes(rounded, leg_format)
    return rounded


def to_disk(embedding: NDArray[np.float32], leg_format: LegFormat) -> NDArray[np.floating]:
    """The embedding in the dtype of the store."""
    if leg_format.dtype == "float32":
        return np.asarray(embedding, np.float32)
    if not _square(embedding) <= _LARGEST_SQUARE:
        embedding = np.clip(embedding, -_LARGEST, _LARGEST)
    return embedding.astype(np.float16)


def from_disk(embedding: NDArray[np.floating]) -> NDArray[np.float32]:
    """The embedding as `Frames` carry it."""
    return embedding.astype(np.float32, copy=False)


def rows(frames: int, stride: int) -> int:
    """Embedding rows of so many frames.

    >>> rows(11, 5)
    3
    """
    return -(-frames // stride)


def cut(frames: Frames, start: int, stop: int) -> Frames:
    """Frames `[start, stop)` of a run that holds them; `start` is a multiple of the stride, and of a tick where levels are."""
    first, last = start - frames.start, stop - frames.start
    return Frames(
        frames.call,
        frames.leg,
        start,
        frames.embedding[first // frames.stride : rows(last, frames.stride)],
        frames.logits[first:last],
        frames.speech[first:last],
        frames.marks[first:last],
        frames.stride,
        None if frames.level is None else frames.level[first // TICK_FRAMES : rows(last, TICK_FRAMES)],
    )


def without_embedding(frames: Frames) -> Frames:
    """The same frames, their embeddings 0 wide."""
    return replace(frames, embedding=np.empty((len(frames.embedding), 0), np.float32))


def joined(runs: Sequence[Frames]) -> Frames:
    """Runs that follow each other, as one; each but the last is a multiple of the stride long."""
    if len(runs) == 1:
        return runs[0]
    embedding, logits, speech, marks = (
        np.concatenate([getattr(run, name) for run in runs]) for name in ("embedding", "logits", "speech", "marks")
    )
    levels = [run.level for run in runs if run.level is not None]
    level = np.concatenate(levels) if len(levels) == len(runs) else None
    return Frames(runs[0].call, runs[0].leg, runs[0].start, embedding, logits, speech, marks, runs[0].stride, level)


def check_shapes(frames: Frames, leg_format: LegFormat) -> None:
    """Raise `ValueError` where the frames are not of the format."""
    count = len(frames)
    expected = ((rows(count, leg_format.stride), leg_format.dim), (count, leg_format.classes), (count,), (count,))
    found = (frames.embedding.shape, frames.logits.shape, frames.speech.shape, frames.marks.shape)
    if found != expected:
        for name, shape, want in zip(("embedding", "logits", "speech", "marks"), found, expected, strict=True):
            if shape != want:
                raise ValueError(f"{name} of leg {frames.leg} must have shape {want}, got {shape}")
    if frames.level is not None and (leg_format.classes == 0 or frames.level.shape != (rows(count, TICK_FRAMES),)):
        raise ValueError(
            f"level of leg {frames.leg} must have shape {(rows(count, TICK_FRAMES),)}, and be missing where nothing may be "
            f"inferred, got {frames.level.shape}"
        )
    if frames.stride != leg_format.stride:
        raise ValueError(f"leg {frames.leg} is stored with stride {leg_format.stride}, got frames with stride {frames.stride}")
    if frames.start % TICK_FRAMES:
        raise ValueError(f"frames must start at a multiple of {TICK_FRAMES}, got {frames.start}")


def surely_finite(values: NDArray[np.float32]) -> bool:
    """False where a value is not finite, and where some are so large that looking at each must tell: ten times as dear.

    >>> surely_finite(np.float32([1, -2])), surely_finite(np.float32([1, np.nan]))
    (True, False)
    """
    return math.isfinite(_square(values))


def damage(frames: Frames) -> str | None:
    """What is wrong with the values, or None: only a skipped frame may lack its results, and marks are known bits.

    Arrays of the store are filled with NaN and marks with 255, so a chunk that is not there is found here too.
    """
    values = (frames.speech, frames.logits, frames.embedding)
    if len(frames) == 0 or (not frames.marks.any() and all(map(surely_finite, values))):
        return None
    if not known_marks(frames.marks):
        return "marks that no version wrote"
    if not np.isfinite(frames.speech).all():
        return "speech probabilities that are not finite"
    skipped = (frames.marks & _SKIPPED) != 0
    if np.isfinite(frames.logits).all() and np.isfinite(frames.embedding).all():
        return None
    if not np.isfinite(frames.logits[~skipped]).all():
        return "logits that are not finite"
    missing = np.isnan(frames.embedding).any(axis=1)
    if np.isinf(frames.embedding).any() or (missing & ~_whole_rows_skipped(skipped, frames.stride)).any():
        return "embeddings that are not finite"
    return None


def _square(values: NDArray[np.float32]) -> float:
    """The sum of the squares: no value is larger than its root, and it is not finite where one value is not."""
    return float(np.vdot(values, values))


def _whole_rows_skipped(skipped: NDArray[np.bool_], stride: int) -> NDArray[np.bool_]:
    if stride == 1:
        return skipped
    return np.logical_and.reduceat(skipped, np.arange(0, len(skipped), stride))


def _pool(embedding: NDArray[np.float32], stride: int) -> NDArray[np.float32]:
    """Means of `stride` rows, over those that are there; NaN where none is."""
    starts = np.arange(0, len(embedding), stride)
    if len(starts) == 0:
        return embedding
    there = ~np.isnan(embedding)
    totals = np.add.reduceat(np.where(there, embedding, 0.0).astype(np.float64), starts, axis=0)
    counts = np.add.reduceat(there.astype(np.int64), starts, axis=0)
    with np.errstate(invalid="ignore"):
        return np.where(counts > 0, totals / counts, np.nan).astype(np.float32)
