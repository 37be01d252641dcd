"""The way of one call, or of many, through the space of its embeddings."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.analysis.axes import Axes, Projection, axes_of
from monitor.analysis.embedding import Embedding
from monitor.analysis.errors import EmbeddingError
from monitor.analysis.stretches import Points, points_of
from monitor.extras import ANALYSIS, need

SECONDS = 0.5
"""Of speech that are one point."""
_PAUSE = 3.0
"""Seconds without a point beyond which no line leads."""


@dataclass(frozen=True, slots=True, eq=False)
class Trajectory:
    """Points in the order of time, a line a source."""

    points: Points
    axes: Axes
    changes: Mapping[str, tuple[float, ...]]
    """Source -> seconds at which it changes; sources of which nobody knows are left out."""

    def lines(self) -> list[tuple[str, NDArray[np.int64]]]:
        """Each source and the indices of its points."""
        sources = np.array(self.points.sources)
        return [(source, np.flatnonzero(sources == source)) for source in dict.fromkeys(self.points.sources)]

    def runs(self, indices: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        """A source's points in pieces, between which there is a longer pause."""
        pauses = self.points.begins[indices][1:] - self.points.ends[indices][:-1] > _PAUSE
        return np.split(indices, np.flatnonzero(pauses) + 1)

    def change_points(self) -> list[tuple[int, float]]:
        """The first point at or after each change, and the second of the change."""
        found = []
        for source, indices in self.lines():
            for second in self.changes.get(source, ()):
                after = indices[self.points.ends[indices] > second]
                if len(after):
                    found.append((int(after[0]), second))
        return found

    def as_dict(self) -> dict[str, Any]:
        """As JSON-ready data."""
        points = self.points
        return {
            "axes": list(self.axes.names),
            "engine": {"name": points.key.name, "version": points.key.version, "dim": points.key.dim},
            "points": [
                {
                    "name": points.names[index],
                    "source": points.sources[index],
                    "begin": round(float(points.begins[index]), 3),
                    "end": round(float(points.ends[index]), 3),
                    "label": points.labels[index] or None,
                    "coordinates": [round(float(value), 6) for value in self.axes.coordinates[index]],
                }
                for index in range(len(points))
            ],
            "changes": {source: list(seconds) for source, seconds in self.changes.items()},
            "skipped_rows": points.skipped,
        }


def trajectory(
    embeddings: Iterable[Embedding],
    method: Projection = "pca",
    *,
    seconds: float = SECONDS,
    changes: Callable[[Embedding], tuple[float, ...]] | None = None,
    same_engine: bool = False,
) -> Trajectory:
    """The way of embeddings through one space, on three axes: a point for each stretch of so many `seconds` of speech.

    `pca`: principal components of the directions of all points. `umap`: neighbours stay neighbours, distances mean little.
    `changes` tells the seconds at which an embedding changes. `same_engine`: what names no engine is of the same as the others.

    Raises `TooFewPointsError`, what `points_of` raises, and `EmbeddingError` where what it needs is not installed.
    """
    need(ANALYSIS, "a trajectory", EmbeddingError)
    found: dict[str, tuple[float, ...]] = {}

    def noted() -> Iterator[Embedding]:
        for embedding in embeddings:
            if changes is not None:
                found[embedding.source] = changes(embedding)
            yield embedding

    points = points_of(noted(), seconds, same_engine=same_engine)
    return Trajectory(points, axes_of(points.vectors, method), found)
