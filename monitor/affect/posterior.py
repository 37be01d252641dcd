"""A running mean of what is heard of a leg, its clock running only while the leg speaks."""

import numpy as np
from numpy.typing import NDArray


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities of logits of shape (..., C), which may be empty.

    >>> softmax(np.array([0.0, 0.0])).tolist()
    [0.5, 0.5]
    """
    if logits.size == 0:
        return logits
    scaled = np.exp(logits - np.maximum.reduce(logits, axis=-1, keepdims=True))
    return np.asarray(scaled / np.add.reduce(scaled, axis=-1, keepdims=True))


class SmoothedPosterior:
    """Exponential smoothing of posteriors from the uniform one, so that no label is believed before there is evidence.

    Of many legs at once. What was heard of each is the caller's: smoothed posteriors of shape (n, C), 0 before anything was
    heard, so that what they lack to 1 is the uniform posterior.

    >>> smoothed, evidence = SmoothedPosterior(time_constant=1.0, step=0.1), np.zeros((1, 2))
    >>> for _ in range(10):
    ...     evidence = smoothed.update(evidence, np.array([[50.0, -50.0]]))
    >>> evidence.round(3).tolist()
    [[0.632, 0.0]]
    """

    def __init__(self, time_constant: float, step: float) -> None:
        """`time_constant` and `step`, the length of an update, are in seconds of speech."""
        if time_constant <= 0 or step <= 0:
            raise ValueError(f"time constant and step must be above 0 s, got {time_constant} and {step}")
        self._weight = 1.0 - float(np.exp(-step / time_constant))

    def update(self, evidence: NDArray[np.float64], logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Take the logits, shape (n, C), of the next step of speech of each."""
        return np.asarray(evidence + self._weight * (softmax(logits) - evidence))
