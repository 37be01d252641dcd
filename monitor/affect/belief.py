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
    """Posterior over emotions given all speech so far.

    >>> belief = EmotionBelief(("angry", "neutral"), prior_neutral=0.5, correlation_time=0.5, mean_duration=30.0, step=0.1)
    >>> for _ in range(5):
    ...     posterior = belief.update(np.array([2.0, 0.0]), steps=1)
    >>> [round(probability, 2) for probability in posterior]
    [0.88, 0.12]
    """

    def __init__(
        self, labels: Sequence[str], prior_neutral: float, correlation_time: float, mean_duration: float, step: float
    ) -> None:
        """All times in seconds; `step` is the length of an update, `prior_neutral` the prior of the class neutral."""
        if min(correlation_time, mean_duration, step) <= 0:
            raise ValueError(f"times must be above 0 s, got {correlation_time}, {mean_duration} and {step}")
        self._prior = _prior(labels, prior_neutral)
        self._temper = min(step / correlation_time, 1.0)
        self._stay = float(np.exp(-step / mean_duration))
        self._longest = max(round(LONGEST_GAP / step), 1)
        self.forget()

    def forget(self) -> None:
        """Back to the prior."""
        self.value: Sequence[float] = self._prior

    def update(self, logits: NDArray[np.float64], steps: int) -> Sequence[float]:
        """Take the logits, shape (C,), of a step of speech, `steps` (1 and up) after the last one; the belief, C probabilities.

        For a handful of classes plain numbers are faster than arrays of them.
        """
        stay = self._stay ** min(steps, self._longest)
        go = 1.0 - stay
        heard: list[float] = logits.tolist()
        most = max(heard)
        likely: list[float] = np.exp([self._temper * (logit - most) for logit in heard]).tolist()
        believed = zip(self.value, self._prior, likely, strict=True)
        weighted = [(stay * last + go * prior) * now for last, prior, now in believed]
        total = float(np.add.reduce(weighted))
        self.value = [weight / total for weight in weighted]
        return self.value


def _prior(labels: Sequence[str], neutral: float) -> Sequence[float]:
    """`neutral` on that class and the rest on the others alike; all alike where there is no such class, or no other."""
    count = len(labels)
    if NEUTRAL not in labels or count == 1:
        return [1.0 / max(count, 1)] * count
    return [neutral if label == NEUTRAL else (1.0 - neutral) / (count - 1) for label in labels]
