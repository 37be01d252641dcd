"""A speaker's own neutral voice, so that a harsh voice or a bad line is not taken for anger, nor quiet anger for nothing.

A classifier leans one way or the other for a voice that it has never heard, and leans so for the whole call. What it says of the
speech that is believed to be neutral shows by how much: its logits there, relative to that of `neutral`, are averaged, and their
distance from what is typical (`neutral` leads every other class by `lead` nats) is taken off. After n steps of neutral speech the
mean counts for n / (n + half): shrinkage, as of a normal mean whose prior is worth `half` observations.

Steps are weighted with the belief that they are neutral, as in the expectation step of EM (Dempster, Laird & Rubin 1977). So nobody
has to begin calmly: who is angry from the first second gives no such steps, and is not corrected by them. The average goes on
through the call, and what is learned late is not lost. A model without a class `neutral` is not corrected.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

NEUTRAL = "neutral"


class SpeakerBaseline:
    """What is typical of one speaker's neutral speech.

    >>> baseline = SpeakerBaseline(("angry", "neutral"), half=1.0, lead=3.0)
    >>> voice = np.array([-1.0, 0.0])
    >>> baseline.learn(voice, belief=1.0)
    >>> baseline.relative(voice).tolist()
    [-2.0, 0.0]
    """

    def __init__(self, labels: Sequence[str], half: float, lead: float) -> None:
        """`half`: steps of neutral speech after which the speaker's own mean counts for a half; 0 takes no baseline."""
        self._neutral = labels.index(NEUTRAL) if NEUTRAL in labels and half > 0 else None
        self._half = half
        self._typical = np.array([0.0 if label == NEUTRAL else -lead for label in labels])
        self._sum: NDArray[np.float64] = np.zeros(len(labels))
        self._steps = 0.0

    @property
    def ready(self) -> bool:
        """Whether the speaker's own mean counts for at least a half."""
        return self._neutral is not None and self._steps >= self._half

    def relative(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Logits, shape (C,), as they would be of a typical speaker, by what is known now."""
        if self._neutral is None or self._steps == 0.0:
            return logits
        weight = self._steps / (self._steps + self._half)
        return np.asarray(logits - weight * (self._sum / self._steps - self._typical))

    def learn(self, logits: NDArray[np.float64], belief: float) -> None:
        """Take the logits, shape (C,), of a step that is neutral with probability `belief`."""
        if self._neutral is not None:
            self._sum = self._sum + belief * (logits - logits[self._neutral])
            self._steps += belief
