"""A disk that refuses any step of a call's creation leaves no half-made folder and no open file."""

import errno
from pathlib import Path

import pytest

from monitor.conformance.stored_calls import record_of
from monitor.errors import StoreError
from tests.store.zarr_folder import store_at

STEPS = ["writer_lock", "Tail.begin", "zarr.create_group", "LegArrays.create", "write_document", "open_arrays", "Recording"]


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_is_refused_leaves_nothing(step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_at(tmp_path / "store", audio="flac")
    store.create(record_of("call-0")).finish("finished", {})
    before = open_files()
    with monkeypatch.context() as patch, pytest.raises(StoreError, match="call call-1: the disk is full"):
        patch.setattr(f"monitor.store.zarr.call_writer.{step}", full)
        store.create(record_of())

    assert (list(tmp_path.rglob("*call-1*")), open_files()) == ([], before)
    store.create(record_of()).finish("finished", {})


def test_an_encoder_that_does_not_begin_leaves_no_open_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_at(tmp_path / "store", audio="flac")
    store.create(record_of("call-0")).finish("finished", {})
    before = open_files()
    with monkeypatch.context() as patch, pytest.raises(StoreError, match="cannot record call call-1"):
        patch.setattr("soundfile.SoundFile", full)
        store.create(record_of())

    assert (list(tmp_path.rglob("*call-1*")), open_files()) == ([], before)
