"""The last seconds of a leg's speech as one embedding: what templates and heads look at, live and when they are learnt."""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from monitor.timeline import TICK_RATE


def window_ticks(seconds: float) -> int:
    """How many ticks a window has.

    >>> window_ticks(3.0), window_ticks(0.1)
    (30, 1)
    """
    return max(1, round(seconds * TICK_RATE))


class SpeechWindow:
    """Mean of the last ticks that were heard of a leg. Half of the window must be filled before it says anything.

    >>> window = SpeechWindow(2)
    >>> [window.update(np.array([x])).tolist() for x in (1.0, 2.0, 4.0)]
    [[1.0], [1.5], [3.0]]
    """

    def __init__(self, ticks: int) -> None:
        self._rows: deque[NDArray[np.float64]] = deque(maxlen=ticks)
        self._least = -(-ticks // 2)

    def update(self, embedding: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """Take the embedding of the next tick of speech, shape (D,); the mean, or None where too little was heard."""
        self._rows.append(embedding)
        if len(self._rows) < self._least:
            return None
        return np.asarray(np.add.reduce(np.stack(self._rows), axis=0) / len(self._rows))

    def forget(self) -> None:
        """Nothing was heard yet."""
        self._rows.clear()


def windows(ticks: NDArray[np.float64], length: int) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """What a `SpeechWindow` says of heard ticks, shape (n, D): means of shape (m, D), and after which tick each was said.

    Where the ticks are too few for it to say anything, their mean, at the end: an example may be short.
    """
    window = SpeechWindow(length)
    said = [(index, mean) for index, row in enumerate(ticks) if (mean := window.update(row)) is not None]
    if not said:
        said = [(len(ticks) - 1, np.asarray(ticks.mean(axis=0)))]
    return np.stack([mean for _, mean in said]), np.array([index for index, _ in said])
