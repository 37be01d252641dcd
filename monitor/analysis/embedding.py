"""An embedding: rows of features, an utterance's one or a row a frame, with what is known of them.

>>> from pathlib import Path
>>> load(Path("nowhere/embedding.npy"))
Traceback (most recent call last):
monitor.analysis.errors.MissingError: there is no nowhere/embedding.npy
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.analysis.array_file import MAP_BEYOND, read_array, read_header
from monitor.analysis.errors import MissingError, NotFiniteError
from monitor.analysis.result_file import Granularity, Result, read_result
from monitor.timeline import FRAME_RATE

FRAMES_FILE = "embedding.npy"
AUDIO_FILE = "processed_audio.wav"
UTTERANCE_FILE = "utterance.npy"
BLOCK_VALUES = 4096 * 1024
"""Values that are looked at at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """Features of an utterance or of frames. Its array is never written."""

    vectors: NDArray[np.floating]
    """Shape (n, D); n is 1 for an utterance. float32 in memory or, of a file larger than 64 MB, a memory map of the file's
    own type. A frame without a result is a row of NaN; all other values are finite."""
    granularity: Granularity
    source: str
    """The path of the file, or the moment of the call."""
    stored_shape: tuple[int, ...]
    """In the file: (D,) or (n, D)."""
    stored_dtype: str
    """In the file or the store, such as float16, or >f4 where its bytes are the other way round."""
    labels: tuple[str, ...] = ()
    """Of `scores` and `logits`; empty where nothing is said of them."""
    scores: tuple[float, ...] | None = None
    """What `result.json` says of the whole: a probability a label."""
    rate: float = FRAME_RATE
    """Rows a second; of frames alone."""
    start: float = 0.0
    """Seconds of the call at which the first row begins."""
    call: str = ""
    """Its id, where the embedding is of a call."""
    leg: str = ""
    speaks: NDArray[np.bool_] | None = None
    """Shape (n,), whether the leg speaks; None where nobody knows, as of files."""
    logits: NDArray[np.float32] | None = None
    """Shape (n, C), what the engine's own head says of each row; None where nobody knows, as of files."""
    engine: Mapping[str, Any] = field(default_factory=dict)
    """An `EngineInfo` as a dictionary; empty where nobody knows, as of files of others."""
    file: Path | None = None
    """That holds the array; None of a moment."""
    result: Result | None = None
    """The `result.json` beside the file, where there is one."""

    def __len__(self) -> int:
        return len(self.vectors)

    @property
    def dim(self) -> int:
        """Features: D."""
        return int(self.vectors.shape[1])

    @property
    def seconds(self) -> float | None:
        """How long its frames last; None of an utterance, whose length an array does not say."""
        return len(self) / self.rate if self.granularity == "frame" else None

    def times(self) -> NDArray[np.float64]:
        """Seconds of the call at which each row begins, shape (n,)."""
        return self.start + np.arange(len(self)) / self.rate

    def there(self) -> NDArray[np.bool_]:
        """Which rows have a result, shape (n,)."""
        return np.asarray(~np.isnan(self.vectors[:, 0]), np.bool_)

    def blocks(self, rows: int | None = None) -> Iterator[NDArray[np.float32]]:
        """The vectors, `rows` at a time (default: 16 MB), as float32 in memory whatever the file holds."""
        rows = max(BLOCK_VALUES // self.dim, 1) if rows is None else rows
        for begin in range(0, len(self), rows):
            with np.errstate(over="ignore"):  # what lies beyond float32 was refused, or is about to be
                block = np.asarray(self.vectors[begin : begin + rows], np.float32)
            yield block

    def heard(self) -> NDArray[np.bool_]:
        """Which rows are of a voice, shape (n,).

        They have a result, are not wholly zero (silence, which some engines do not compute) and, where that is known, the
        leg speaks in them. Where these are none, all rows that have a result.
        """
        there = self.there()
        said = there & np.concatenate([block.any(axis=1) for block in self.blocks()])
        if self.speaks is not None:
            said &= self.speaks
        return said if said.any() else there

    def mean(self) -> NDArray[np.float32]:
        """Shape (D,): the mean of the rows of a voice (`heard`)."""
        heard = self.heard()
        total, begin = np.zeros(self.dim), 0
        for block in self.blocks():
            kept = heard[begin : begin + len(block)]
            total += (block if kept.all() else block[kept]).sum(axis=0, dtype=np.float64)
            begin += len(block)
        return np.asarray(total / heard.sum(), np.float32)


def load(path: Path | str, granularity: Granularity | None = None, *, map_beyond: int = MAP_BEYOND) -> Embedding:
    """The embedding in a `.npy` file, or in a folder: of the web interface (`outputs_*`), or of a leg (`snapshots/CALL/LEG`).

    Of a leg's folder, which has both, the frames, unless `granularity` is `utterance`. An array of shape (D,) is an
    utterance, one of several rows is frames; of one of shape (1, D) `result.json` says what it is, and it is an utterance
    where that says nothing.

    Raises an error of `monitor.analysis.errors`, each for a reason of its own.
    """
    path = Path(path)
    file = array_in(path, granularity) if path.is_dir() else path
    result = read_result(file.parent) if file.name in (FRAMES_FILE, UTTERANCE_FILE) else None
    header, vectors = read_array(file, map_beyond=map_beyond, grows=_grows(file, result))
    embedding = Embedding(
        vectors,
        _granularity(header.shape, None if result is None else result.granularity_of(file.name)),
        str(path),
        stored_shape=header.shape,
        stored_dtype=str(header.dtype),
        file=file,
        result=result,
        **({} if result is None else _told(result)),
    )
    check_finite(embedding)
    return embedding


def array_in(folder: Path, granularity: Granularity | None = None) -> Path:
    """The file of a folder that holds its embedding. Raises `MissingError` where there is none."""
    if granularity == "utterance" and (folder / UTTERANCE_FILE).exists():
        return folder / UTTERANCE_FILE
    if not (folder / FRAMES_FILE).exists():
        raise MissingError(f"there is no {FRAMES_FILE} in {folder}")
    return folder / FRAMES_FILE


def _grows(file: Path, result: Result | None) -> bool:
    """Whether a snapshot is being written: rows come first, then `result.json`, and then the header that tells of them."""
    if result is None or not result.call or file.name != FRAMES_FILE:
        return False
    return result.live or (result.shape is not None and result.shape[:1] > read_header(file, grows=True).shape[:1])


def _told(result: Result) -> dict[str, Any]:
    told = {"labels": result.labels, "scores": result.scores, "engine": result.engine, "call": result.call, "leg": result.leg}
    return told if result.rate is None else {**told, "rate": result.rate}


def _granularity(shape: tuple[int, ...], said: Granularity | None) -> Granularity:
    if len(shape) == 2 and shape[0] > 1:
        return "frame"
    return said if said is not None and len(shape) == 2 else "utterance"


def check_finite(embedding: Embedding) -> None:
    """Raise `NotFiniteError` unless all is finite but whole rows of NaN, frames without a result, beside which there are
    others."""
    some, begin = False, 0
    for block in embedding.blocks():
        finite = np.isfinite(block)
        rows = finite.all(axis=1)
        wrong = ~rows & ~np.isnan(block).all(axis=1)
        if wrong.any():
            row = int(wrong.argmax())
            column = int((~finite[row]).argmax())
            row += begin
            raise NotFiniteError(
                f"{embedding.source} holds {embedding.vectors[row, column]} in row {row}, feature {column}; "
                "only whole rows of NaN, frames without a result, may be there"
            )
        some |= bool(rows.any())
        begin += len(block)
    if not some:
        raise NotFiniteError(f"{embedding.source} holds nothing but NaN: no frame has a result")
