"""The lock of a writer: one a process, by which others know that it lives."""

import fcntl
import subprocess
import sys
import time
from pathlib import Path

import pytest

from monitor.conformance.stored_calls import record_of
from monitor.store.disk import hold, is_held
from tests.store.zarr_folder import open_in, store_at


def test_a_call_more_takes_no_descriptor(tmp_path: Path) -> None:
    store = store_at(tmp_path / "store")
    first = store.create(record_of("call-1"))
    assert len(open_in(tmp_path)) == 1
    others = [store.create(record_of(f"call-{number}")) for number in range(2, 6)]
    assert len(open_in(tmp_path)) == 1
    assert all(store.is_written(f"call-{number}") for number in range(1, 6))
    for writer in (first, *others):
        writer.finish("finished", {})
    assert not store.is_written("call-1")


def test_a_call_that_is_let_go_of_is_nobodys_though_its_process_lives(tmp_path: Path) -> None:
    store, other = store_at(tmp_path / "store"), store_at(tmp_path / "store")
    kept, gone = store.create(record_of("kept")), store.create(record_of("gone"))
    gone.abandon()
    assert other.recover() == ["gone"]
    assert (other.is_written("kept"), other.open("kept").status) == (True, "live")
    kept.finish("finished", {})


def test_the_lock_of_a_process_that_died_holds_nothing_and_is_removed(tmp_path: Path) -> None:
    program = (
        "import os; from pathlib import Path; from tests.store.zarr_folder import store_at; "
        "from monitor.conformance.stored_calls import record_of; "
        f"store_at(Path({str(tmp_path / 'store')!r})).create(record_of('call-1')); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", program], check=False, cwd=Path.cwd())
    store = store_at(tmp_path / "store")
    [lock] = store.layout.writers.iterdir()
    assert (is_held(lock), store.is_written("call-1"), store.recover()) == (False, False, ["call-1"])
    assert list(store.layout.writers.iterdir()) == []


def test_who_looks_whether_a_lock_is_held_keeps_nobody_from_taking_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = tmp_path / "service.lock"
    lock.touch()
    with lock.open() as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)  # as `is_held` does for a moment
        monkeypatch.setattr(time, "sleep", lambda _: fcntl.flock(looking, fcntl.LOCK_UN))
        with hold(lock):
            assert is_held(lock)
            with pytest.raises(BlockingIOError):
                hold(lock)
    assert not is_held(lock)


def test_who_looks_and_does_not_go_is_not_waited_for_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.store.disk.PATIENCE", 0.01)
    lock = tmp_path / "service.lock"
    lock.touch()
    with lock.open() as looking, pytest.raises(BlockingIOError):
        fcntl.flock(looking, fcntl.LOCK_SH)
        hold(lock)
