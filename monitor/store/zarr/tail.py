"""The newest frames of a leg of a live call: a file of checked records that grows by one write an append.

A zarr chunk cannot grow without being rewritten, so frames wait here until they fill a chunk. The header says at which
frame the file begins; all frames before it are in the arrays. Replacing the file is therefore the one atomic step that moves
a chunk from here to there. A record that a dying process or a full disk cut short fails its checksum and ends the file; one
that the disk refused is overwritten by the next try.
"""

import math
import os
import struct
import zlib
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.errors import StoreError
from monitor.events import Frames, Leg
from monitor.frame_format import LegFormat, from_disk, rows, to_disk
from monitor.store.disk import replacing, write_all

_HEADER = struct.Struct("<8sQ")
"""Magic with version, first frame of the file; then their checksum."""
_RECORD = struct.Struct("<QI")
"""First frame of the record, frames in it; then the checksum of these and of the arrays, which follow."""
_CHECK = struct.Struct("<I")
_MAGIC = b"EMTAIL01"


class Tail:
    """Writes the tail file of one leg, which is open only while it is written: descriptors are scarce, legs are many.

    `read_tail` reads it, from any process, at any moment.
    """

    def __init__(self, path: Path, leg_format: LegFormat, fsync: bool) -> None:
        self._path, self._format, self._fsync = path, leg_format, fsync
        self._size = 0
        self.start = self.stop = 0

    def begin(self, start: int, rest: Frames | None = None) -> None:
        """Put a new file in place, atomically, that begins at frame `start` and holds `rest`, if there is any."""
        header = _HEADER.pack(_MAGIC, start)
        content = header + _CHECK.pack(zlib.crc32(header))
        if rest is not None and len(rest):
            content += _pack(rest, to_disk(rest.embedding, self._format), self._format)
        with replacing(self._path, self._fsync) as descriptor:
            write_all(descriptor, content, 0)
        self._size = len(content)
        self.start, self.stop = start, start if rest is None else rest.stop

    def append(self, frames: Frames, embedding: NDArray[np.floating]) -> None:
        """Commit frames that begin at `stop`, their `embedding` in the dtype of the store.

        Raises `OSError` where the disk refuses; nothing is committed then.
        """
        record = _pack(frames, embedding, self._format)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        try:
            write_all(descriptor, record, self._size)
        except OSError:
            os.ftruncate(descriptor, self._size)
            raise
        finally:
            os.close(descriptor)
        self._size += len(record)
        self.stop = frames.stop


def read_tail(path: Path, call: str, leg: Leg, leg_format: LegFormat) -> Frames:
    """The committed frames of a tail file. Raises `FileNotFoundError`, or `StoreError` where its header is damaged."""
    content = memoryview(path.read_bytes())
    position = _HEADER.size + _CHECK.size
    if len(content) < position or content[_HEADER.size : position] != _CHECK.pack(zlib.crc32(content[: _HEADER.size])):
        raise StoreError(f"cannot read call {call}: the header of {path.name} is damaged")
    magic, start = _HEADER.unpack_from(content)
    if magic != _MAGIC:
        raise StoreError(f"cannot read call {call}: {path.name} was written by a newer emotion-monitor")
    records, stop = [_arrays(b"", 0, leg_format)], start
    while (count := _whole_record(content[position:], stop, leg_format)) > 0:
        body = position + _RECORD.size + _CHECK.size
        position = body + _layout(count, leg_format)[-1]
        records.append(_arrays(content[body:position], count, leg_format))
        stop += count
    embedding, logits, speech, marks = (np.concatenate(parts) for parts in zip(*records, strict=True))
    return Frames(call, leg, start, from_disk(embedding), logits, speech, marks, leg_format.stride)


def _whole_record(content: memoryview, expected: int, leg_format: LegFormat) -> int:
    """Frames of the record at the start of `content`, or 0 where there is no whole one that begins at frame `expected`."""
    body = _RECORD.size + _CHECK.size
    if len(content) < body:
        return 0
    start, count = _RECORD.unpack_from(content)
    end = body + _layout(count, leg_format)[-1]
    if start != expected or len(content) < end:
        return 0
    check = zlib.crc32(content[body:end], zlib.crc32(content[: _RECORD.size]))
    return int(count) if content[_RECORD.size : body] == _CHECK.pack(check) else 0


def _pack(frames: Frames, embedding: NDArray[np.floating], leg_format: LegFormat) -> bytes:
    arrays = (embedding, frames.logits, frames.speech, frames.marks)
    dtypes = _dtypes(leg_format)
    body = b"".join(np.asarray(array, dtype).tobytes() for array, dtype in zip(arrays, dtypes, strict=True))
    record = _RECORD.pack(frames.start, len(frames))
    return record + _CHECK.pack(zlib.crc32(body, zlib.crc32(record))) + body


def _arrays(body: memoryview | bytes, count: int, leg_format: LegFormat) -> list[NDArray[Any]]:
    """The arrays of a record of `count` frames."""
    return [
        np.frombuffer(body, dtype, math.prod(shape), place).reshape(shape)
        for dtype, shape, place in zip(_dtypes(leg_format), *_layout(count, leg_format)[:2], strict=True)
    ]


@cache
def _dtypes(leg_format: LegFormat) -> tuple[np.dtype[Any], ...]:
    """Of the arrays of a record, in their order."""
    return np.dtype(leg_format.dtype).newbyteorder("<"), np.dtype("<f4"), np.dtype("<f4"), np.dtype("u1")


@lru_cache(100)
def _layout(count: int, leg_format: LegFormat) -> tuple[Sequence[tuple[int, ...]], Sequence[int], int]:
    """Shapes of the arrays of a record of `count` frames, where each begins in its body, and the size of that, in bytes."""
    shapes = ((rows(count, leg_format.stride), leg_format.dim), (count, leg_format.classes), (count,), (count,))
    sizes = (dtype.itemsize * math.prod(shape) for dtype, shape in zip(_dtypes(leg_format), shapes, strict=True))
    *places, end = accumulate(sizes, initial=0)
    return shapes, places, end
