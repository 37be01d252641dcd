"""Groups of moments that are like each other: HDBSCAN, which finds how many there are and what is in none, or k-means."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from monitor.analysis.axes import directions, principal
from monitor.analysis.embedding import Embedding
from monitor.analysis.errors import EmbeddingError, TooFewPointsError
from monitor.analysis.stretches import Points, points_of
from monitor.extras import ANALYSIS, need

Method = Literal["hdbscan", "kmeans"]
NOISE = -1
SMALLEST = 5
"""Points of a cluster of HDBSCAN."""
DIMENSIONS = 10
"""Principal components that are searched: in hundreds of features all distances are alike."""
MOST_TRIED = 10
"""Clusters of k-means, where it is not said how many."""
_SAMPLE = 5_000
"""Points by which silhouettes are told; they take time by the square."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Moments that are like each other."""

    number: int
    """From 0, the largest first."""
    size: int
    silhouette: float | None
    """Mean of its points, -1 to 1: how much nearer they are to each other than to the next cluster; None where there is one
    cluster alone."""
    medoid: str
    """The name of the point with the least distance to the others: a moment that stands for the cluster."""
    labels: dict[str, int]
    """What the engine says of its points, most frequent first; empty where nobody knows."""


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """How points fall into clusters."""

    points: Points
    method: Method
    assigned: NDArray[np.int64]
    """Shape (n,): the number of each point's cluster, or `NOISE`."""
    clusters: tuple[Cluster, ...]
    silhouette: float | None
    """Mean of all points that are in a cluster; None where there is no more than one."""
    chosen: bool
    """Whether the number of clusters of k-means was chosen here, by the silhouette."""

    @property
    def noise(self) -> tuple[str, ...]:
        """The names of points that are in no cluster."""
        return tuple(self.points.names[index] for index in np.flatnonzero(self.assigned == NOISE))

    def as_dict(self) -> dict[str, Any]:
        """As JSON-ready data."""
        names, points = self.points.names, self.points
        return {
            "method": self.method,
            "engine": {"name": points.key.name, "version": points.key.version, "dim": points.key.dim},
            "points": len(points),
            "silhouette": self.silhouette,
            "clusters": [
                {
                    "number": one.number,
                    "size": one.size,
                    "silhouette": one.silhouette,
                    "medoid": one.medoid,
                    "labels": one.labels,
                    "members": [names[index] for index in np.flatnonzero(self.assigned == one.number)],
                }
                for one in self.clusters
            ],
            "noise": list(self.noise),
            "skipped_rows": points.skipped,
        }


def cluster(
    embeddings: Iterable[Embedding],
    method: Method = "hdbscan",
    *,
    k: int | None = None,
    seconds: float | None = None,
    smallest: int = SMALLEST,
    same_engine: bool = False,
) -> Clusters:
    """Clusters of embeddings, each its mean, or of their stretches of so many `seconds`.

    Compared by cosine, on the first ten principal components. Of k-means, `k` clusters or, where that is None, as many of 2
    to 10 as have the best silhouette; of HDBSCAN, at least `smallest` points a cluster. The same points give the same
    clusters.

    Raises `TooFewPointsError`, what `points_of` raises, and `EmbeddingError` where the extra `analysis` is not installed.
    """
    if k is not None and (method != "kmeans" or k < 2):
        raise ValueError(f"k is of kmeans and at least 2; got {k} of {method}")
    if smallest < 2:
        raise ValueError(f"smallest must be at least 2, got {smallest}")
    need(ANALYSIS, "clustering", EmbeddingError)
    points = points_of(embeddings, seconds, same_engine=same_engine)
    wanted = max(k or 2, 2) if method == "kmeans" else smallest
    unit = directions(points.vectors)
    different = len(np.unique(unit.round(6), axis=0))
    if different < wanted:
        what = f"{wanted} clusters" if method == "kmeans" else f"a cluster of {smallest}"
        raise TooFewPointsError(
            f"{len(points)} points, {different} of them different, are too few for {what}: name more, or cut into stretches"
        )
    found, _ = principal(unit, DIMENSIONS)
    assigned = _ordered(_hdbscan(found, smallest) if method == "hdbscan" else _kmeans(found, k, different))
    silhouettes = _silhouettes(found, assigned)
    clusters = tuple(_described(number, points, found, assigned, silhouettes) for number in range(assigned.max() + 1))
    return Clusters(points, method, assigned, clusters, _mean(silhouettes, assigned != NOISE), method == "kmeans" and k is None)


def _hdbscan(found: NDArray[np.float64], smallest: int) -> NDArray[np.int64]:
    from sklearn.cluster import HDBSCAN

    return np.asarray(HDBSCAN(min_cluster_size=smallest, copy=True).fit_predict(found), np.int64)


def _kmeans(found: NDArray[np.float64], k: int | None, different: int) -> NDArray[np.int64]:
    if k is not None:
        return _fitted(found, k)
    tried = [_fitted(found, number) for number in range(2, min(MOST_TRIED, different) + 1)]
    means = [_mean(_silhouettes(found, assigned), assigned != NOISE) for assigned in tried]
    return tried[int(np.argmax([-1.0 if mean is None else mean for mean in means]))]


def _fitted(found: NDArray[np.float64], k: int) -> NDArray[np.int64]:
    from sklearn.cluster import KMeans

    return np.asarray(KMeans(k, n_init=10, random_state=0).fit_predict(found), np.int64)


def _ordered(assigned: NDArray[np.int64]) -> NDArray[np.int64]:
    """Numbers by size, the largest first; of equal size, what comes first."""
    numbers, first, counts = np.unique(assigned[assigned != NOISE], return_index=True, return_counts=True)
    order = sorted(range(len(numbers)), key=lambda index: (-counts[index], first[index]))
    result = np.full(len(assigned), NOISE, np.int64)
    for new, index in enumerate(order):
        result[assigned == numbers[index]] = new
    return result


def _silhouettes(found: NDArray[np.float64], assigned: NDArray[np.int64]) -> NDArray[np.float64]:
    """Of each point, shape (n,); NaN of noise, of points beyond the sample, and of all where there are no two clusters."""
    from sklearn.metrics import silhouette_samples

    result = np.full(len(found), np.nan)
    inside = np.flatnonzero(assigned != NOISE)
    if len(inside) > _SAMPLE:
        inside = np.sort(np.random.default_rng(0).choice(inside, _SAMPLE, replace=False))
    clusters = len(np.unique(assigned[inside]))
    if 2 <= clusters < len(inside):
        result[inside] = silhouette_samples(found[inside], assigned[inside])
    return result


def _mean(silhouettes: NDArray[np.float64], inside: NDArray[np.bool_]) -> float | None:
    told = silhouettes[inside & ~np.isnan(silhouettes)]
    return float(told.mean()) if len(told) else None


def _described(
    number: int, points: Points, found: NDArray[np.float64], assigned: NDArray[np.int64], silhouettes: NDArray[np.float64]
) -> Cluster:
    members = np.flatnonzero(assigned == number)
    labels = Counter(points.labels[index] for index in members if points.labels[index])
    return Cluster(
        number,
        len(members),
        _mean(silhouettes, assigned == number),
        points.names[members[_medoid(found[members])]],
        dict(labels.most_common()),
    )


def _medoid(found: NDArray[np.float64]) -> int:
    """The index of the point with the least sum of distances to all."""
    from sklearn.metrics import pairwise_distances_chunked

    sums = [block.sum(axis=1) for block in pairwise_distances_chunked(found)]
    return int(np.concatenate(sums).argmin())
