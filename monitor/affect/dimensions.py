"""Valence and arousal of a posterior: how pleasant and how excited a voice sounds.

Each label stands at the place that raters gave to the emotion term of that name on the pleasure and arousal scales of
Russell, J. A. & Mehrabian, A. (1977), "Evidence for a three-factor theory of emotions", Journal of Research in
Personality 11, 273-294 (terms 31 happy, 52 surprised, 75 disgusted, 82 angry, 101 fearful, 151 sad). Their scales run from
-1 to 1 with 0 as the neutral point, so `neutral` is the origin by construction. A posterior is mapped to the mean of the places
weighted by it. Labels that name no place (`other`, `<unk>`) carry no weight.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

PLACES: dict[str, tuple[float, float]] = {
    "angry": (-0.51, 0.59),
    "disgusted": (-0.60, 0.35),
    "fearful": (-0.64, 0.60),
    "happy": (0.81, 0.51),
    "neutral": (0.0, 0.0),
    "sad": (-0.63, -0.27),
    "surprised": (0.40, 0.67),
}
"""(valence, arousal), each -1 to 1."""

LEAST_PLACED = 0.5
"""Where less of the posterior than this lies on labels with a place, the mean is drawn to the origin in proportion: a tenth of
the posterior says little about valence."""


class Dimensions:
    """Maps posteriors over `labels` to valence and arousal.

    >>> valence, arousal = Dimensions(("angry", "neutral", "other"))(np.array([0.4, 0.4, 0.2]))
    >>> round(valence, 3), round(arousal, 3)
    (-0.255, 0.295)
    """

    def __init__(self, labels: Sequence[str]) -> None:
        placed = [(float(label in PLACES), *PLACES.get(label, (0.0, 0.0))) for label in labels]
        self._placed = np.array(placed, dtype=np.float64).reshape(-1, 3).T.copy()
        """Whether each label has a place, its valence and its arousal, shape (3, C)."""

    def __call__(self, posterior: NDArray[np.float64]) -> tuple[float, float]:
        """Valence and arousal, each -1 to 1, of a posterior of shape (C,)."""
        valence, arousal = self.of(posterior[None])
        return float(valence[0]), float(arousal[0])

    def of(self, posteriors: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The same of many, shape (n, C), each of shape (n,)."""
        placed, valence, arousal = np.add.reduce(posteriors[:, None] * self._placed, axis=2).T
        weight = np.maximum(placed, LEAST_PLACED)
        return valence / weight, arousal / weight
