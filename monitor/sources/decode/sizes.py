"""Where the sound of a file begins and ends by its own sizes, for containers that state them.

So that a file that was cut off is not taken for a short one, and sound behind a size that is too small is not passed over.
The size of the whole (RIFF, FORM) is not looked at: many recorders miscount it, and nothing depends on it.

RIFF, RIFX: Microsoft, Multimedia Programming Interface 1.0, 1991. RF64, BW64: EBU Tech 3306, ITU-R BS.2088. AIFF: Apple, Audio
Interchange File Format 1.3. CAF: Apple Core Audio Format 1.0. W64: Sony Sound Forge. AU: Sun, audio(5).
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass

Read = Callable[[int, int], bytes]
"""Some bytes at an offset: (offset, length); fewer where there are none."""

MISCOUNT = 44
"""Bytes. Some programs count their header among the sound; this is 5 ms of a telephone call, and nothing is missed with it."""
UNKNOWN = 0x7FFF_F000
"""Programs that write to a pipe cannot know a size and put this (sox) or more (ffmpeg: 0xFFFFFFFF) in its place, or 0."""
PIECE = 1 << 20
MANY_CHUNKS = 10_000
"""Chunks after which a file is not looked through any further."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a container writes its chunks."""

    first: int
    """Offset of the first chunk."""
    id_length: int
    size: str
    """`struct` format of a chunk's size."""
    counts_itself: bool
    """Whether the size has the chunk's own id and size in it."""
    align: int
    sound: bytes
    """Id of the chunk that holds the sound."""


LAYOUTS = {
    b"RIFF": Layout(12, 4, "<I", False, 2, b"data"),
    b"RIFX": Layout(12, 4, ">I", False, 2, b"data"),
    b"RF64": Layout(12, 4, "<I", False, 2, b"data"),
    b"BW64": Layout(12, 4, "<I", False, 2, b"data"),
    b"FORM": Layout(12, 4, ">I", False, 2, b"SSND"),
    b"caff": Layout(8, 4, ">q", False, 1, b"data"),
    b"riff": Layout(40, 16, "<q", True, 8, b"data\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"),
}


@dataclass(frozen=True, slots=True)
class Sound:
    """The stretch of a file that its header says is sound."""

    start: int
    """Offset of the first byte."""
    stop: int
    """One past the last byte."""
    layout: Layout | None
    """None where the container has no chunks, and all that follows is heard as sound (AU)."""

    def missing(self, size: int) -> int:
        """Bytes of sound that a file of `size` bytes lacks; 0 where a miscount explains it."""
        lacks = self.stop - size
        return lacks if lacks > MISCOUNT else 0

    def unexplained(self, read: Read, size: int) -> int:
        """Bytes that follow the sound, and the chunks after it, without being a chunk or padding."""
        if self.layout is None:
            return 0
        at = self.stop
        for _ in range(MANY_CHUNKS):
            after = _chunk_end(read, at, size, self.layout) or _chunk_end(read, _aligned(at, self.layout), size, self.layout)
            if after is None:
                break
            at = after
        return 0 if _padding(read, at, size) else size - at


def stated_sound(read: Read) -> Sound | None:
    """Where the sound lies by the header; None where the container is another or does not know the size of its sound."""
    magic = read(0, 4)
    if magic == b".snd" and len(head := read(4, 8)) == 8:
        start, length = struct.unpack(">II", head)
        return _sound(start, length, None)
    if (layout := LAYOUTS.get(magic)) is None:
        return None
    at = layout.first
    long_size = None
    for _ in range(MANY_CHUNKS):
        if (chunk := _chunk(read, at, layout)) is None:
            return None
        name, start, length = chunk
        if name == b"ds64":
            long_size = int.from_bytes(read(start + 8, 8), "little")
        if name == layout.sound:
            return _sound(start, long_size if long_size is not None and length == 0xFFFF_FFFF else length, layout, long_size)
        at = _aligned(start + length, layout)
    return None


def _sound(start: int, length: int, layout: Layout | None, long_size: int | None = None) -> Sound | None:
    known = length > 0 and (length < UNKNOWN or long_size is not None or (layout is not None and "q" in layout.size))
    return Sound(start, start + length, layout) if known and length < 1 << 60 else None


def _chunk(read: Read, at: int, layout: Layout) -> tuple[bytes, int, int] | None:
    """Id, first byte and length of the chunk at an offset; None where there is none."""
    header = layout.id_length + struct.calcsize(layout.size)
    data = read(at, header)
    if len(data) < header or not all(32 <= byte < 127 for byte in data[:4]):
        return None
    (length,) = struct.unpack(layout.size, data[layout.id_length :])
    return data[: layout.id_length], at + header, length - header if layout.counts_itself else length


def _chunk_end(read: Read, at: int, size: int, layout: Layout) -> int | None:
    """Where a chunk at an offset ends; None where there is none that fits into the file."""
    if (chunk := _chunk(read, at, layout)) is None:
        return None
    _, start, length = chunk
    return start + length if length >= 0 and start + length <= size else None


def _padding(read: Read, at: int, size: int) -> bool:
    while at < size:
        piece = read(at, min(PIECE, size - at))
        if not piece or piece.strip(b"\0"):
            return False
        at += len(piece)
    return True


def _aligned(at: int, layout: Layout) -> int:
    return -(-at // layout.align) * layout.align
