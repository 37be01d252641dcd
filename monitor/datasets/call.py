"""One call: its legs as xarray datasets, its frames as rows of pandas and of Parquet."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.datasets.leg_dataset import leg_dataset
from monitor.datasets.table import NOTHING_ANALYSED, EmbeddingColumns, TableFormat, about, batches, chosen_legs
from monitor.errors import StoreError
from monitor.events import Leg
from monitor.output_file import written
from monitor.store.base import CallStatus, StoredCall

if TYPE_CHECKING:
    import pandas
    import xarray


class CallFrames:
    """The frames of a call as they were committed when it was opened, live or over. `call["customer"]` is a leg's dataset."""

    def __init__(self, stored: StoredCall) -> None:
        self.stored = stored

    def __repr__(self) -> str:
        legs = ", ".join(f"{leg} {self.stored.committed(leg)}" for leg in self.legs)
        return f"<call {self.id}, {self.status}, frames: {legs}>"

    @property
    def id(self) -> str:
        """Of the call."""
        return self.stored.record.id

    @property
    def status(self) -> CallStatus:
        """Whether it is over."""
        return self.stored.status

    @property
    def started_at(self) -> datetime:
        """UTC."""
        return self.stored.record.started_at

    @property
    def legs(self) -> tuple[Leg, ...]:
        """Whose frames there are."""
        return chosen_legs(self.stored, None)

    @property
    def labels(self) -> tuple[str, ...]:
        """In the order of the logits."""
        return self.stored.record.labels

    @property
    def engine(self) -> Mapping[str, Any]:
        """What heard it."""
        return self.stored.record.engine

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What was said of the call when it began."""
        return self.stored.record.metadata

    def __getitem__(self, leg: Leg) -> "xarray.Dataset":
        """A leg as a dataset that is read as it is used; see `leg_dataset`. Raises `NotFoundError`."""
        return leg_dataset(self.stored, *chosen_legs(self.stored, leg))

    def to_datatree(self) -> "xarray.DataTree":
        """All legs in one tree, a node a leg, read as they are used."""
        import xarray

        return xarray.DataTree.from_dict({leg: self[leg] for leg in self.legs}, name=self.id)

    def to_pandas(
        self, leg: Leg | None = None, *, start: float = 0.0, stop: float | None = None, embedding: EmbeddingColumns = "list"
    ) -> "pandas.DataFrame":
        """A row a frame: `call`, `leg`, `frame`, `time` (seconds of the call), `clock` (UTC), `speech`, `marks`, `logit_LABEL`
        for each label, and the embedding as a column of lists, as columns `embedding_0` ..., or (`"none"`) not at all.

        Frames that begin in `[start, stop)` seconds, of a leg or all. What has no result is missing. Raises `NotFoundError`,
        `StoreError` where the call is damaged, `ConfigError`.
        """
        import pyarrow as pa

        legs = chosen_legs(self.stored, leg)
        form = TableFormat.of(self.stored, legs, embedding) or NOTHING_ANALYSED
        schema = form.schema()
        return pa.Table.from_batches(list(batches(self.stored, legs, form, schema, start, stop)), schema).to_pandas()

    def to_parquet(self, path: str | os.PathLike[str], leg: Leg | None = None, *, embedding: EmbeddingColumns = "list") -> Path:
        """Write the rows of `to_pandas` to a Parquet file, 30 s a leg at a time, however long the call is.

        What is known of the call is JSON in the metadata of the schema, key `emotion_monitor`. The file is there whole or not
        at all. Raises as `to_pandas` does, and `StoreError` where it cannot be written.
        """
        legs = chosen_legs(self.stored, leg)
        form = TableFormat.of(self.stored, legs, embedding) or NOTHING_ANALYSED
        write_parquet(self.stored, Path(path), legs, form)
        return Path(path)


def write_parquet(stored: StoredCall, path: Path, legs: tuple[Leg, ...], form: TableFormat) -> None:
    """Write the frames of legs. Raises `StoreError` where the call is damaged or the file cannot be written."""
    import pyarrow.parquet as pq

    schema = form.schema(about(stored))
    with (
        _refusing(path),
        written(path) as part,
        part.open("wb") as file,
        pq.ParquetWriter(file, schema, compression="zstd") as writer,
    ):
        for batch in batches(stored, legs, form, schema):
            writer.write_batch(batch)


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {(error.strerror or str(error)).lower()}") from None
