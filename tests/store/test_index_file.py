"""The file of an index is made by one process and used by many, whoever comes first."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from monitor.errors import StoreError
from monitor.store import index_file
from monitor.store.index_file import IndexFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "index" / "some.sqlite"
    path.parent.mkdir()
    return path


@pytest.fixture
def other(path: Path) -> Iterator[sqlite3.Connection]:
    """Another process, about to change the new file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


def write(path: Path) -> None:
    with closing(IndexFile(path, ("CREATE TABLE words (word)",), 1)) as index:
        index.write(lambda database: database.execute("INSERT INTO words VALUES ('a')"))


def test_a_new_file_that_another_process_is_changing_is_waited_for(
    path: Path, other: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []

    def until_it_is_done(seconds: float) -> None:
        waited.append(seconds)
        other.execute("COMMIT")

    monkeypatch.setattr(time, "sleep", until_it_is_done)
    write(path)

    assert (len(waited), other.execute("SELECT word FROM words").fetchall()) == (1, [("a",)])


def test_it_is_not_waited_for_without_end(path: Path, other: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_file, "BUSY_SECONDS", 0.1)
    with pytest.raises(StoreError, match="cannot be used now: database is locked"):
        write(path)
