"""Which segments of the journal hold events of a call, so that nobody reads a journal whole for one call.

Segments that another one follows do not grow, so each is looked at once. A segment too many costs time alone: what is in one
is read from it, and erasing changes neither its place nor its size. The newest segment is not in here.
"""

import json
import re
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

import structlog

from monitor.errors import StoreError
from monitor.store.index_file import IndexFile
from monitor.store.zarr.segment import first_seq

_CALL = re.compile(rb'"call": ?("[^"\\]*(?:\\.[^"\\]*)*")')
_VERSION = 1
_SCHEMA = (
    "CREATE TABLE segments (first INTEGER PRIMARY KEY, size INTEGER NOT NULL)",
    "CREATE TABLE places (call TEXT NOT NULL, first INTEGER NOT NULL, PRIMARY KEY (call, first)) WITHOUT ROWID",
)

log = structlog.get_logger(__name__)


class Places:
    """Where the events of each call are. All methods may be called from any thread, and none raises."""

    def __init__(self, path: Path | None) -> None:
        self._index = IndexFile(path, _SCHEMA, _VERSION)

    def of(self, call: str, full: Sequence[Path]) -> list[Path]:
        """Those of all the full segments, which are given oldest first, that hold events of a call, or may."""
        try:
            sizes = {first_seq(segment): segment.stat().st_size for segment in full}
            found = self._index.read(lambda database: _found(database, call, sizes))
            if found is None:
                self._index.write(lambda database: _take_in(database, full, sizes))
                found = self._index.read(lambda database: _found(database, call, sizes))
        except (StoreError, OSError) as error:
            log.warning("journal_read_without_index", error=str(error))
            found = None
        return list(full) if found is None else [segment for segment in full if first_seq(segment) in found]

    def forget(self, call: str) -> None:
        """Leave no trace of a call."""
        try:
            self._index.erase(lambda database: database.execute("DELETE FROM places WHERE call = ?", (call,)))
        except StoreError as error:
            log.warning("journal_index_not_erased", error=str(error))


def _found(database: sqlite3.Connection, call: str, sizes: Mapping[int, int]) -> set[int] | None:
    """First numbers of the segments of a call; None where there are others than those that were looked at."""
    if dict(database.execute("SELECT first, size FROM segments")) != sizes:
        return None
    return {first for (first,) in database.execute("SELECT first FROM places WHERE call = ?", (call,))}


def _take_in(database: sqlite3.Connection, full: Sequence[Path], sizes: Mapping[int, int]) -> None:
    known = dict(database.execute("SELECT first, size FROM segments"))
    for first in [first for first, size in known.items() if sizes.get(first) != size]:
        database.execute("DELETE FROM segments WHERE first = ?", (first,))
        database.execute("DELETE FROM places WHERE first = ?", (first,))
    for segment in full:
        first = first_seq(segment)
        if known.get(first) != sizes[first]:
            rows = [(json.loads(call), first) for call in set(_CALL.findall(segment.read_bytes()))]
            database.executemany("INSERT INTO places VALUES (?, ?)", rows)
            database.execute("INSERT INTO segments VALUES (?, ?)", (first, sizes[first]))
