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

    >>> smoothed = SmoothedPosterior(classes=2, time_constant=1.0, step=0.1)
    >>> for _ in range(10):
    ...     smoothed.update(np.array([50.0, -50.0]))
    >>> smoothed.value.round(3).tolist()
    [0.816, 0.184]
    """

    def __init__(self, classes: int, time_constant: float, step: float) -> None:
        """`time_constant` and `step`, the length of an update, are in seconds of speech."""
        if time_constant <= 0 or step <= 0:
            raise ValueError(f"time constant and step must be above 0 s, got {time_constant} and {step}")
        self._classes = classes
        self._weight = 1.0 - float(np.exp(-step / time_constant))
        self.forget()

    def forget(self) -> None:
        """Back to the uniform posterior."""
        self.evidence: NDArray[np.float64] = np.zeros(self._classes)
        self._prior = 1.0

    @property
    def value(self) -> NDArray[np.float64]:
        """The smoothed posterior, shape (C,): `evidence`, and the uniform posterior for what it lacks to 1."""
        return self.evidence + self._prior / max(self._classes, 1)

    def update(self, logits: NDArray[np.float64]) -> None:
        """Take the logits, shape (C,), of the next step of speech."""
        self.evidence = self.evidence + self._weight * (softmax(logits) - self.evidence)
        self._prior *= 1.0 - self._weight
