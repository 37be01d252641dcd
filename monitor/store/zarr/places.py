"""Which segments of the journal hold events of a call, so that nobody reads a journal whole for one call.

Segments that another one follows do not grow, so each is looked at once, and again where it was changed: by an erasure, by a
copy from a backup. A segment too many costs time alone: what is in one is read from it. The newest segment is not in here.

Who erases must miss nothing. So each segment is known to be plain, every line of it the whole head of a message, whose call was
taken in, or an erased one; or it is not, as after damage, and is then looked at whichever call is erased.
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
_HEAD = re.compile(
    rb'^\{"seq": \d{1,19}, (?:"type": "erased" *\}$|"recorded_at": "[^"\\\n]*", "type": "\w+", "call": ("[\w.-]+")[,}])',
    re.MULTILINE,
)
"""The beginning of a line as this program writes it, with the call, or an erased one whole."""
_VERSION = 2
_SCHEMA = (
    "CREATE TABLE segments (first INTEGER PRIMARY KEY, size INTEGER, changed INTEGER, plain INTEGER)",
    "CREATE TABLE places (call TEXT NOT NULL, first INTEGER NOT NULL, PRIMARY KEY (call, first)) WITHOUT ROWID",
)
_State = tuple[int, int]
"""Of a segment: bytes, and when it was written last, in nanoseconds."""

log = structlog.get_logger(__name__)


class Places:
    """Where the events of each call are. All methods may be called from any thread, and none raises."""

    def __init__(self, path: Path | None) -> None:
        self._index = IndexFile(path, _SCHEMA, _VERSION)

    def of(self, call: str, full: Sequence[Path], *, erasing: bool = False) -> list[Path]:
        """Those of all the full segments, which are given oldest first, that hold events of a call, or may.

        `erasing`: those too of which it cannot be told for certain.
        """
        try:
            states = {first_seq(segment): _state(segment) for segment in full}
            found = self._index.read(lambda database: _found(database, call, states, erasing))
            if found is None:
                self._index.write(lambda database: _take_in(database, full, states))
                found = self._index.read(lambda database: _found(database, call, states, erasing))
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


def _found(database: sqlite3.Connection, call: str, states: Mapping[int, _State], erasing: bool) -> set[int] | None:
    """First numbers of the segments of a call; None where there are others than those that were looked at."""
    if _known(database) != states:
        return None
    found = {first for (first,) in database.execute("SELECT first FROM places WHERE call = ?", (call,))}
    if erasing:
        found |= {first for (first,) in database.execute("SELECT first FROM segments WHERE NOT plain")}
    return found


def _take_in(database: sqlite3.Connection, full: Sequence[Path], states: Mapping[int, _State]) -> None:
    known = _known(database)
    for first in [first for first, state in known.items() if states.get(first) != state]:
        database.execute("DELETE FROM segments WHERE first = ?", (first,))
        database.execute("DELETE FROM places WHERE first = ?", (first,))
    for segment in full:
        first = first_seq(segment)
        if known.get(first) != states[first]:
            calls, plain = _calls_in(segment.read_bytes())
            database.executemany("INSERT INTO places VALUES (?, ?)", [(call, first) for call in calls])
            database.execute("INSERT INTO segments VALUES (?, ?, ?, ?)", (first, *states[first], plain))


def _known(database: sqlite3.Connection) -> dict[int, _State]:
    return {first: (size, changed) for first, size, changed in database.execute("SELECT first, size, changed FROM segments")}


def _state(segment: Path) -> _State:
    status = segment.stat()
    return status.st_size, status.st_mtime_ns


def _calls_in(content: bytes) -> tuple[set[str], bool]:
    """The calls of which a segment holds messages, or more; and whether each of its lines is the message of one, or erased."""
    heads = _HEAD.findall(content)
    plain = content.endswith(b"\n") and content.count(b"\n") == len(heads) == content.count(b'{"seq": ')
    return {json.loads(call) for call in set(heads if plain else _CALL.findall(content)) if call}, plain
