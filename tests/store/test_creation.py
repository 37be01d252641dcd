"""A disk that refuses any step of a call's creation leaves no half-made folder and no open file; a slow one holds up nobody."""

import errno
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import zarr

from monitor.conformance.stored_calls import record_of
from monitor.errors import StoreError, TakenError
from tests.store.zarr_folder import open_in, store_at

STEPS = ["writer_lock", "Tail.begin", "zarr.create_group", "LegArrays.create", "write_document", "open_arrays", "Recording"]


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_is_refused_leaves_nothing(step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_at(tmp_path / "store", audio="flac")
    store.create(record_of("call-0")).finish("finished", {})
    before = open_in(tmp_path)
    with monkeypatch.context() as patch, pytest.raises(StoreError, match="call call-1: the disk is full"):
        patch.setattr(f"monitor.store.zarr.call_writer.{step}", full)
        store.create(record_of())

    assert (list(tmp_path.rglob("*call-1*")), open_in(tmp_path)) == ([], before)
    store.create(record_of()).finish("finished", {})


def test_an_encoder_that_does_not_begin_leaves_no_open_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_at(tmp_path / "store", audio="flac")
    store.create(record_of("call-0")).finish("finished", {})
    before = open_in(tmp_path)
    with monkeypatch.context() as patch, pytest.raises(StoreError, match="cannot record call call-1"):
        patch.setattr("soundfile.SoundFile", full)
        store.create(record_of())

    assert (list(tmp_path.rglob("*call-1*")), open_in(tmp_path)) == ([], before)


def test_while_one_call_is_created_others_begin_and_its_id_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = store_at(tmp_path / "store"), store_at(tmp_path / "store")
    begun, go_on = Event(), Event()
    create_group = zarr.create_group

    def slowly(path: Path, **options: Any) -> zarr.Group:
        if path.stem == "slow":
            begun.set()
            go_on.wait()
        return create_group(path, **options)

    monkeypatch.setattr("monitor.store.zarr.call_writer.zarr.create_group", slowly)
    with ThreadPoolExecutor(1) as thread:
        slow = thread.submit(ours.create, record_of("slow"))
        begun.wait()
        for store in (ours, theirs):
            store.create(record_of(f"quick-{id(store)}")).finish("finished", {})
            with pytest.raises(TakenError):
                store.create(record_of("slow"))
            with pytest.raises(StoreError, match="cannot delete call slow: it is live"):
                store.delete("slow")
        assert theirs.recover() == []
        go_on.set()
        slow.result().finish("finished", {})

    assert theirs.open("slow").status == "empty"
