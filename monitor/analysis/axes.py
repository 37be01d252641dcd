"""The few axes on which a space of many features is seen: principal components, or UMAP."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from monitor.analysis.errors import EmbeddingError, TooFewPointsError
from monitor.extras import ANALYSIS, UMAP, need

Projection = Literal["pca", "umap"]
_NEIGHBOURS = 15
"""Of UMAP, its default."""


@dataclass(frozen=True, slots=True, eq=False)
class Axes:
    """Points on a few axes."""

    coordinates: NDArray[np.float64]
    """Shape (n, K)."""
    names: tuple[str, ...]
    """Of each axis, with the share of the variance that lies on it where that means anything."""


def directions(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """Shape (n, D), of unit norm: embeddings are compared by their cosine. What is zero stays zero."""
    wide = vectors.astype(np.float64)
    norms = np.linalg.norm(wide, axis=1, keepdims=True)
    return wide / np.where(norms == 0, 1, norms)


def principal(vectors: NDArray[np.floating], most: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinates on the first components, shape (n, K), and the share of the variance of each, shape (K,); K is `most` or,
    where there are fewer points or features, less.

    Raises `TooFewPointsError` where the points are one and the same.
    """
    if len(vectors) < 2 or not np.ptp(vectors, axis=0).any():
        raise TooFewPointsError(
            f"{len(vectors)} point{'s that are all the same have' if len(vectors) > 1 else ' has'} no axes: name more"
        )
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    powers, components = _components(centred)
    components = components[: min(most, *vectors.shape)]
    largest = np.abs(components).argmax(axis=1)
    components *= np.sign(components[np.arange(len(components)), largest])[:, None]  # so that no axis turns by chance
    return centred @ components.T, powers[: len(components)] / powers.sum()


def _components(centred: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Variances (times n), greatest first, and their components, a row each."""
    if len(centred) < centred.shape[1]:
        _, singular, components = np.linalg.svd(centred, full_matrices=False)
        return np.square(singular), components
    powers, components = np.linalg.eigh(centred.T @ centred)
    return np.maximum(powers[::-1], 0), components.T[::-1].copy()


def axes_of(vectors: NDArray[np.float32], method: Projection = "pca", count: int = 3) -> Axes:
    """Points, shape (n, D), on `count` axes; what there is less of is zero.

    Raises `TooFewPointsError`, or `EmbeddingError` where what it needs is not installed.
    """
    need(ANALYSIS, "a picture of a space", EmbeddingError)
    if method == "umap":
        return Axes(_umap(directions(vectors), count), tuple(f"UMAP {axis + 1}" for axis in range(count)))
    found, shares = principal(directions(vectors), count)
    shares = np.pad(shares, (0, count - len(shares)))
    names = tuple(f"component {axis + 1} ({share:.0%} of the variance)" for axis, share in enumerate(shares))
    return Axes(np.pad(found, ((0, 0), (0, count - found.shape[1]))), names)


def _umap(vectors: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    need(UMAP, "the projection umap", EmbeddingError)
    if len(vectors) < count + 2:
        raise TooFewPointsError(
            f"UMAP needs at least {count + 2} points, there {'is' if len(vectors) == 1 else 'are'} {len(vectors)}"
        )
    import warnings

    import umap

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a seed means one thread
        neighbours = min(_NEIGHBOURS, len(vectors) - 1)
        start = "spectral" if len(vectors) > 3 * count else "random"
        fitted = umap.UMAP(n_components=count, n_neighbors=neighbours, metric="cosine", random_state=0, n_jobs=1, init=start)
        return np.asarray(fitted.fit_transform(vectors), np.float64)
