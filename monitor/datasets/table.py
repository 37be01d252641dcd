"""Frames as rows of an Arrow table, the same in Parquet and in pandas."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from monitor.datasets.leg_dataset import BLOCK_FRAMES, embedding_rows, frame_times, wall_clock
from monitor.errors import ConfigError
from monitor.events import LEGS, Frames, Leg
from monitor.learned.engine_key import EngineKey
from monitor.store.base import StoredCall, no_such_leg
from monitor.store.call_document import CallDocument
from monitor.timeline import FRAME_RATE, TICK_FRAMES

if TYPE_CHECKING:
    import pyarrow

EmbeddingColumns: TypeAlias = Literal["list", "columns", "none"]
"""One column of lists of fixed size, a column a feature (`embedding_0` ...), or no embedding."""
CALL_KEY = b"emotion_monitor"
"""Of the metadata of a file's schema: what is known of the call, as `call.json` of an export says it, but for its settings."""


@dataclass(frozen=True, slots=True)
class TableFormat:
    """What decides the columns; calls that share it go into one table."""

    engine: EngineKey
    labels: tuple[str, ...]
    embedding: EmbeddingColumns

    def __str__(self) -> str:
        return f"{self.engine}, {len(self.labels)} labels"

    @property
    def dim(self) -> int:
        """Features of an embedding; 0 where nothing was analysed."""
        return self.engine.dim

    @classmethod
    def of(cls, stored: StoredCall, legs: tuple[Leg, ...], embedding: EmbeddingColumns) -> "TableFormat | None":
        """Of legs of a call; None where none of them was analysed. Raises `ConfigError` where one table cannot hold them."""
        if embedding not in get_args(EmbeddingColumns):
            raise ConfigError(f"embedding: one of {', '.join(get_args(EmbeddingColumns))}, got {embedding!r}")
        record = stored.record
        widths = {record.legs[leg].dim for leg in legs} - {0}
        if not widths:
            return None
        if len(widths) > 1:
            raise ConfigError(f"call {record.id}: its legs have {sorted(widths)} features: name one leg")
        return cls(EngineKey.of(record.engine, widths.pop()), record.labels, embedding)

    def schema(self, metadata: dict[bytes, bytes] | None = None) -> "pyarrow.Schema":
        """The columns."""
        import pyarrow as pa

        single = pa.float32()
        fields = [
            ("call", pa.string()),
            ("leg", pa.string()),
            ("frame", pa.int32()),
            ("time", pa.float64()),
            ("clock", pa.timestamp("us", "UTC")),
            ("speech", single),
            ("marks", pa.uint8()),
            *((f"logit_{label}", single) for label in self.labels),
        ]
        if self.dim and self.embedding == "list":
            fields.append(("embedding", pa.list_(single, self.dim)))
        if self.embedding == "columns":
            fields += [(f"embedding_{feature}", single) for feature in range(self.dim)]
        return pa.schema(fields, metadata)

    def batch(self, stored: StoredCall, frames: Frames, schema: "pyarrow.Schema") -> "pyarrow.RecordBatch":
        """Frames as rows; what has no result is null."""
        import pyarrow as pa

        count = len(frames)
        columns: list[Any] = [
            pa.repeat(frames.call, count),
            pa.repeat(frames.leg, count),
            pa.array(np.arange(frames.start, frames.stop, dtype=np.int32)),
            pa.array(frame_times(frames.start, frames.stop)),
            pa.array(wall_clock(stored, frames.start, frames.stop), pa.timestamp("us")).cast(pa.timestamp("us", "UTC")),
            pa.array(frames.speech),
            pa.array(frames.marks),
        ]
        columns += _columns(frames.logits, len(self.labels))
        if self.embedding == "columns":
            columns += _columns(embedding_rows(frames), self.dim)
        if self.dim and self.embedding == "list":
            columns.append(_lists(embedding_rows(frames), schema.field("embedding").type))
        return pa.record_batch(columns, schema=schema)


NOTHING_ANALYSED = TableFormat(EngineKey("", "", 0), (), "none")


def common_format(formats: dict[str, TableFormat | None]) -> TableFormat:
    """Of all calls, by id. Raises `ConfigError` where their embeddings do not compare: engines, widths or labels differ."""
    first: dict[TableFormat, str] = {}
    for call, form in formats.items():
        if form is not None:
            first.setdefault(form, call)
    if len(first) > 1:
        told = "; ".join(f"{call} by {form}" for form, call in first.items())
        raise ConfigError(f"calls heard by different engines do not compare, and go into tables of their own: {told}")
    return next(iter(first), NOTHING_ANALYSED)


def chosen_legs(stored: StoredCall, leg: Leg | None) -> tuple[Leg, ...]:
    """The leg, or all. Raises `NotFoundError` where the call has no such leg."""
    if leg is not None and leg not in stored.record.legs:
        raise no_such_leg(stored.record.id, leg, stored.record.legs)
    return tuple(one for one in LEGS if one in stored.record.legs) if leg is None else (leg,)


def batches(
    stored: StoredCall,
    legs: tuple[Leg, ...],
    form: TableFormat,
    schema: "pyarrow.Schema",
    start: float = 0.0,
    stop: float | None = None,
) -> "Iterator[pyarrow.RecordBatch]":
    """The frames that begin in `[start, stop)` seconds, in runs of 30 s, the legs side by side. Raises `StoreError`."""
    ends = {leg: min(stored.committed(leg), frame_at(stop, stored.committed(leg))) for leg in legs}
    first = frame_at(start, 0)
    for block in range(first // TICK_FRAMES * TICK_FRAMES, max(ends.values(), default=0), BLOCK_FRAMES):
        for leg, end in ends.items():
            if block < end:
                frames = stored.read(leg, block, min(block + BLOCK_FRAMES, end))
                yield form.batch(stored, frames, schema).slice(max(first - block, 0))


def frame_at(seconds: float | None, otherwise: int) -> int:
    """The first frame that begins at or after a time; half a millisecond is rounding. Raises `ConfigError` for no time."""
    if seconds is None:
        return otherwise
    if not 0 <= seconds < 1e9:
        raise ConfigError(f"start and stop are seconds of the call, 0 or more, got {seconds}")
    return ceil(seconds * FRAME_RATE - 0.025)


def about(stored: StoredCall) -> dict[bytes, bytes]:
    """What a file says of its call."""
    document = CallDocument.of_stored(stored).model_dump(mode="json", exclude={"settings"})
    return {CALL_KEY: json.dumps(document, ensure_ascii=False).encode()}


def _columns(values: NDArray[np.float32], width: int) -> "list[Any]":
    import pyarrow as pa

    if values.shape[1] == 0:
        return [pa.nulls(len(values), pa.float32())] * width
    missing = np.isnan(values).any(axis=1)
    return [pa.array(np.ascontiguousarray(column), mask=missing) for column in values.T]


def _lists(values: NDArray[np.float32], kind: Any) -> Any:
    import pyarrow as pa

    if values.shape[1] == 0:
        return pa.nulls(len(values), kind)
    missing = np.isnan(values).any(axis=1)
    flat = pa.array(np.ascontiguousarray(values).reshape(-1))
    return pa.FixedSizeListArray.from_arrays(flat, type=kind, mask=pa.array(missing) if missing.any() else None)
