"""Capture files: classic pcap (micro- and nanoseconds, either byte order) and pcapng, also compressed by gzip.

Formats: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.
"""

import gzip
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from monitor.errors import SourceError

MAX_RECORD = 16 * 1024 * 1024
"""Bytes. A record that claims more is corrupted; 256 KiB is the largest that tcpdump writes."""
MAX_LEAP = 24 * 3600
"""Seconds. A capture's clock that leaps further, either way, has been set, and no time has passed."""
_PCAP = {
    b"\xd4\xc3\xb2\xa1": ("<", 1e-6),
    b"\xa1\xb2\xc3\xd4": (">", 1e-6),
    b"\x4d\x3c\xb2\xa1": ("<", 1e-9),
    b"\xa1\xb2\x3c\x4d": (">", 1e-9),
}
_SECTION, _INTERFACE, _ENHANCED = 0x0A0D0D0A, 1, 6
_IF_TSRESOL = 9


class TruncatedCapture(SourceError):
    """The file ends within a record, or the record is corrupted; all before it is good."""


class LinkFrame(NamedTuple):
    """A captured frame."""

    at: float
    """Seconds since 1970, by the capturing machine."""
    link_type: int
    """As registered at tcpdump.org/linktypes.html."""
    data: bytes
    """As much as was captured."""


class CaptureClock:
    """Seconds since a capture's first frame, never backwards: captures of several queues are a little out of order."""

    def __init__(self) -> None:
        self._now = 0.0
        self._last: float | None = None

    def read(self, at: float) -> float:
        """The time of a frame captured at `at`."""
        if self._last is None or abs(at - self._last) > MAX_LEAP:
            self._last = at
        elif at > self._last:
            self._now += at - self._last
            self._last = at
        return self._now


def read_capture(path: Path) -> Iterator[LinkFrame]:
    """The frames of a capture file. Raises `SourceError` where it is none, `TruncatedCapture` after the last good frame."""
    try:
        with _open(path) as file:
            magic = file.read(4)
            if magic in _PCAP:
                yield from _pcap(file, path, *_PCAP[magic])
            elif magic == b"\x0a\x0d\x0d\x0a":
                yield from _pcapng(file, path)
            elif not magic:
                raise SourceError(f"{path} is empty; a capture file was expected (tcpdump -w FILE)")
            else:
                raise SourceError(f"{path} is not a capture file: it is neither pcap nor pcapng")
    except EOFError:
        raise TruncatedCapture(f"{path} is truncated: it ends within its compressed data") from None
    except (zlib.error, gzip.BadGzipFile) as error:
        raise TruncatedCapture(f"{path} is corrupted: its compressed data cannot be read ({error})") from None
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror or error}") from None


def _open(path: Path) -> BinaryIO:
    """The file, decompressed as it is read where gzip made it (RFC 1952, section 2.3.1), whatever its name."""
    with path.open("rb") as file:
        compressed = file.read(2) == b"\x1f\x8b"
    return cast("BinaryIO", gzip.open(path, "rb")) if compressed else path.open("rb")


def _exactly(file: BinaryIO, size: int, path: Path) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise TruncatedCapture(f"{path} is truncated: it ends within a record, at byte {file.tell()}")
    return data


def _pcap(file: BinaryIO, path: Path, order: str, unit: float) -> Iterator[LinkFrame]:
    header = file.read(20)
    if len(header) < 20:
        raise SourceError(f"{path} is truncated: it ends within the file header")
    link_type = struct.unpack(order + "I", header[16:])[0] & 0x0FFFFFFF
    record = struct.Struct(order + "IIII")
    while head := file.read(16):
        if len(head) < 16:
            raise TruncatedCapture(f"{path} is truncated: it ends within a record, at byte {file.tell()}")
        seconds, fraction, captured, _ = record.unpack(head)
        if captured > MAX_RECORD:
            raise TruncatedCapture(f"{path} is corrupted at byte {file.tell() - 16}: a record of {captured} bytes")
        yield LinkFrame(seconds + fraction * unit, link_type, _exactly(file, captured, path))


def _pcapng(file: BinaryIO, path: Path) -> Iterator[LinkFrame]:
    order, interfaces = "<", list[tuple[int, float]]()
    file.seek(0)
    while head := file.read(8):
        if len(head) < 8:
            raise TruncatedCapture(f"{path} is truncated: it ends within a block, at byte {file.tell()}")
        kind, size = struct.unpack(order + "II", head)
        prefix = b""
        if kind == _SECTION:  # the same in both byte orders; the next word tells which
            prefix = _exactly(file, 4, path)
            order = "<" if prefix == b"\x4d\x3c\x2b\x1a" else ">"
            size, interfaces = struct.unpack(order + "I", head[4:])[0], []
        if not 12 <= size <= MAX_RECORD or size % 4:
            raise TruncatedCapture(f"{path} is corrupted at byte {file.tell()}: a block of {size} bytes")
        block = (prefix + _exactly(file, size - 8 - len(prefix), path))[:-4]
        if kind == _INTERFACE and len(block) >= 8:
            interfaces.append((struct.unpack_from(order + "H", block)[0], _resolution(block[8:], order)))
        elif kind == _ENHANCED and len(block) >= 20:
            interface, high, low, captured, _ = struct.unpack_from(order + "IIIII", block)
            if interface < len(interfaces) and 20 + captured <= len(block):
                link_type, unit = interfaces[interface]
                yield LinkFrame((high << 32 | low) * unit, link_type, block[20 : 20 + captured])


def _resolution(options: bytes, order: str) -> float:
    """Seconds a unit of an interface's timestamps: option if_tsresol, else microseconds."""
    at = 0
    while at + 5 <= len(options):
        code, length = struct.unpack_from(order + "HH", options, at)
        if code == _IF_TSRESOL and length == 1:
            value = options[at + 4]
            return float(2.0 ** -(value & 0x7F) if value & 0x80 else 10.0**-value)
        at += 4 + (length + 3) // 4 * 4
    return 1e-6
