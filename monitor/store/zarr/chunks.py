"""The zarr arrays of one leg: a group with `embedding`, `logits`, `speech` and `marks`, chunked in time.

Chunks are written before the shape of their array says that they are there, so a shape never covers what was not written, not
even after `kill -9`; any zarr reader may look at any moment. What is not there reads as NaN and as mark 255, values that no
frame has, so that a chunk that was lost later is noticed too.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import BloscCodec

from monitor.errors import StoreError
from monitor.events import Frames, Leg
from monitor.frame_format import LegFormat, damage, from_disk, rows, to_disk
from monitor.store.zarr.array_writer import ArrayWriter
from monitor.timeline import FRAME_RATE

CHUNK_FRAMES = 30 * FRAME_RATE
"""Frames a chunk. Longer chunks are fewer files; shorter ones are written and read at random faster."""
_MISSING_MARK = 255


class LegArrays:
    """The arrays of one leg, for writing and reading."""

    def __init__(self, group: zarr.Group, call: str, leg: Leg, leg_format: LegFormat) -> None:
        self._call, self._leg, self._format = call, leg, leg_format
        self._arrays = {name: _array(group, name, call, leg, dtype, width) for name, dtype, width, *_ in _layout(leg_format)}

    @classmethod
    def create(cls, parent: zarr.Group, call: str, leg: Leg, leg_format: LegFormat, about: Mapping[str, Any]) -> "LegArrays":
        """New arrays without frames, in a new group with the attributes `about`."""
        group = parent.create_group(leg, attributes=dict(about))
        for name, dtype, width, stride, fill in _layout(leg_format):
            group.create_array(
                name,
                shape=(0, *width),
                chunks=(CHUNK_FRAMES // stride, *width),
                dtype=dtype,
                fill_value=fill,
                compressors=BloscCodec(cname="zstd", clevel=5, shuffle="bitshuffle"),
                dimension_names=("time", "feature")[: 1 + len(width)],
            )
        return cls(group, call, leg, leg_format)

    def extend(self, frames: Frames, fsync: bool) -> None:
        """Write frames that begin with a chunk, where the arrays end or, after a failure, before. To be read, open them anew.

        Raises `OSError` where refused.
        """
        embedding = to_disk(frames.embedding, self._format)
        values = {"embedding": embedding, "logits": frames.logits, "speech": frames.speech, "marks": frames.marks}
        writers = {name: ArrayWriter(array, fsync) for name, array in self._arrays.items()}
        for name, writer in writers.items():
            writer.write(self._rows(name, frames.start), values[name])
        for name, writer in writers.items():
            writer.lengthen(self._rows(name, frames.stop))

    def read(self, start: int, stop: int, *, embedding: bool = True) -> Frames:
        """Frames `[start, stop)`; `start` is a multiple of the stride. Without `embedding`, those are left unread, 0 wide.

        Raises `StoreError` where what is read is damaged.
        """
        values = {name: self._slice(name, start, stop) for name in self._arrays if embedding or name != "embedding"}
        shape = (rows(stop - start, self._format.stride), self._format.dim if embedding else 0)
        frames = Frames(
            self._call,
            self._leg,
            start,
            from_disk(values.get("embedding", np.empty(shape, np.float32))),
            values.get("logits", np.empty((stop - start, self._format.classes), np.float32)),
            values["speech"],
            values["marks"],
            self._format.stride,
        )
        wrong = damage(frames)
        if wrong is not None:
            raise StoreError(f"call {self._call} is damaged: leg {self._leg} has {wrong} in frames {start} to {stop}")
        return frames

    def check_lengths(self, frames: int) -> None:
        """Raise `StoreError` where an array is shorter than `frames` frames."""
        for name, array in self._arrays.items():
            if array.shape[0] < self._rows(name, frames):
                raise StoreError(
                    f"call {self._call} is damaged: array {self._leg}/{name} has {array.shape[0]} rows, "
                    f"too few for {frames} frames"
                )

    def _slice(self, name: str, start: int, stop: int) -> NDArray[Any]:
        try:
            return np.asarray(self._arrays[name][self._rows(name, start) : self._rows(name, stop)])
        except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
            raise StoreError(f"call {self._call} is damaged: array {self._leg}/{name} cannot be read ({error})") from error

    def _rows(self, name: str, frame: int) -> int:
        return rows(frame, self._format.stride) if name == "embedding" else frame


def open_arrays(path: Path, call: str, legs: Mapping[Leg, LegFormat], mode: Literal["r", "r+"]) -> dict[Leg, LegArrays]:
    """The arrays of a call's legs. Raises `StoreError` where they are missing or not what they must be."""
    try:
        root = zarr.open_group(path, mode=mode, zarr_format=3)
        groups = {leg: root[leg] for leg in legs}
        return {leg: LegArrays(_group(groups[leg], call, leg), call, leg, format_) for leg, format_ in legs.items()}
    except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
        raise StoreError(f"call {call} is damaged: its arrays cannot be opened ({error})") from error


def _group(node: object, call: str, leg: Leg) -> zarr.Group:
    if not isinstance(node, zarr.Group):
        raise StoreError(f"call {call} is damaged: {leg} is not a group of arrays")
    return node


def _layout(leg_format: LegFormat) -> list[tuple[str, str, tuple[int, ...], int, float]]:
    """Name, dtype, shape of a row, stride and fill value of each array. What may not be inferred has no array."""
    arrays: list[tuple[str, str, tuple[int, ...], int, float]] = [
        ("speech", "float32", (), 1, np.nan),
        ("marks", "uint8", (), 1, _MISSING_MARK),
    ]
    if leg_format.classes:
        arrays.append(("logits", "float32", (leg_format.classes,), 1, np.nan))
    if leg_format.dim:
        arrays.append(("embedding", leg_format.dtype, (leg_format.dim,), leg_format.stride, np.nan))
    return arrays


def _array(group: zarr.Group, name: str, call: str, leg: Leg, dtype: str, width: tuple[int, ...]) -> zarr.Array[Any]:
    """An array of the group, checked against what it must be."""
    array = group.get(name)
    if not isinstance(array, zarr.Array):
        raise StoreError(f"call {call} is damaged: array {leg}/{name} is missing or has no valid metadata")
    if array.dtype != np.dtype(dtype) or array.shape[1:] != width:
        raise StoreError(
            f"call {call} is damaged: array {leg}/{name} holds {array.dtype} of shape {array.shape}, "
            f"not {dtype} of shape {('T', *width)}"
        )
    return array
