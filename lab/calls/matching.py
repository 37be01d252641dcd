"""Which detected change is which true one."""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment


def match(true: Sequence[float], found: Sequence[float], tolerance: float) -> list[tuple[int, int]]:
    """Pairs (index in `true`, index in `found`) that are at most `tolerance` seconds apart, each index in one pair at most.

    The matching is optimal: as many pairs as there can be, and among such matchings one with the least total distance
    (assignment problem: Crouse 2016, as in `scipy.optimize.linear_sum_assignment`). A greedy matching, which takes the nearest
    for each true change in turn, as in TCPDBench, may find fewer.

    >>> match([10.0, 20.0], [9.0, 11.5, 40.0], tolerance=2.0)
    [(0, 0)]
    >>> match([10.0, 11.0], [11.0, 12.0], tolerance=1.0)
    [(0, 0), (1, 1)]
    """
    if tolerance < 0:
        raise ValueError(f"tolerance must not be negative, got {tolerance}")
    if not len(true) or not len(found):
        return []
    distance = np.abs(np.subtract.outer(np.asarray(true, float), np.asarray(found, float)))
    near = distance <= tolerance + 1e-9
    if not near.any():
        return []
    pair = tolerance * (min(distance.shape) + 1) + 1.0
    rows, columns = linear_sum_assignment(np.where(near, distance - pair, 0.0))
    return [(int(row), int(column)) for row, column in zip(rows, columns, strict=True) if near[row, column]]
