"""Asks the index: which moments are like this one."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.analysis.embedding import Embedding
from monitor.analysis.errors import DifferentEnginesError, MissingError, MixedWidthsError, NoFramesError
from monitor.analysis.moment import Moment
from monitor.analysis.search.index import SearchIndex
from monitor.analysis.search.pieces import PIECE
from monitor.analysis.search.segment import Hit
from monitor.errors import StoreError
from monitor.events import LEGS, Leg
from monitor.extras import ANALYSIS, need
from monitor.learned.engine_key import EngineKey

MOST = 200
"""Results that may be asked for."""
_LEAST_HITS = 40
_MOST_HITS = 4096


@dataclass(frozen=True, slots=True)
class Found:
    """A moment that is like the one that was asked about."""

    call: str
    leg: Leg
    start: float
    """Seconds of the call."""
    end: float
    similarity: float
    """Cosine of the piece in it that is most similar: 1 is the same direction."""

    @property
    def moment(self) -> Moment:
        """As other commands and functions take it."""
        return Moment(self.call, self.leg, self.start, self.end)

    def as_dict(self) -> dict[str, Any]:
        """As JSON-ready data, with the address of its frames at a service."""
        frames = f"/api/v1/calls/{self.call}/frames?leg={self.leg}&from={self.start:g}&to={self.end:g}"
        return {
            "call": self.call,
            "leg": self.leg,
            "start": self.start,
            "end": self.end,
            "similarity": round(self.similarity, 4),
            "moment": str(self.moment),
            "frames": frames,
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found, and among what."""

    like: str
    engine: EngineKey
    pieces: int
    """Of this engine, in the index."""
    calls: int
    found: tuple[Found, ...]
    """The most similar first."""
    damage: tuple[str, ...] = ()
    """What of the index was damaged and not searched."""

    def as_dict(self) -> dict[str, Any]:
        """As JSON-ready data."""
        return {
            "like": self.like,
            "engine": str(self.engine),
            "indexed": {"calls": self.calls, "pieces": self.pieces},
            "damaged": list(self.damage),
            "found": [one.as_dict() for one in self.found],
        }


def search(index: SearchIndex, like: Embedding, k: int = 10, *, same_engine: bool = False) -> Answer:
    """The `k` moments that are most like an embedding: its mean is compared with every piece of its engine.

    Pieces that follow each other are one moment; those of the moment asked about are left out. `same_engine` takes an
    embedding that does not say its engine to be of the one that is indexed with its width.

    Raises `MissingError` where there is no index, `DifferentEnginesError` or `MixedWidthsError` where nothing in it compares,
    `NoFramesError` where nobody speaks in `like`, and `StoreError` where the index cannot be read.
    """
    if not 1 <= k <= MOST:
        raise ValueError(f"k must be 1 to {MOST}, got {k}")
    need(ANALYSIS, "the search index", StoreError)
    if not index.exists():
        raise MissingError("there is no search index: make one with emotion-monitor search build, or set analysis.index: true")
    engine = _engine(index, like, same_engine)
    query = _vector(like)
    there = sum(one.pieces for one in index.info() if one.engine == engine)
    count = max(4 * k, _LEAST_HITS)
    while True:
        hits = index.search(engine, query, min(count, _MOST_HITS))
        found = joined(hits, k, like)
        if len(found) >= k or count >= min(there, _MOST_HITS):
            break
        count *= 4
    calls = next((one.calls for one in index.info() if one.engine == engine), 0)
    return Answer(like.source, engine, there, calls, tuple(found), index.damage)


def joined(hits: Iterable[Hit], k: int, like: Embedding | None = None) -> list[Found]:
    """The first `k` moments of hits that come the most similar first; without those that lie in the moment asked about.

    A hit beside a moment makes it longer, as long as no further moment is wanted: what is less like than all moments found
    does not stretch them.
    """
    found: list[Found] = []
    for hit in hits:
        call, number, piece = hit.segment.place(hit.row)
        leg, start, end = LEGS[number], piece * PIECE, (piece + 1) * PIECE
        if like is not None and _is_of(like, call, leg, piece):
            continue
        beside = [one for one in found if (one.call, one.leg) == (call, leg) and start <= one.end and one.start <= end]
        if not beside and len(found) == k:
            break
        if not beside:
            found.append(Found(call, leg, start, end, hit.similarity))
            continue
        grown = replace(beside[0], start=min(start, *(one.start for one in beside)), end=max(end, *(one.end for one in beside)))
        found[found.index(beside[0])] = grown
        for other in beside[1:]:
            found.remove(other)
    return found


def _is_of(like: Embedding, call: str, leg: Leg, number: int) -> bool:
    """Whether a piece overlaps the moment asked about."""
    if (like.call, like.leg) != (call, leg) or like.granularity != "frame":
        return False
    first, stop = int(like.start / PIECE), ceil((like.start + len(like) / like.rate) / PIECE)
    return first <= number < stop


def _engine(index: SearchIndex, like: Embedding, same_engine: bool) -> EngineKey:
    key, there = EngineKey.of(like.engine, like.dim), index.engines()
    if key in there:
        return key
    if not there:
        raise MissingError(
            "there is nothing in the search index yet: no call of the store has speech of a leg that may be analysed"
        )
    others = ", ".join(map(str, there))
    if key.name:
        raise DifferentEnginesError(f"{like.source} is of {key}, and what is indexed is of {others}: they do not compare")
    of_width = [one for one in there if one.dim == key.dim]
    if not of_width:
        raise MixedWidthsError(f"{like.source} has {key.dim} features, and what is indexed is of {others}: they do not compare")
    if not same_engine or len(of_width) > 1:
        raise DifferentEnginesError(
            f"{like.source} does not say which engine it is of, as result.json beside it would; what is indexed is of {others}"
            + ("" if len(of_width) > 1 else "; if it is of the same, say --same-engine")
        )
    return of_width[0]


def _vector(like: Embedding) -> NDArray[np.float32]:
    if like.speaks is not None and not (like.speaks & like.there()).any():
        raise NoFramesError(f"{like.source}: nobody speaks in it, so there is nothing to compare")
    mean = like.mean()
    norm = float(np.linalg.norm(mean))
    if not norm:
        raise NoFramesError(f"{like.source} is zero throughout, as engines leave silence: there is nothing to compare")
    return np.asarray(mean / norm, np.float32)
