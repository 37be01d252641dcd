"""A store is its owner's alone, and a lock that somebody holds is waited for within a bound."""

import fcntl
import os
import stat
from pathlib import Path

import pytest

from monitor.conformance.stored_calls import record_of
from monitor.errors import StoreError
from monitor.store import disk
from tests.store.zarr_folder import store_at


@pytest.fixture(autouse=True)
def generous_umask():
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_others_can_neither_enter_a_store_nor_open_its_locks_and_journal(tmp_path: Path):
    root = tmp_path / "store"
    store = store_at(root)
    store.create(record_of("a")).finish("finished", {})
    assert stat.S_IMODE(root.stat().st_mode) == 0o700
    open_to_others = [path for path in root.glob("*.lock") if path.stat().st_mode & 0o077]
    assert not open_to_others


def test_a_lock_that_somebody_holds_is_told_and_not_waited_for_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    store = store_at(tmp_path / "store")
    store.create(record_of("a")).discard()
    monkeypatch.setattr(disk, "PATIENCE", 0.1)
    with store.layout.lock.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(StoreError, match=r"another program has held a lock of the store for more than 0\.1 s"):
            store.create(record_of("b"))
    store.create(record_of("b")).discard()
