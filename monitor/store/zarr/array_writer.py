"""Writes chunks of a local zarr array, and its shape, as zarr does, without zarr's event loop.

zarr hands each write to a thread with an event loop, and from there to further threads: a chunk cost five times what its
compression does. The chunks are the same, byte for byte (zarr 3: a file each, its bytes little-endian, then compressed by
Blosc), and any zarr reader reads them. https://zarr-specs.readthedocs.io/en/latest/v3/core/index.html
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numcodecs.blosc import Blosc  # type: ignore[import-untyped]
from numpy.typing import NDArray
from zarr.codecs import BloscCodec

from monitor.errors import StoreError
from monitor.store.disk import replacing, sync_path, write_all

_SHUFFLES = {"noshuffle": Blosc.NOSHUFFLE, "shuffle": Blosc.SHUFFLE, "bitshuffle": Blosc.BITSHUFFLE}


class ArrayWriter:
    """Adds rows to one array. Handles that are open do not learn of it: they are opened anew to read the rows."""

    def __init__(self, array: zarr.Array[Any], fsync: bool) -> None:
        """Raises `StoreError` where the array is not compressed as this program does it."""
        self._metadata, self._fsync = array.metadata, fsync
        self._folder = Path(array.store.root) / array.path  # type: ignore[attr-defined]
        self._chunk = np.full(array.chunks, array.fill_value, array.dtype.newbyteorder("<"))
        self._compressor = _compressor(array)

    def write(self, row: int, values: NDArray[Any]) -> None:
        """Write rows that begin with a chunk, at `row`; what they leave of the last chunk is filled. No shape changes.

        Raises `OSError` where the disk refuses; each chunk is there as a whole or not at all.
        """
        length = len(self._chunk)
        for first in range(0, len(values), length):
            chunk, piece = self._chunk.copy(), values[first : first + length]
            chunk[: len(piece)] = piece
            key = self._metadata.encode_chunk_key(((row + first) // length,) + (0,) * (chunk.ndim - 1))
            path = self._folder / key
            path.parent.mkdir(parents=True, exist_ok=True)
            self._put(path, self._compressor.encode(chunk))

    def lengthen(self, rows: int) -> None:
        """Say that the array has so many rows, or as many as it has where those are more. Raises `OSError`."""
        path = self._folder / "zarr.json"
        document = json.loads(path.read_bytes())
        document["shape"][0] = max(document["shape"][0], rows)
        self._put(path, json.dumps(document).encode())

    def _put(self, path: Path, content: bytes) -> None:
        with replacing(path, fsync=False) as descriptor:
            write_all(descriptor, content, 0)
        if self._fsync:
            sync_path(path)


def _compressor(array: zarr.Array[Any]) -> Blosc:
    codec = array.metadata.codecs[-1]  # type: ignore[union-attr]
    if not isinstance(codec, BloscCodec):
        raise StoreError(f"array {array.path} was compressed by another program, with {type(codec).__name__}")
    return Blosc(codec.cname.value, codec.clevel, _SHUFFLES[codec.shuffle.value], codec.blocksize, codec.typesize)
