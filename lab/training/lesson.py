"""What of a teacher is learned: the main directions of what it hears, as they are over two thirds of a second.

A single frame of a speech model says mostly which sound is spoken. That varies within a tenth of a second, and through
noise it can hardly be told; how something is said stays. So frames are averaged over speech nearby, which leaves a tenth
of their variance, and then every direction is given the same size.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.engines.compact.features import Array

PLACES = 400
"""Frames of 20 ms that it hears at a time."""
PARTS = 128
"""Directions that are learned."""
_REACH = 16
"""Frames to each side over which is averaged: no more than the network's lookahead."""

Taught = NDArray[np.float16]
"""What is to be learned of a track, shape (T, PARTS); (T, 0) without a teacher."""


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """How what a teacher hears becomes what is to be learned: centred by place and projected."""

    centre: Array
    """What is heard at each place whatever is said, shape (PLACES, width of the teacher)."""
    projection: Array
    """Principal directions, shape (width, PARTS)."""

    def of(self, heard: Array) -> Array:
        """What is heard at the last n places, shape (n, width), to (n, PARTS)."""
        return np.asarray((heard - self.centre[PLACES - len(heard) :]) @ self.projection, dtype=np.float32)


def fit_lesson(heard: Iterable[Array]) -> Lesson:
    """Centre and directions from pieces of shape (k, width), each heard at the last k places."""
    pieces = list(heard)
    total, count = np.zeros((PLACES, pieces[0].shape[1])), np.full((PLACES, 1), 1e-9)
    for piece in pieces:
        total[PLACES - len(piece) :] += piece
        count[PLACES - len(piece) :] += 1
    mean = total.sum(0) / count.sum()
    # Few clips are so long that they reach the first places: there the mean of all places counts as if heard 20 times.
    centre = (total + 20 * mean) / (count + 20)
    centred = np.concatenate([piece - centre[PLACES - len(piece) :] for piece in pieces])
    variance, directions = np.linalg.eigh(np.cov(centred.T))
    variance, directions = variance[::-1][:PARTS], directions[:, ::-1][:, :PARTS]
    # The size keeps half precision exact enough; `fit_sizes` evens it out.
    scale = variance**-0.25 / np.sqrt((variance**0.5).mean())
    return Lesson(centre.astype(np.float32), np.asarray(directions * scale, dtype=np.float32))


def smoothed(taught: Taught, speech: NDArray[np.float16], spans: NDArray[np.int64]) -> Taught:
    """Each frame of a clip the mean over its speech nearby; zeros outside of clips. Shapes as in `Track`."""
    result = np.zeros_like(taught)
    for _, start, stop in spans:
        said = (speech[start:stop, None] > 0.5).astype(np.float32)
        place = np.arange(stop - start)
        low, high = np.maximum(place - _REACH, 0), np.minimum(place + _REACH + 1, stop - start)
        total, count = _summed(taught[start:stop] * said), _summed(said)
        result[start:stop] = (total[high] - total[low]) / np.maximum(count[high] - count[low], 1)
    return result


def mean_of_speech(taught: Sequence[Taught], speech: Sequence[NDArray[np.float16]]) -> Array:
    """What is heard on average while somebody speaks, shape (PARTS,)."""
    total = sum(each[spoken > 0.5].sum(0, dtype=np.float64) for each, spoken in zip(taught, speech, strict=True))
    return np.asarray(total / sum(int((spoken > 0.5).sum()) for spoken in speech), dtype=np.float32)


def fit_sizes(taught: Sequence[Taught], speech: Sequence[NDArray[np.float16]]) -> tuple[Array, Array]:
    """Mean and reciprocal deviation of every direction over the speech of some tracks."""
    said = np.concatenate([each[spoken > 0.5] for each, spoken in zip(taught, speech, strict=True)]).astype(np.float32)
    return said.mean(0), 1 / np.maximum(said.std(0), 1e-3)


def _summed(values: Array) -> Array:
    """Running sums, beginning with none."""
    return np.concatenate([np.zeros((1, values.shape[1]), np.float32), np.cumsum(values, 0, dtype=np.float32)])
