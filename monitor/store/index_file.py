"""A database that can be made again from what it is an index of: nothing in it is ever missed, and it stops nobody.

It is an SQLite file. One that is damaged or of another version is made anew. Where none can be written (a full disk, a
store of another user, a store that keeps no files), the index is in memory for as long as the process lives.
"""

import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import RLock
from typing import TypeVar

import structlog

from monitor.errors import StoreError
from monitor.store.disk import refusals

BUSY_SECONDS = 10.0
"""For which another process that writes the index is waited for."""
_LOOK_AGAIN = 0.02
"""Seconds from one attempt to the next, where SQLite does not wait by itself."""
_SETTINGS = (
    "synchronous=NORMAL",
    "secure_delete=ON",
    "temp_store=MEMORY",
    "cache_size=-65536",  # KiB
)
_MEMORY = ":memory:"
_CANNOT_BE_WRITTEN = {
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

log = structlog.get_logger(__name__)


class IndexFile:
    """The database at `path`, in memory where that is None. All methods may be called from any thread.

    `schema` is the statements that make its tables; `version` is theirs, and that of what is put into them. A file of another
    version is made anew.
    """

    def __init__(self, path: Path | None, schema: Sequence[str], version: int) -> None:
        self._path, self._schema, self._version = path, schema, version
        self._database: sqlite3.Connection | None = None
        self._in_memory = path is None
        self._on_disk = False
        """Where it is open."""
        self._lock = RLock()
        self.made = 0
        """How often it was opened: what is known of another opening does not hold."""

    def read(self, work: Work[T]) -> T:
        """What `work` finds; all of it at one moment. Raises `StoreError` as `write` does."""
        return self._transact("BEGIN", work)

    def write(self, work: Work[T]) -> T:
        """Do `work` wholly or not at all; it is done again where the file had to be made anew.

        Raises `StoreError` where another process keeps the index for `BUSY_SECONDS`, or it cannot even be kept in memory.
        """
        return self._transact("BEGIN IMMEDIATE", work)

    def erase(self, work: Work[T]) -> T:
        """Do `work`, which deletes, and leave nothing of what it deleted on the disk. Raises `StoreError`.

        Where the file cannot be written, as on a full disk, it goes whole: it is made again from what it is an index of.
        """
        with self._lock:
            result = self.write(work)
            if self._path is not None and not self._on_disk and self._path.exists():
                with refusals(f"cannot erase from the index {self._path}"):
                    self._remove()
            self.scrub()
            return result

    def scrub(self) -> None:
        """Leave nothing of what was deleted in the write-ahead log, as far as no other process reads it now."""
        with self._lock, suppress(sqlite3.Error):
            if self._database is not None:
                self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Let go of the file; the next use opens it again. What was in memory is gone."""
        with self._lock, suppress(sqlite3.Error):
            if self._database is not None:
                self._database.close()
            self._database = None

    def _transact(self, begin: str, work: Work[T]) -> T:
        with self._lock:
            for last in (False, False, True):
                try:
                    return self._once(begin, work)
                except (sqlite3.Error, OSError) as error:
                    self._mend(error, last)
        raise AssertionError("unreachable")

    def _once(self, begin: str, work: Work[T]) -> T:
        if self._database is None:
            self._database = self._open()
            self.made += 1
        database = self._database
        database.execute(begin)
        try:
            result = work(database)
            database.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                database.execute("ROLLBACK")
            raise
        return result

    def _mend(self, error: Exception, last: bool) -> None:
        """After a failure: a new file, or none; raise where nothing is left to try."""
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CANTOPEN) & 0xFF
        if code in _BUSY or last:
            raise StoreError(f"the index {self._path or 'in memory'} cannot be used now: {error}") from error
        self.close()
        if code in _CANNOT_BE_WRITTEN or self._in_memory:
            log.warning("index_kept_in_memory", path=str(self._path), error=str(error))
            self._in_memory = True
        elif self._path is not None:
            log.warning("index_made_anew", path=str(self._path), error=str(error))
            with suppress(OSError):
                self._remove()

    def _remove(self) -> None:
        if self._path is not None:
            for suffix in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)

    def _open(self) -> sqlite3.Connection:
        place = self._place()
        self._on_disk = place != _MEMORY
        database = sqlite3.connect(place, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            _keep_write_ahead_log(database)
            for setting in _SETTINGS:
                database.execute(f"PRAGMA {setting}").fetchall()
            if _version(database) != self._version:
                self._make(database)
        except BaseException:
            database.close()
            raise
        return database

    def _place(self) -> str:
        """Where to open it. A store that is not there yet, or another user's, is left as it is."""
        if self._path is None or self._in_memory or not _is_ours(self._path.parent.parent):
            return _MEMORY
        self._path.parent.mkdir(mode=0o700, exist_ok=True)
        self._path.touch(mode=0o600)
        return str(self._path)

    def _make(self, database: sqlite3.Connection) -> None:
        database.execute("BEGIN IMMEDIATE")
        if _version(database) != self._version:  # not made by another process meanwhile
            for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                database.execute(f'DROP TABLE "{name}"')
            for statement in self._schema:
                database.execute(statement)
            database.execute(f"PRAGMA user_version = {self._version}")
        database.execute("COMMIT")


def _keep_write_ahead_log(database: sqlite3.Connection) -> None:
    """Have the file keep one.

    Of several that open a new file at the same time one changes it, and SQLite refuses the others at once, with no time-out.
    """
    give_up = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            database.execute("PRAGMA journal_mode=WAL").fetchall()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _BUSY or time.monotonic() > give_up:
                raise
            time.sleep(_LOOK_AGAIN)
        else:
            return


def _version(database: sqlite3.Connection) -> int:
    version: int = database.execute("PRAGMA user_version").fetchone()[0]
    return version


def _is_ours(folder: Path) -> bool:
    """Whether a file that this user makes in a folder will be in nobody's way."""
    try:
        return folder.stat().st_uid == os.geteuid() and os.access(folder, os.W_OK)
    except OSError:
        return False
