"""How clearly a stretch of speech falls into two: the kernel two-sample gain of its best split, in units of its own noise.

For ticks x_1 ... x_n and a Gaussian kernel, the gain of a split at t is the drop in the kernel least-squares cost (Arlot,
Celisse & Harchaoui 2019, JMLR 20; computed by `ruptures`), which equals t (n - t) / n times the squared maximum mean
discrepancy between both sides. Neighbouring ticks resemble each other, so without any change the gain is expected to be the
trace of the *long-run* covariance of the kernel features, not of their plain covariance. It is estimated from the means of
two-second blocks within each side of the split (batch means: Flegal & Jones 2010, Annals of Statistics 38), pooled with that
of the leg's past, and divided out. What remains is of the order of 1 to 3 without change, whatever the engine, the
loudness or the correlation in time.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BLOCK = 20
"""Ticks a batch: long against the correlation of neighbouring ticks, short against the buffer."""
PRIOR_WEIGHT = 4.0
"""Batches that the noise of the leg's past counts for when it is pooled with that of the stretch."""


@dataclass(frozen=True, slots=True)
class Split:
    """The best split of a stretch."""

    index: int
    """First tick of the second side."""
    score: float
    """Gain over noise."""
    noise: float
    """Within the two sides, pooled with that of the leg's past."""


def best_split(ticks: NDArray[np.float64], gamma: float, min_size: int, prior: float) -> Split:
    """The best split of whitened ticks, shape (n, K), with at least `min_size` on each side, n >= 2 `min_size`.

    `prior` is the noise of the leg's past.
    """
    from ruptures import KernelCPD  # loaded where it is needed: it takes a quarter of a service's start

    model = KernelCPD(kernel="rbf", min_size=min_size, params={"gamma": gamma}).fit(ticks)
    n = len(ticks)
    index = int(model.predict(n_bkps=1)[0])
    gain = model.cost.error(0, n) - model.cost.error(0, index) - model.cost.error(index, n)
    gram = model.cost.gram
    left, right = scatter(gram[:index, :index][::-1, ::-1]), scatter(gram[index:, index:])
    pooled = (PRIOR_WEIGHT * prior + left[0] + right[0]) / (PRIOR_WEIGHT + left[1] + right[1])
    return Split(index, float(gain) / max(pooled, 1e-9), pooled)


def noise(ticks: NDArray[np.float64], gamma: float) -> float:
    """Trace of the long-run covariance of the kernel features of ticks of shape (n, K), n >= 2 `BLOCK`."""
    from ruptures import KernelCPD

    gram = KernelCPD(kernel="rbf", params={"gamma": gamma}).fit(ticks).cost.gram
    total, freedom = scatter(gram)
    return total / freedom


def scatter(gram: NDArray[np.float64], block: int = BLOCK) -> tuple[float, int]:
    """Scatter of the means of blocks of a stretch with this Gram matrix, times `block`, and its degrees of freedom."""
    blocks = len(gram) // block
    if blocks < 2:
        return 0.0, 0
    size = blocks * block
    means = gram[:size, :size].reshape(blocks, block, blocks, block).mean(axis=(1, 3))
    return block * float(np.trace(means) - means.sum() / blocks), blocks - 1
