"""The approximate part: a graph of neighbours (HNSW) over the rows of one segment, by usearch.

It keeps the vectors in eight bits and is mapped into memory, not read. What it proposes is measured again with the segment's
own vectors, so eight bits cost nothing of the answer. Yu. A. Malkov and D. A. Yashunin, arXiv:1603.09320.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.errors import StoreError

CONNECTIVITY = 16
EXPANSION_ADD = 64
EXPANSION_SEARCH = 96
"""Candidates that are followed: a tenth of a millisecond a segment of 65,536 rows, and recall well above what is asked."""


def build_graph(vectors: NDArray[np.floating], grown_from: Path | None = None) -> Any:
    """A graph over rows `[0, n)`; of the first of them `grown_from` may be one already. Takes seconds, on one core."""
    index = _new(vectors.shape[1])
    if grown_from is not None:
        index.load(str(grown_from))
    done = len(index)
    index.add(np.arange(done, len(vectors)), np.asarray(vectors[done:], np.float32), threads=1)
    return index


class Graph:
    """The graph of a file that was found whole."""

    def __init__(self, path: Path, rows: int, dim: int) -> None:
        """Map it. Raises `StoreError` where it is not of so many rows and features."""
        try:
            self._index = _new(dim)
            self._index.view(str(path))
        except (RuntimeError, ValueError) as error:
            raise StoreError(f"{path}: {error}") from None
        if len(self._index) != rows or self._index.ndim != dim:
            raise StoreError(f"{path} is not of {rows} rows of {dim} features")
        self._index.expansion_search = EXPANSION_SEARCH

    def nearest(self, query: NDArray[np.float32], count: int) -> NDArray[np.intp]:
        """Rows that are near, in no order that counts."""
        return np.asarray(self._index.search(query, count, threads=1).keys, np.intp)


def _new(dim: int) -> Any:
    from usearch.index import Index

    return Index(
        ndim=dim, metric="cos", dtype="i8", connectivity=CONNECTIVITY, expansion_add=EXPANSION_ADD, enable_key_lookups=False
    )
