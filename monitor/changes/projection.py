"""Embeddings to a few dozen dimensions, by a projection that is the same for every call and on every machine.

A Gaussian random matrix keeps distances in proportion whatever the engine (Johnson & Lindenstrauss 1984), needs no training and
depends on nothing but the two widths. numpy's PCG64 bit stream is stable across versions and machines (NEP 19), and the
matrix is built from its raw bits with the Box-Muller transform, because the stability of numpy's distributions is not promised.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

SEED = 0x656D6F74696F6E


@cache
def projection(width: int, dimensions: int) -> NDArray[np.float64]:
    """Matrix of shape (width, dimensions), columns of expected unit length; read-only.

    >>> projection(1024, 24).shape
    (1024, 24)
    """
    if width < 1 or dimensions < 1:
        raise ValueError(f"cannot project {width} to {dimensions} dimensions")
    count = width * dimensions
    bits = np.random.PCG64(SEED).random_raw(2 * count)
    uniform = ((bits >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53
    normal = np.sqrt(-2.0 * np.log(uniform[:count])) * np.cos(2.0 * np.pi * uniform[count:])
    matrix: NDArray[np.float64] = (normal / np.sqrt(width)).reshape(width, dimensions)
    matrix.flags.writeable = False
    return matrix
