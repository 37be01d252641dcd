"""What is believed of a leg's emotion: the forward filter of a hidden Markov model whose states are the emotions.

A speaker stays in an emotion for `mean_duration` seconds on average, by the clock of the call, and then moves to one drawn
from the prior. Each step of speech brings the classifier's logits as evidence. Neighbouring steps resemble each other, so a
step is not evidence of its own: speech counts as one independent observation per `correlation_time` seconds, that is,
log-likelihoods are multiplied by step / correlation_time (a tempered likelihood).

The filter (Rabiner 1989, Proceedings of the IEEE 77, equations 19 to 21) adds up evidence instead of averaging probabilities.
For two emotions that is Shiryaev's procedure (1963), which among all procedures of the same false-alarm probability knows of a
change soonest. A faint lean needs seconds of speech, a plain one less than a second, and neither leaves the belief trembling.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from monitor.affect.baseline import NEUTRAL

LONGEST_GAP = 10.0
"""Seconds of silence that count at most: while a speaker listens, moods change more slowly than while they speak."""


class EmotionBelief:
    """Posterior over emotions given all speech so far, of many legs at once. What is believed of each is the caller's.

    >>> belief = EmotionBelief(("angry", "neutral"), prior_neutral=0.5, correlation_time=0.5, mean_duration=30.0, step=0.1)
    >>> posterior = belief.prior[None]
    >>> for _ in range(5):
    ...     posterior = belief.update(posterior, np.array([[2.0, 0.0]]), steps=[1])
    >>> posterior.round(2).tolist()
    [[0.88, 0.12]]
    """

    def __init__(
        self, labels: Sequence[str], prior_neutral: float, correlation_time: float, mean_duration: float, step: float
    ) -> None:
        """All times in seconds; `step` is the length of an update, `prior_neutral` the prior of the class neutral."""
        if min(correlation_time, mean_duration, step) <= 0:
            raise ValueError(f"times must be above 0 s, got {correlation_time}, {mean_duration} and {step}")
        self.prior = np.array(_prior(labels, prior_neutral))
        """What is believed before anything was heard, shape (C,)."""
        self._temper = min(step / correlation_time, 1.0)
        stay = float(np.exp(-step / mean_duration))
        self._stay = np.array([stay**steps for steps in range(max(round(LONGEST_GAP / step), 1) + 1)])
        """Probability of being in the same emotion after so many steps; of more than there are, that of the most."""

    def update(self, believed: NDArray[np.float64], logits: NDArray[np.float64], steps: Sequence[int]) -> NDArray[np.float64]:
        """Take the logits, shape (n, C), of a step of speech each, so many `steps` (1 and up) after the last one of its leg.

        `believed`: what was before, shape (n, C); what is now is returned.
        """
        stay = self._stay.take(steps, mode="clip")[:, None]
        likely = np.exp(self._temper * (logits - np.maximum.reduce(logits, axis=1, keepdims=True)))
        weighted = (stay * believed + (1.0 - stay) * self.prior) * likely
        return np.asarray(weighted / np.add.reduce(weighted, axis=1, keepdims=True))


def _prior(labels: Sequence[str], neutral: float) -> Sequence[float]:
    """`neutral` on that class and the rest on the others alike; all alike where there is no such class, or no other."""
    count = len(labels)
    if NEUTRAL not in labels or count == 1:
        return [1.0 / max(count, 1)] * count
    return [neutral if label == NEUTRAL else (1.0 - neutral) / (count - 1) for label in labels]
