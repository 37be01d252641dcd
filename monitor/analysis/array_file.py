"""Reads a `.npy` file that nobody vouches for: never unpickled, and no memory is taken that the file does not fill.

The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from monitor.analysis.errors import (
    EmbeddingError,
    MissingError,
    NoFeaturesError,
    NoFramesError,
    NotAnArrayError,
    NumberTypeError,
    ObjectArrayError,
    RankError,
    StructuredArrayError,
    TooLongError,
    TruncatedError,
    UnreadableError,
)
from monitor.npy_header import HEADERS

MAP_BEYOND = 64 * 2**20
"""Bytes of an array from which on it is mapped rather than read."""
_HEAD = 16_384
"""Bytes that are looked at for a header; one of an array of numbers takes 128."""
_MAGIC = b"\x93NUMPY"
_OTHERS = {
    b"PK\x03\x04": "a zip archive, maybe of np.savez; take the array out of it: np.load(...)['name']",
    b"\x80": "a pickle, which is never loaded: what is in it would be run",
    b"\x89HDF": "an HDF5 file",
}


@dataclass(frozen=True, slots=True)
class ArrayHeader:
    """What a `.npy` file says of itself."""

    shape: tuple[int, ...]
    """(D,) or (n, D)."""
    dtype: np.dtype[Any]
    fortran: bool
    """Columns one after the other, rather than rows."""
    offset: int
    """Bytes before the values."""

    @property
    def values(self) -> int:
        """How many there are."""
        return prod(self.shape)

    @property
    def size(self) -> int:
        """Bytes of the values."""
        return self.values * self.dtype.itemsize


def read_array(path: Path, *, map_beyond: int = MAP_BEYOND, grows: bool = False) -> tuple[ArrayHeader, NDArray[np.floating]]:
    """The header and the array of a file, of shape (n, D), read-only.

    Up to `map_beyond` bytes it is read and float32; beyond, it is a memory map, of the file's own type and order. `grows`
    says that rows may be put behind the array at this moment, of which its header knows nothing yet; they are left out.

    Raises the errors of `monitor.analysis.errors`. Whether values are finite is not looked at.
    """
    with _opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        header = _header(path, file, size)
        _check_size(path, header, size, grows=grows)
        values: NDArray[np.floating]
        if header.size > map_beyond:
            values = np.memmap(file, header.dtype, "r", header.offset, header.values)
        else:
            file.seek(header.offset)
            values = np.fromfile(file, header.dtype, header.values)
    if len(values) < header.values:
        raise TruncatedError(f"{path} was cut short while it was read")
    array = values.reshape(header.shape, order="F" if header.fortran else "C")
    array = array[None] if array.ndim == 1 else array
    if header.size <= map_beyond:
        with np.errstate(over="ignore"):
            array = np.ascontiguousarray(array, np.float32)
        array.flags.writeable = False
    return header, array


def read_header(path: Path, *, grows: bool = False) -> ArrayHeader:
    """The header alone, for which nothing but the first bytes are read. Raises as `read_array` does."""
    with _opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        header = _header(path, file, size)
        _check_size(path, header, size, grows=grows)
        return header


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """A regular file; a pipe or device is refused without waiting for it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        raise MissingError(f"there is no {path}") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise UnreadableError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UnreadableError(f"{path} is no regular file")
    with os.fdopen(descriptor, "rb") as file:
        try:
            yield file
        except OSError as error:
            raise UnreadableError(f"{path} cannot be read: {error.strerror or error}") from None


def _header(path: Path, file: BinaryIO, size: int) -> ArrayHeader:
    head = file.read(_HEAD)
    if not head.startswith(_MAGIC):
        raise _no_magic(path, head)
    version = head[len(_MAGIC)] if len(head) > len(_MAGIC) else 1
    if version not in (1, 2, 3):
        raise NotAnArrayError(f"{path} is no .npy file of a known version: {version}")
    length = 2 if version == 1 else 4
    start = len(_MAGIC) + 2 + length
    if size < start or size < start + int.from_bytes(head[start - length : start], "little"):
        raise TruncatedError(f"{path} ends within its header")
    # Version 3 differs from 2 in the encoding of the names of fields, and arrays with fields are refused.
    read = np.lib.format.read_array_header_1_0 if version == 1 else np.lib.format.read_array_header_2_0
    stream = BytesIO(head)
    try:
        np.lib.format.read_magic(stream)
        with HEADERS:
            shape, fortran, dtype = read(stream)
    except Exception as error:  # noqa: BLE001 - an evaluated literal, a tokenizer and a type's constructor are behind it
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise NotAnArrayError(f"{path} is no .npy file: its header makes no sense ({reason})") from None
    header = ArrayHeader(shape, dtype, fortran, stream.tell())
    _check(path, header)
    return header


def _no_magic(path: Path, head: bytes) -> EmbeddingError:
    if head and _MAGIC.startswith(head):
        return TruncatedError(f"{path} ends within its header")
    what = next((text for start, text in _OTHERS.items() if head.startswith(start)), "") if head else "an empty file"
    return NotAnArrayError(f"{path} is no .npy file" + (f" but {what}" if what else ": it does not begin like one"))


def _check(path: Path, header: ArrayHeader) -> None:
    """What an embedding cannot be, in the order in which it is dangerous."""
    shape, dtype = header.shape, header.dtype
    if dtype.hasobject:
        raise ObjectArrayError(
            f"{path} holds Python objects, which are never loaded: what is in them would be run; "
            f"save numbers: array.astype('float32')"
        )
    if dtype.names is not None or dtype.subdtype is not None or dtype.kind == "V":
        raise StructuredArrayError(f"{path} holds records ({str(dtype)[:80]}); save the field that is the embedding by itself")
    if dtype.kind != "f":
        raise NumberTypeError(f"{path} holds {dtype}; an embedding is of floating-point numbers: array.astype('float32')")
    if any(length < 0 for length in shape):
        raise NotAnArrayError(f"{path} is no .npy file: its header says the shape {shape}")
    if len(shape) not in (1, 2):
        raise RankError(f"{path} has shape {shape}; an embedding is (D,) for an utterance or (frames, D)")
    if shape[-1] == 0:
        raise NoFeaturesError(f"{path} has shape {shape}: no features, as of a leg that may not be analysed")
    if shape[0] == 0:
        raise NoFramesError(f"{path} has shape {shape}: no frames")


def _check_size(path: Path, header: ArrayHeader, size: int, *, grows: bool) -> None:
    there = size - header.offset
    if there < header.size:
        raise TruncatedError(f"{path} is cut short: {header.shape} of {header.dtype} is {header.size} bytes, {there} are there")
    if there > header.size and not grows:
        raise TooLongError(
            f"{path} is longer than its header says: {header.shape} of {header.dtype} is {header.size} bytes, {there} are there"
        )
