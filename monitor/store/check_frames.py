"""Whether frames may follow those of a call that are there: every store refuses the same ones, and changes nothing."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from monitor.events import Frames, Leg
from monitor.frame_format import check_shapes, damage, from_disk, to_disk
from monitor.store.base import CallRecord


def check_frames(frames: Frames, record: CallRecord, committed: Callable[[Leg], int]) -> NDArray[np.floating]:
    """The embedding of frames in the dtype of the store.

    Raises `ValueError` where they do not belong to the call, do not follow a leg's `committed` ones, or are damaged.
    """
    if frames.call != record.id or frames.leg not in record.legs:
        raise ValueError(f"call {record.id} with legs {', '.join(record.legs)} got {frames.call}/{frames.leg}")
    format_ = record.legs[frames.leg]
    check_shapes(frames, format_)
    if frames.start != committed(frames.leg):
        raise ValueError(f"leg {frames.leg} ends at frame {committed(frames.leg)}, got frames from {frames.start}")
    wrong = damage(frames)
    if wrong is not None:
        raise ValueError(f"frames of leg {frames.leg} have {wrong}")
    kept = to_disk(frames.embedding, format_)
    read = from_disk(kept)
    if not ((read == frames.embedding).all() or np.array_equal(read, frames.embedding, equal_nan=True)):
        raise ValueError(f"embeddings of leg {frames.leg} are not rounded to {format_.dtype}; use as_stored")
    return kept
