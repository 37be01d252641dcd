"""All calls of a store, or of a running service."""

import os
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.config.sections import StoreSection
from monitor.datasets.call import CallFrames, write_parquet
from monitor.datasets.table import EmbeddingColumns, TableFormat, chosen_legs, common_format
from monitor.errors import ConfigError, StoreError
from monitor.extras import ANALYSIS, need
from monitor.replay.choice import chosen_calls
from monitor.store.base import CallReader, CallSummary
from monitor.store.registry import existing_store

if TYPE_CHECKING:
    import pandas
    import pyarrow


def open_store(location: str | os.PathLike[str], *, token: str | None = None) -> "StoredCalls":
    """The calls of the store in a folder, or of the service at an address such as `http://127.0.0.1:8765`.

    `token` is the service's. Raises `StoreError` where there is no store, `ConfigError` where nothing answers at the address,
    it refuses, or the extra `analysis` is not installed.
    """
    text = os.fspath(location)
    if "://" in text:
        from monitor.datasets.service import ServiceReader  # a client, which a service itself has no use for

        return StoredCalls(ServiceReader(text, token))
    if token is not None:
        raise ConfigError(f"{text}: a folder takes no token; an address begins with http:// or https://")
    return StoredCalls(existing_store(StoreSection(path=Path(text))))


class StoredCalls:
    """All calls that a store has, live ones too. `calls["ID"]` is one; iteration gives ids, newest first."""

    def __init__(self, reader: CallReader) -> None:
        need(ANALYSIS, "opening calls as datasets", ConfigError)
        self._reader = reader

    def __repr__(self) -> str:
        return f"<calls of {self._reader.place}>"

    def __getitem__(self, call: str) -> CallFrames:
        """One call, as far as it is committed now. Raises `NotFoundError`, or `StoreError` where it is damaged."""
        return CallFrames(self._reader.open(call))

    def __iter__(self) -> Iterator[str]:
        return iter([line.id for line in self._reader.catalogue()])

    def __len__(self) -> int:
        return len(self._reader.catalogue())

    def __contains__(self, call: object) -> bool:
        return call in list(self)

    def catalogue(self) -> "pandas.DataFrame":
        """A row a call, newest first, indexed by id: `started_at` (UTC), `status`, `seconds`, `source`, `engine`, `legs`
        (frames a leg), `bytes`, `metadata`."""
        import pandas

        columns = [name for name in CallSummary.__dataclass_fields__ if name != "id"]
        lines = [asdict(line) for line in self._reader.catalogue()]
        index = pandas.Index([line["id"] for line in lines], name="call", dtype=object)
        table = pandas.DataFrame(lines, columns=columns, index=index)
        return table.assign(started_at=pandas.to_datetime(table["started_at"], utc=True))

    def chosen(self, *named: str) -> list[str]:
        """Ids, oldest first: of calls, of days (`2026-11-01`, `2026-11-01..2026-11-07`, UTC), or, where none is named, all.

        Of days, and of all, the calls that are over and have frames. Raises `NotFoundError`, and `ConfigError` where there is
        nothing.
        """
        live = {line.id: line for line in reversed(self._reader.catalogue()) if line.id in named}
        others = [name for name in named if name not in live]
        over = chosen_calls(self._reader, others, everything=not named) if others or not named else []
        found = live | {line.id: line for line in over}
        return [line.id for line in sorted(found.values(), key=lambda line: (line.started_at, line.id))]

    def to_pandas(self, *named: str, embedding: EmbeddingColumns = "list") -> "pandas.DataFrame":
        """The frames of the calls that `chosen` gives, as `CallFrames.to_pandas` does. All of them come into memory."""
        import pandas

        ids = self.chosen(*named)
        common_format({call: self._format(call, embedding) for call in ids})
        return pandas.concat([self[call].to_pandas(embedding=embedding) for call in ids], ignore_index=True)

    def to_parquet(self, folder: str | os.PathLike[str], *named: str, embedding: EmbeddingColumns = "list") -> list[Path]:
        """Write the calls that `chosen` gives as a Parquet dataset, `FOLDER/day=YYYY-MM-DD/CALL.parquet`; the paths.

        The rows are those of `CallFrames.to_parquet`. Further calls may be added later, and a call written again takes the
        place of the old file. One that is damaged or erased meanwhile does not stop the others; `StoreError` then names
        each, a line a call, once all others are written. Raises `ConfigError`, before anything is written, where the calls,
        or those that lie in the folder, were heard by engines that do not compare.
        """
        ids = self.chosen(*named)
        failed: list[str] = []
        formats: dict[str, TableFormat | None] = {}
        for call in ids:
            try:
                formats[call] = self._format(call, embedding)
            except StoreError as error:
                failed.append(str(error))
        form = common_format(formats)
        _check_fit(Path(folder), form)
        paths = []
        for call in formats:
            try:
                paths.append(self._write(call, Path(folder), form))
            except StoreError as error:
                failed.append(str(error))
        if failed:
            said = f"{len(failed)} of {len(ids)} calls could not be exported; {folder} has the others"
            raise StoreError("\n".join([*failed, said]))
        return paths

    def _format(self, call: str, embedding: EmbeddingColumns) -> TableFormat | None:
        stored = self._reader.open(call)
        return TableFormat.of(stored, chosen_legs(stored, None), embedding)

    def _write(self, call: str, folder: Path, form: TableFormat) -> Path:
        stored = self._reader.open(call)
        path = folder / f"day={stored.record.started_at.astimezone(UTC):%Y-%m-%d}" / f"{call}.parquet"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{path.parent}: cannot be made: {error.strerror}") from None
        write_parquet(stored, path, chosen_legs(stored, None), form)
        return path


def _check_fit(folder: Path, form: TableFormat) -> None:
    """Raise `ConfigError` where a file that lies in the folder has other columns: one dataset cannot hold both."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    there = next(folder.glob("day=*/*.parquet"), None)
    if there is None:
        return
    try:
        schema: pyarrow.Schema = pq.read_schema(there)
    except (OSError, pa.ArrowException) as error:
        raise ConfigError(f"{there} is no Parquet file that can be read ({error}): name another folder") from None
    if not schema.equals(form.schema()):
        raise ConfigError(
            f"{there} has other columns than these calls ({form}; embedding: {form.embedding}): name another folder"
        )
