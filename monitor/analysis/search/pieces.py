"""What is indexed of a call: the mean embedding of each two seconds of a leg in which it speaks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.analysis.embedding import Embedding
from monitor.analysis.moment import Moment, read_moment
from monitor.events import LEGS
from monitor.learned.engine_key import EngineKey
from monitor.store.base import StoredCall
from monitor.timeline import frame_seconds

PIECE = 2.0
"""Seconds: long enough for a mean to be of a tone of voice rather than of a sound, short enough for one turn of a talk."""
LEAST_SPEECH = 0.5
"""Seconds of speech that a piece must have."""
_BLOCK = 60.0
"""Seconds that are read at a time; whole pieces."""


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """n pieces of calls, of one engine."""

    calls: tuple[str, ...]
    """Ids, of calls without a piece too: they were looked at."""
    vectors: NDArray[np.float16]
    """Shape (n, D), each of length 1."""
    places: NDArray[np.int32]
    """Shape (n, 3): index in `calls`, index in `LEGS`, and the number of the piece, which begins at as many times `PIECE`."""

    def __len__(self) -> int:
        return len(self.vectors)

    def without(self, call: str) -> "Pieces":
        """The same but for one call."""
        kept = [number for number, one in enumerate(self.calls) if one != call]
        anew = np.full(len(self.calls) + 1, -1, np.int32)
        anew[kept] = np.arange(len(kept))
        rows = anew[self.places[:, 0]] >= 0
        places = self.places[rows].copy()
        places[:, 0] = anew[places[:, 0]]
        return Pieces(tuple(self.calls[number] for number in kept), np.asarray(self.vectors)[rows], places)


def joined(many: list[Pieces]) -> Pieces:
    """Pieces of different calls and one engine, as one; in their order."""
    if len(many) == 1:
        return many[0]
    places = [one.places.copy() for one in many]
    before = 0
    for one, place in zip(many, places, strict=True):
        place[:, 0] += before
        before += len(one.calls)
    return Pieces(
        tuple(call for one in many for call in one.calls), np.concatenate([one.vectors for one in many]), np.concatenate(places)
    )


def pieces_of(stored: StoredCall) -> dict[EngineKey, Pieces]:
    """What is indexed of a call, by engine: there is one, unless its legs have different widths. Never empty.

    Raises `StoreError` where the call is damaged.
    """
    record = stored.record
    dims = sorted({form.dim for form in record.legs.values() if form.dim}) or [0]
    found: dict[EngineKey, Pieces] = {}
    for dim in dims:
        vectors, places = [np.empty((0, dim), np.float16)], [np.empty((0, 3), np.int32)]
        for leg in LEGS:
            if dim and leg in record.legs and record.legs[leg].dim == dim:
                for start in np.arange(0, frame_seconds(stored.committed(leg)), _BLOCK):
                    rows, numbers = _pieces(read_moment(stored, Moment(record.id, leg, float(start), float(start + _BLOCK))))
                    vectors.append(rows)
                    places.append(np.stack([np.zeros_like(numbers), np.full_like(numbers, LEGS.index(leg)), numbers], axis=1))
        found[EngineKey.of(record.engine, dim)] = Pieces((record.id,), np.concatenate(vectors), np.concatenate(places))
    return found


def _pieces(stretch: Embedding) -> tuple[NDArray[np.float16], NDArray[np.int32]]:
    """Vectors and numbers of the pieces in a stretch that begins with one."""
    each, first = round(PIECE * stretch.rate), round(stretch.start / PIECE)
    vectors = np.asarray(stretch.vectors, np.float64)
    heard = ~np.isnan(vectors[:, 0]) & vectors.any(axis=1)
    if stretch.speaks is not None:
        heard &= stretch.speaks
    starts = np.arange(0, len(vectors), each)
    counts = np.add.reduceat(heard.astype(np.int64), starts)
    sums = np.add.reduceat(np.where(heard[:, None], vectors, 0.0), starts, axis=0)
    norms = np.linalg.norm(sums, axis=1)
    kept = (counts >= LEAST_SPEECH * stretch.rate) & (norms > 0)
    return (sums[kept] / norms[kept, None]).astype(np.float16), (first + np.flatnonzero(kept)).astype(np.int32)
