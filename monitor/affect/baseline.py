"""A speaker's own normal, from the first seconds of speech, so that a harsh voice or a bad line is not taken for anger.

Over the baseline, the mean logit of each class is compared with that of `neutral`. A class that lies *a little* above neutral
there is taken for a trait of the voice or the line and its logit is lowered by about that much; a class that lies *far* above
it is taken for what it is. Between the two the correction follows Tukey's biweight influence function (Beaton & Tukey 1974,
Technometrics 16), here of the excess `e = max(0, logit - neutral)` in nats:

    correction(e) = e (1 - (e / REJECT)^2)^2   for e < REJECT, else 0

It is at most 0.86 nats (odds of 2.4 to 1) for REJECT = 3, and `e - correction(e)` never falls as e grows. So a caller who is
angry from the first second (odds of 20 to 1 against neutral) is not corrected at all, and nobody's anger is turned into its
opposite. Classes below neutral are left alone: calm speech at the start says nothing about how this speaker's anger sounds.
A model without a class `neutral` is not corrected.

Before the baseline is full nothing is corrected, and afterwards it does not change any more.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

REJECT = 3.0
"""Excess, in nats, from which on a class is not a trait but an emotion."""
NEUTRAL = "neutral"


def correction(excess: NDArray[np.float64]) -> NDArray[np.float64]:
    """What is taken off logits that lie `excess` nats above neutral over the baseline.

    >>> correction(np.array([-1.0, 0.0, 0.5, 3.0, 10.0])).round(3).tolist()
    [0.0, 0.0, 0.473, 0.0, 0.0]
    """
    bounded = np.clip(excess, 0.0, REJECT)
    return np.asarray(bounded * (1.0 - (bounded / REJECT) ** 2) ** 2)


class SpeakerBaseline:
    """Collects the first `steps` steps of speech, then corrects every later one.

    >>> baseline = SpeakerBaseline(("angry", "neutral"), steps=1)
    >>> baseline.update(np.array([0.5, 0.0])).tolist(), baseline.ready
    ([0.5, 0.0], True)
    >>> baseline.update(np.array([0.5, 0.0])).round(3).tolist()
    [0.027, 0.0]
    """

    def __init__(self, labels: Sequence[str], steps: int) -> None:
        self._neutral = labels.index(NEUTRAL) if NEUTRAL in labels else None
        self._left = steps
        self._steps = steps
        self._sum: NDArray[np.float64] = np.zeros(len(labels))
        self._offset: NDArray[np.float64] = np.zeros(len(labels))

    @property
    def ready(self) -> bool:
        """Whether the baseline is full. Never so where it was set to none."""
        return self._steps > 0 and self._left == 0

    def update(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Take the logits, shape (C,), of the next step of speech; the same relative to the speaker."""
        if self._left == 0:
            return logits - self._offset
        self._left -= 1
        self._sum = self._sum + logits
        if self._left == 0 and self._neutral is not None:
            mean = self._sum / self._steps
            self._offset = correction(mean - mean[self._neutral])
        return logits
