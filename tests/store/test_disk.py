"""A disk that refuses: one clear line, nothing lost, and the same frames are taken once there is room."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from monitor.conformance.stored_calls import assert_as_written, frames_of, record_of
from monitor.errors import StoreError
from monitor.store.zarr.store import ZarrStore
from tests.store.conftest import Worker
from tests.store.full_disk import disk_with_room
from tests.store.snapshot_files import load_snapshot
from tests.store.zarr_folder import assert_no_fill_values, store_at


@pytest.mark.parametrize("room", [0, 1, 200, 1200])
def test_a_full_disk_refuses_frames_that_may_be_offered_again(room: int, store: ZarrStore):
    writer = store.create(record_of())
    writer.append(frames_of("call-1", "customer", 0, 25))

    with disk_with_room(room), pytest.raises(StoreError, match=r"^cannot write frames of call call-1: the disk is full; free"):
        writer.append(frames_of("call-1", "customer", 25, 25))

    assert writer.committed("customer") == store.open("call-1").committed("customer") == 25
    writer.append(frames_of("call-1", "customer", 25, 25))
    writer.finish("finished", {})
    assert store.open("call-1").committed("customer") == 50
    assert_as_written(store.open("call-1"))


@pytest.mark.parametrize("limit", [20_000, 40_000, 57_000])
def test_a_file_that_may_not_grow_costs_no_frame(limit: int, store: ZarrStore, worker: Worker):
    worker.start("write_until_refused", path=str(store.settings.path), limit=limit)
    answer = worker.result()

    assert "error" not in answer
    assert answer["refused"] == answer["committed"] > 0
    assert answer["message"].startswith("cannot write frames of call call-1: the file would exceed")
    stored = store.open("call-1")
    assert (stored.status, stored.committed("customer")) == ("complete", 3000)
    assert_as_written(stored)
    assert_no_fill_values(stored.path)


def test_a_chunk_that_is_refused_stays_in_the_tail_and_moves_later(store: ZarrStore, monkeypatch: pytest.MonkeyPatch):
    writer = store.create(record_of())
    with monkeypatch.context() as patch:
        patch.setattr("monitor.store.zarr.array_writer.ArrayWriter.write", refuse)
        writer.append(frames_of("call-1", "customer", 0, 1475))
        writer.append(frames_of("call-1", "customer", 1475, 50))
        writer.append(frames_of("call-1", "customer", 1525, 50))
    assert store.open("call-1").committed("customer") == 1575
    assert_as_written(store.open("call-1"))

    writer.append(frames_of("call-1", "customer", 1575, 500))
    writer.finish("finished", {})

    assert_as_written(store.open("call-1"))
    assert_no_fill_values(store.open("call-1").path)


def refuse(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_call_that_could_not_be_closed_can_be_closed_again(store: ZarrStore, monkeypatch: pytest.MonkeyPatch):
    writer = store.create(record_of())
    writer.append(frames_of("call-1", "customer", 0, 1475))
    with monkeypatch.context() as patch, pytest.raises(StoreError, match="cannot close call call-1: the disk is full"):
        patch.setattr("monitor.store.zarr.array_writer.ArrayWriter.write", refuse)
        writer.finish("finished", {})
    assert store.open("call-1").status == "live"

    writer.finish("finished", {})

    assert store.open("call-1").status == "complete"
    assert_as_written(store.open("call-1"))


@pytest.mark.parametrize("room", [0, 50_000])
def test_a_snapshot_that_is_refused_leaves_the_one_before_and_the_next_is_whole(room: int, store: ZarrStore):
    writer = store.create(record_of())
    writer.append(frames_of("call-1", "customer", 0, 1500))
    writer.snapshot()
    folder = store.layout.snapshots("call-1") / "customer"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    writer.append(frames_of("call-1", "customer", 1500, 1500))

    with disk_with_room(room), pytest.raises(StoreError, match="cannot write the snapshot of call call-1: the disk is full"):
        writer.snapshot()

    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    writer.snapshot()
    np.testing.assert_array_equal(load_snapshot(folder).embedding, store.open("call-1").read("customer").embedding)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user of the machine can reach."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_who_may_only_read_reads_and_is_told_what_is_not_allowed(open_folder: Path, worker: Worker):
    store = store_at(open_folder / "store")
    writer = store.create(record_of())
    writer.append(frames_of("call-1", "customer", 0, 50))
    writer.finish("finished", {})
    worker.start("append_events", path=str(store.settings.path), count=3, name="call-1")
    worker.result()
    lock_up(open_folder / "store")

    worker.start("use_without_rights", path=str(store.settings.path))
    answer = worker.result()

    assert "error" not in answer
    assert (answer["calls"], answer["frames"], answer["events"], answer["events of the call"]) == (["call-1"], 50, 3, 3)
    assert answer["create"].startswith("cannot create call call-2: permission denied")
    assert answer["delete"].startswith("cannot delete call call-1: permission denied")
    assert answer["recover"].startswith("cannot recover the store: permission denied")
    assert answer["append"].startswith("cannot write the journal")
    assert not any("\n" in answer[name] for name in ("create", "delete", "recover", "append"))


def lock_up(folder: Path) -> None:
    for parent, _, names in os.walk(folder):
        for path in (Path(parent, name) for name in names):
            path.chmod(0o444)
        Path(parent).chmod(0o555)


def test_a_file_in_the_place_of_the_store_says_so(tmp_path: Path):
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match=r"it is a file, not a folder; correct store.path"):
        store_at(tmp_path / "file")
    with pytest.raises(StoreError, match="a part of this path is a file"):
        store_at(tmp_path / "file" / "store").create(record_of())


def test_a_place_that_takes_no_folder_says_so():
    with pytest.raises(StoreError, match=r"^cannot create call call-1: the store /proc/[^\n:]+: [^\n]+$"):
        store_at(Path("/proc/emotion-store")).create(record_of())
