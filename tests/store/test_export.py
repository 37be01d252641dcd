import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from monitor.conformance.stored_calls import frames_of, record_of
from monitor.errors import NotFoundError, StoreError
from monitor.events import StateChanged
from monitor.store.export import export_call
from monitor.store.zarr.store import ZarrStore
from tests.store.full_disk import disk_with_room
from tests.store.snapshot_files import load_snapshot
from tests.store.zarr_folder import store_at

FILES = [
    "agent/embedding.npy",
    "agent/level.npy",
    "agent/result.json",
    "agent/utterance.npy",
    "call.json",
    "customer.flac",
    "customer/embedding.npy",
    "customer/level.npy",
    "customer/result.json",
    "customer/utterance.npy",
    "events.jsonl",
]


@pytest.fixture
def store(tmp_path: Path) -> ZarrStore:
    store = store_at(tmp_path / "store", audio="flac")
    writer = store.create(record_of())
    writer.append(frames_of("call-1", "customer", 0, 200))
    writer.append(frames_of("call-1", "agent", 0, 200))
    writer.append_audio("customer", np.zeros(64000, np.float32))
    for call in ("call-1", "other", "call-1"):
        store.journal.append(
            StateChanged(call=call, leg="agent", emotion="a", previous="b", confidence=1, valence=0, arousal=0)
        )
    writer.finish("finished", {})
    return store


def test_a_call_is_exported_to_a_folder(store: ZarrStore, tmp_path: Path):
    (tmp_path / "new").mkdir()
    names = export_call(store, "call-1", tmp_path / "new" / "out")

    out = tmp_path / "new" / "out"
    assert names == FILES == sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())
    np.testing.assert_array_equal(load_snapshot(out / "customer").embedding, store.open("call-1").read("customer").embedding)
    events = [json.loads(line) for line in (out / "events.jsonl").read_text().splitlines()]
    assert [event["seq"] for event in events] == [1, 3]
    assert json.loads((out / "call.json").read_text())["committed"] == {"customer": 200, "agent": 200}
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_a_call_is_exported_to_an_archive(store: ZarrStore, tmp_path: Path):
    names = export_call(store, "call-1", tmp_path / "out.zip")

    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == names == FILES


def test_an_export_replaces_nothing(store: ZarrStore, tmp_path: Path):
    (tmp_path / "out").mkdir()

    with pytest.raises(StoreError, match=r"it exists; name a new folder or .zip file"):
        export_call(store, "call-1", tmp_path / "out")


def test_an_export_makes_no_folders_above_the_one_that_is_named(store: ZarrStore, tmp_path: Path):
    with pytest.raises(StoreError, match=r"there is no folder .*mistyped"):
        export_call(store, "call-1", tmp_path / "mistyped" / "out")
    assert not (tmp_path / "mistyped").exists()


def test_an_export_that_fails_leaves_nothing(store: ZarrStore, tmp_path: Path):
    (tmp_path / "deep").mkdir()
    with disk_with_room(5000), pytest.raises(StoreError, match="the disk is full"):
        export_call(store, "call-1", tmp_path / "deep" / "out")

    assert list((tmp_path / "deep").iterdir()) == []


def test_an_unknown_call_is_not_found(store: ZarrStore, tmp_path: Path):
    with pytest.raises(NotFoundError, match="call other is not in this store"):
        export_call(store, "other", tmp_path / "out")
