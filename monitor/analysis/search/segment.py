"""A segment of the index: some tens of thousands of pieces in a folder that is written once, and searched as a memory map.

`vectors.npy` (n, D) float16, `places.npy` (n, 3) int32, `calls.json`, and, once somebody took the time to build it,
`graph.usearch`. Without a graph all rows are compared, which is exact.
"""

import json
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from monitor.analysis.search.graph import Graph
from monitor.analysis.search.pieces import Pieces
from monitor.errors import StoreError
from monitor.events import LEGS
from monitor.npy_header import HEADERS
from monitor.store.disk import refusals

VECTORS, PLACES, CALLS, GRAPH = "vectors.npy", "places.npy", "calls.json", "graph.usearch"
_BLOCK_VALUES = 2**20
"""That are widened to float32 at a time where all rows are compared."""
_CHECK_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Seal:
    """By which a file is known to be whole."""

    bytes: int
    crc32: int

    @classmethod
    def of(cls, path: Path) -> "Seal":
        """Of a file as it is."""
        total = crc = 0
        with path.open("rb") as file:
            while block := file.read(_CHECK_BYTES):
                total, crc = total + len(block), zlib.crc32(block, crc)
        return cls(total, crc)


def check_seals(folder: Path, seals: Mapping[str, Seal]) -> None:
    """Raise `StoreError` where a file of a segment is not as it was written, `FileNotFoundError` where it is gone."""
    for name in {VECTORS, PLACES, CALLS, *seals}:
        if seals.get(name) != Seal.of(folder / name):
            raise StoreError(f"{folder / name} is damaged")


@dataclass(frozen=True, slots=True)
class Hit:
    """A row that was found."""

    similarity: float
    segment: "Segment"
    row: int


class Segment:
    """A segment that was found whole. Any thread may search it; its files may be removed meanwhile."""

    def __init__(self, folder: Path, seals: Mapping[str, Seal], *, graph: bool = True) -> None:
        """Map it, its graph too unless that is not asked for.

        Raises `StoreError` where a file is not as it was written, `FileNotFoundError` where it is gone.
        """
        check_seals(folder, seals)
        try:
            calls = json.loads((folder / CALLS).read_text(encoding="utf-8"))
            with HEADERS:
                vectors = np.load(folder / VECTORS, mmap_mode="r", allow_pickle=False)
                places = np.load(folder / PLACES, mmap_mode="r", allow_pickle=False)
        except ValueError as error:
            raise StoreError(f"{folder} is damaged: {error}") from None
        self.folder = folder
        self.seals = dict(seals)
        self.pieces = Pieces(tuple(calls), vectors, places)
        self.graph = Graph(folder / GRAPH, *vectors.shape) if graph and GRAPH in seals else None

    def __len__(self) -> int:
        return len(self.pieces)

    @cached_property
    def calls(self) -> frozenset[str]:
        """Ids of the calls that it has, or of which it has nothing but that they were looked at."""
        return frozenset(self.pieces.calls)

    def search(self, query: NDArray[np.float32], count: int) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """The most similar rows, and how similar they are, in no order. `query` has length 1; similarity is the cosine."""
        count = min(count, len(self))
        if not count:
            return np.empty(0, np.intp), np.empty(0, np.float32)
        if self.graph is None:
            similarities = self._all(query)
            rows = np.argpartition(-similarities, count - 1)[:count]
            return rows, similarities[rows]
        rows = np.sort(self.graph.nearest(query, count))
        return rows, np.asarray(self.pieces.vectors[rows], np.float32) @ query

    def place(self, row: int) -> tuple[str, int, int]:
        """Call, index of the leg in `LEGS`, and number of the piece. Raises `StoreError` where they make no sense."""
        call, leg, number = (int(value) for value in self.pieces.places[row])
        if not (0 <= call < len(self.pieces.calls) and 0 <= leg < len(LEGS) and number >= 0):
            raise StoreError(f"{self.folder / PLACES} is damaged")
        return self.pieces.calls[call], leg, number

    def _all(self, query: NDArray[np.float32]) -> NDArray[np.float32]:
        step = max(_BLOCK_VALUES // max(len(query), 1), 1)
        vectors = self.pieces.vectors
        parts = [np.asarray(vectors[row : row + step], np.float32) @ query for row in range(0, len(vectors), step)]
        return np.concatenate(parts)


def write_segment(folder: Path, pieces: Pieces) -> dict[str, Seal]:
    """Write a segment without a graph; how its files are known. It appears whole or not at all."""
    part = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    with refusals("cannot write the search index"):
        part.mkdir()
        np.save(part / VECTORS, np.asarray(pieces.vectors))
        np.save(part / PLACES, np.asarray(pieces.places))
        (part / CALLS).write_text(json.dumps(list(pieces.calls)), encoding="utf-8")
        seals = {name: Seal.of(part / name) for name in (VECTORS, PLACES, CALLS)}
        part.rename(folder)
    return seals
