"""Points of a space: the means of stretches of embeddings, each with its name and what the engine says of it."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.analysis.embedding import Embedding
from monitor.analysis.errors import NoFramesError
from monitor.analysis.space import Space
from monitor.learned.engine_key import EngineKey

_BLOCK_ROWS = 4_096
"""Rows that are summed up at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Points of one space, in the order of their sources and of time."""

    vectors: NDArray[np.float32]
    """Shape (n, D)."""
    sources: tuple[str, ...]
    """Of each point."""
    names: tuple[str, ...]
    """Of each point: the moment (`CALL@83.2-91.0/customer`, which every command takes), or the file and the seconds."""
    begins: NDArray[np.float64]
    """Shape (n,), seconds."""
    ends: NDArray[np.float64]
    """Shape (n,), seconds."""
    labels: tuple[str, ...]
    """What the engine says of each point; empty where nobody knows."""
    skipped: dict[str, int]
    """Source -> its rows without a result (NaN), which are in no point; sources without such rows are left out."""
    key: EngineKey

    def __len__(self) -> int:
        return len(self.vectors)


def points_of(embeddings: Iterable[Embedding], seconds: float | None = None, *, same_engine: bool = False) -> Points:
    """The points of embeddings: the mean of each, or of each stretch of so many seconds in which the leg speaks.

    One embedding is in memory at a time. A stretch is left out where less than half of its rows are of a voice
    (`Embedding.heard`).

    Raises `MixedWidthsError` or `DifferentEnginesError` where they do not compare (`same_engine`: what names no engine is of
    the same as the others), `NoFramesError` where there is no point at all.
    """
    if seconds is not None and not seconds > 0:
        raise ValueError(f"seconds must be above 0, got {seconds}")
    space = Space(same_engine=same_engine)
    found: list[_Stretches] = []
    skipped: dict[str, int] = {}
    for embedding in embeddings:
        found.append(_stretches(space.take(embedding), seconds))
        if nan := int((~embedding.there()).sum()):
            skipped[embedding.source] = nan
    if not any(len(one.vectors) for one in found):
        raise NoFramesError(
            f"nobody speaks for {(seconds or 0) / 2:g} of {seconds:g} s: choose shorter stretches"
            if found
            else "there is no embedding"
        )
    return Points(
        np.concatenate([one.vectors for one in found]),
        tuple(one.source for one in found for _ in one.names),
        tuple(name for one in found for name in one.names),
        np.concatenate([one.begins for one in found]),
        np.concatenate([one.ends for one in found]),
        tuple(label for one in found for label in one.labels),
        skipped,
        space.key,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Stretches:
    source: str
    vectors: NDArray[np.float32]
    names: tuple[str, ...]
    begins: NDArray[np.float64]
    ends: NDArray[np.float64]
    labels: tuple[str, ...]


def _stretches(embedding: Embedding, seconds: float | None) -> _Stretches:
    if seconds is None or embedding.granularity == "utterance":
        return _whole(embedding)
    rows = max(1, round(seconds * embedding.rate))
    kept = embedding.heard()
    starts = np.arange(0, len(kept), rows)
    counts = np.add.reduceat(kept.astype(np.int64), starts)
    lengths = np.diff([*starts, len(kept)])
    blocks = embedding.blocks(max(1, _BLOCK_ROWS // rows) * rows)
    sums = [_sums(block, rows, kept[begin : begin + len(block)]) for begin, block in _numbered(blocks)]
    taken = counts * 2 >= np.maximum(lengths, 1)
    taken &= counts > 0
    begins = embedding.start + starts[taken] / embedding.rate
    ends = embedding.start + (starts + lengths)[taken] / embedding.rate
    means = (np.concatenate(sums)[taken] / counts[taken, None]).astype(np.float32)
    names = tuple(_name(embedding, begin, end) for begin, end in zip(begins, ends, strict=True))
    return _Stretches(embedding.source, means, names, begins, ends, _labels(embedding, rows, kept, counts, taken))


def _whole(embedding: Embedding) -> _Stretches:
    end = embedding.start + (embedding.seconds or 0.0)
    kept = embedding.heard()
    count = np.array([kept.sum()])
    labels = _labels(embedding, len(kept), kept, count, np.array([True]))
    return _Stretches(
        embedding.source, embedding.mean()[None], (embedding.source,), np.array([embedding.start]), np.array([end]), labels
    )


def _numbered(blocks: Iterable[NDArray[np.float32]]) -> Iterable[tuple[int, NDArray[np.float32]]]:
    begin = 0
    for block in blocks:
        yield begin, block
        begin += len(block)


def _sums(values: NDArray[np.float32], rows: int, kept: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Sums over runs of `rows` rows, of those that are kept."""
    zeroed = np.where(kept[:, None], values, 0).astype(np.float64)
    return np.add.reduceat(zeroed, np.arange(0, len(values), rows), axis=0)


def _labels(
    embedding: Embedding, rows: int, kept: NDArray[np.bool_], counts: NDArray[np.int64], taken: NDArray[np.bool_]
) -> tuple[str, ...]:
    """The label with the highest mean probability in each stretch; of a file, that of the whole."""
    if embedding.logits is not None and embedding.logits.shape[1] == len(embedding.labels) > 0:
        raised = np.exp(embedding.logits - embedding.logits.max(axis=1, keepdims=True))
        means = _sums(raised / raised.sum(axis=1, keepdims=True), rows, kept)[taken] / counts[taken, None]
        return tuple(_plain(embedding.labels[best]) for best in means.argmax(axis=1))
    if embedding.scores and len(embedding.scores) == len(embedding.labels):
        return (_plain(embedding.labels[int(np.argmax(embedding.scores))]),) * int(taken.sum())
    return ("",) * int(taken.sum())


def _plain(label: str) -> str:
    """FunASR's labels have two languages: `生气/angry`."""
    return label.rpartition("/")[2].strip() or label


def _name(embedding: Embedding, begin: float, end: float) -> str:
    if embedding.file is None and embedding.call:
        return f"{embedding.call}@{begin:.2f}-{end:.2f}/{embedding.leg}"
    return f"{embedding.source} {begin:.2f}-{end:.2f} s"
