"""Covering of true segments by detected ones: Arbelaez, Maire, Fowlkes & Malik (2011), "Contour detection and hierarchical
image segmentation", IEEE TPAMI 33; for time series van den Burg & Williams (2020), "An evaluation of change point detection
algorithms", arXiv:2003.06222, section 4.1.

    covering = 1 / T * sum over true segments A of |A| * max over detected segments B of |A and B| / |A or B|

Here with times in seconds, so that lengths are exact and not counted in samples.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def covering(true: Sequence[float], found: Sequence[float], seconds: float) -> float:
    """How well segments between `found` changes cover those between `true` ones in `[0, seconds]`; 1 where they are the same.

    >>> covering([], [], 10.0), covering([5.0], [], 10.0)
    (1.0, 0.5)
    """
    if seconds <= 0:
        raise ValueError(f"seconds must be above 0, got {seconds}")
    one, other = _segments(true, seconds), _segments(found, seconds)
    common = np.minimum(one[:, None, 1], other[None, :, 1]) - np.maximum(one[:, None, 0], other[None, :, 0])
    common = np.clip(common, 0.0, None)
    length = one[:, 1] - one[:, 0]
    union = length[:, None] + (other[:, 1] - other[:, 0])[None, :] - common
    return float((length * (common / union).max(axis=1)).sum() / seconds)


def _segments(changes: Sequence[float], seconds: float) -> NDArray[np.float64]:
    """Shape (n, 2): start and end of each stretch between changes; none is empty."""
    edges = np.unique(np.concatenate([[0.0], np.clip(np.asarray(changes, float), 0.0, seconds), [seconds]]))
    return np.stack([edges[:-1], edges[1:]], axis=1)
