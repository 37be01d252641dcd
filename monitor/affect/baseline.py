"""A speaker's own neutral voice, so that a harsh voice or a bad line is not taken for anger, nor quiet anger for nothing.

A classifier leans one way or the other for a voice that it has never heard, and leans so for the whole call. What it says of
the speech that is believed to be neutral shows by how much: its logits there, relative to that of `neutral`, are averaged, and
their distance from what is typical (`neutral` leads every other class by `lead` nats) is taken off. After n steps of neutral
speech the mean counts for n / (n + half): shrinkage, as of a normal mean whose prior is worth `half` observations.

Steps are weighted with the belief that they are neutral, as in the expectation step of EM (Dempster, Laird & Rubin 1977). So
nobody has to begin calmly: who is angry from the first second gives no such steps, and is not corrected by them. The average
goes on through the call, and what is learned late is not lost. A model without a class `neutral` is not corrected.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

NEUTRAL = "neutral"


class SpeakerBaseline:
    """What is typical of each speaker's neutral speech. What was learned of them is the caller's: sums of shape (n, C), of
    logits relative to that of `neutral`, and how many steps they are of, shape (n,).

    >>> baseline = SpeakerBaseline(("angry", "neutral"), half=1.0, lead=3.0)
    >>> voice = np.array([[-1.0, 0.0]])
    >>> sums, steps = baseline.learn(voice, np.ones(1), np.zeros((1, 2)), np.zeros(1))
    >>> baseline.relative(voice, sums, steps).tolist()
    [[-2.0, 0.0]]
    """

    def __init__(self, labels: Sequence[str], half: float, lead: float) -> None:
        """`half`: steps of neutral speech after which the speaker's own mean counts for a half; 0 takes no baseline."""
        self.neutral = labels.index(NEUTRAL) if NEUTRAL in labels and half > 0 else None
        self._half = half
        self._typical = np.array([0.0 if label == NEUTRAL else -lead for label in labels])

    def ready(self, steps: float) -> bool:
        """Whether a speaker's own mean counts for at least a half."""
        return self.neutral is not None and steps >= self._half

    def relative(
        self, logits: NDArray[np.float64], sums: NDArray[np.float64], steps: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Logits, shape (n, C), as they would be of a typical speaker, by what is known now."""
        if self.neutral is None:
            return logits
        weight = steps / (steps + self._half)
        own = sums / np.where(steps > 0, steps, 1.0)[:, None]
        return np.asarray(logits - weight[:, None] * (own - self._typical))

    def learn(
        self, logits: NDArray[np.float64], belief: NDArray[np.float64], sums: NDArray[np.float64], steps: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Take the logits, shape (n, C), of a step each that is neutral with probability `belief`, shape (n,)."""
        if self.neutral is None:
            return sums, steps
        return sums + belief[:, None] * (logits - logits[:, self.neutral, None]), steps + belief
