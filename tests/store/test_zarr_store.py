import random
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import zarr

from monitor.conformance.stored_calls import FORMATS, assert_as_written, assert_same_frames, frames_of, record_of
from monitor.errors import StoreError
from monitor.events import Frames, Leg, Mark, StateChanged
from monitor.store.zarr.closing import close_frames
from monitor.store.zarr.layout import live_folder
from monitor.store.zarr.store import ZarrStore
from tests.store.conftest import Worker
from tests.store.full_disk import disk_with_room
from tests.store.zarr_folder import store_at


def finished(store: ZarrStore, call: str = "call-1", frames: int = 100) -> Path:
    writer = store.create(record_of(call))
    for leg in FORMATS:
        writer.append(frames_of(call, leg, 0, frames))
        writer.append_audio(leg, np.zeros(frames * 320, np.float32))
    writer.finish("finished", {})
    store.journal.append(StateChanged(call=call, leg="agent", emotion="a", previous="b", confidence=1, valence=0, arousal=0))
    return store.open(call).path


@pytest.mark.parametrize("heard", [100, 1500], ids=["within a chunk", "at the end of a chunk"])
def test_a_call_whose_last_frames_were_all_skipped_is_closed_with_the_disk_confirming_each_chunk(tmp_path: Path, heard: int):
    store = store_at(tmp_path / "store", fsync=True)
    writer = store.create(record_of())
    writer.append(frames_of("call-1", "customer", 0, heard))
    writer.append(skipped("call-1", "customer", heard, 1600))

    writer.finish("finished", {})

    found = store.open("call-1")
    assert found.committed("customer") == heard + 1600
    assert_same_frames(found.read("customer", heard), skipped("call-1", "customer", heard, 1600))


def skipped(call: str, leg: Leg, start: int, count: int) -> Frames:
    frames = frames_of(call, leg, start, count)
    return replace(
        frames,
        embedding=np.full_like(frames.embedding, np.nan),
        logits=np.full_like(frames.logits, np.nan),
        speech=np.zeros_like(frames.speech),
        marks=np.full_like(frames.marks, Mark.SKIPPED),
    )


def test_a_finished_call_is_plain_zarr_of_the_documented_shape(store: ZarrStore):
    path = finished(store, frames=1511)

    root = zarr.open_group(path, mode="r")

    assert path == store.layout.root / "calls" / "2026-03-01" / "call-1.zarr"
    assert {name: (root[name].shape, str(root[name].dtype)) for name in arrays_of(root)} == {
        "customer/embedding": ((1511, 16), "float16"),
        "customer/logits": ((1511, 3), "float32"),
        "customer/speech": ((1511,), "float32"),
        "customer/marks": ((1511,), "uint8"),
        "agent/embedding": ((303, 8), "float16"),
        "agent/logits": ((1511, 3), "float32"),
        "agent/speech": ((1511,), "float32"),
        "agent/marks": ((1511,), "uint8"),
    }
    assert root.attrs["committed"] == {"customer": 1511, "agent": 1511}
    assert root.attrs["labels"] == ["angry", "happy", "neutral"]
    assert root.attrs["engine"] == {"name": "compact", "version": "0"}
    assert (root.attrs["format"], root.attrs["frame_rate"], root.attrs["sample_rate"]) == (1, 50, 16000)
    assert set(root.attrs["versions"]) == {"emotion-monitor", "python", "zarr", "numpy"}
    assert root["agent"].attrs["embedding_rate"] == 10
    assert not live_folder(path).exists()


def arrays_of(root: zarr.Group) -> list[str]:
    return [f"{leg}/{name}" for leg in root.group_keys() for name in root[leg].array_keys()]


def test_float32_keeps_every_bit(tmp_path: Path):
    store = store_at(tmp_path)
    format_ = FORMATS["customer"].__class__(dim=4, classes=3, dtype="float32")
    writer = store.create(record_of(legs={"customer": format_}))
    written = frames_of("call-1", "customer", 0, 50, format_)
    written.embedding[:] = np.random.default_rng(1).standard_normal((50, 4))
    writer.append(written)
    writer.finish("finished", {})

    np.testing.assert_array_equal(store.open("call-1").read("customer").embedding, written.embedding)


def test_deleting_leaves_no_trace(tmp_path: Path):
    store = store_at(tmp_path / "store", audio="flac")
    finished(store, "secret-7")
    finished(store, "other")

    store.delete("secret-7")

    assert [path for path in tmp_path.rglob("*") if "secret" in path.name] == []
    assert [path for path in tmp_path.rglob("*") if path.is_file() and b"secret-7" in path.read_bytes()] == []
    assert [message["type"] for message in store.journal.read(0)] == ["erased", "state"]
    assert_as_written(store.open("other"))


def test_a_deletion_that_was_interrupted_is_finished_by_repeating_it(store: ZarrStore, monkeypatch: pytest.MonkeyPatch):
    path = finished(store)
    with monkeypatch.context() as patch, pytest.raises(StoreError, match="cannot delete call call-1"):
        patch.setattr("shutil.rmtree", interrupted)
        store.delete("call-1")
    assert store.catalogue() == []

    store.delete("call-1")

    assert list(store.layout.root.rglob("*call-1*")) == []
    assert list(path.parent.iterdir()) == []


def interrupted(*_: object, **__: object) -> None:
    raise OSError(5, "Input/output error")


def test_recovery_finishes_a_deletion(store: ZarrStore):
    path = finished(store)
    path.rename(path.with_suffix(".deleted"))

    assert store.recover() == []

    assert list(path.parent.iterdir()) == []


def test_a_recovered_call_has_a_snapshot_and_its_length(store: ZarrStore):
    writer = store.create(record_of())
    writer.append(frames_of("call-1", "customer", 0, 1600))
    writer.abandon()
    assert [(line.id, line.status, line.seconds) for line in store.catalogue()] == [("call-1", "interrupted", 32.0)]

    assert store.recover() == ["call-1"]

    assert store.recover() == []
    stored = store.open("call-1")
    assert (stored.status, stored.reason) == ("interrupted", "interrupted")
    assert zarr.open_group(stored.path, mode="r")["customer/logits"].shape == (1600, 3)
    assert (store.layout.snapshots("call-1") / "customer" / "result.json").exists()
    assert [line.id for line in store.catalogue() if line.status == "interrupted"] == ["call-1"]


def test_a_writer_that_dies_after_closing_the_frames_leaves_the_rest_to_recovery(store: ZarrStore):
    writer = store.create(record_of())
    writer.append(frames_of("call-1", "customer", 0, 100))
    path = store.open("call-1").path
    close_frames(path, "finished", {}, fsync=False)
    writer.abandon()
    assert live_folder(path).exists()

    assert store.recover() == []

    assert not live_folder(path).exists()
    assert (store.layout.snapshots("call-1") / "customer" / "embedding.npy").exists()
    assert [(line.status, line.legs) for line in store.catalogue()] == [("complete", {"customer": 100, "agent": 0})]


def test_an_interrupted_call_can_be_deleted_before_it_is_recovered(store: ZarrStore):
    writer = store.create(record_of())
    writer.append(frames_of("call-1", "customer", 0, 25))
    writer.abandon()

    store.delete("call-1")

    assert store.catalogue() == []
    assert store.recover() == []


def test_two_processes_create_calls_side_by_side(store: ZarrStore, worker: Worker, tmp_path: Path):
    report = tmp_path / "report"
    pid = worker.start("write_until_killed", path=str(store.settings.path), call="theirs", report=str(report))

    finished(store, "ours")

    wait_for(report)
    assert {line.id: line.status for line in store.catalogue()} == {"ours": "complete", "theirs": "live"}
    with pytest.raises(StoreError, match="cannot delete call theirs: it is live"):
        store.delete("theirs")
    worker.kill(pid)


def wait_for(report: Path) -> None:
    while not report.exists() or report.stat().st_size == 0:
        time.sleep(0.002)


def sweep(seconds: float) -> np.ndarray:
    time_ = np.arange(round(seconds * 16000)) / 16000
    return (0.4 * np.sin(2 * np.pi * (300 + 200 * time_) * time_)).astype(np.float32)


@pytest.mark.parametrize(("kind", "error"), [("flac", 2**-15), ("opus", 0.2)])
def test_audio_is_aligned_with_the_frames(kind: str, error: float, tmp_path: Path):
    store = store_at(tmp_path, audio=kind)
    writer = store.create(record_of())
    sound = sweep(3.3)
    for start in range(0, len(sound), 1600):
        writer.append_audio("customer", sound[start : start + 1600])
    writer.finish("finished", {})

    heard, rate = soundfile.read(store.layout.audio("call-1") / f"customer.{kind}", dtype="float32")

    assert (rate, len(heard)) == (16000, len(sound))
    assert lag(heard, sound) == 0
    assert np.abs(heard[1600:-1600] - sound[1600:-1600]).max() <= error
    assert not (store.layout.audio("call-1") / f"agent.{kind}").exists()


def lag(heard: np.ndarray, sound: np.ndarray) -> int:
    size = 2 * len(sound)
    product = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(sound, size)))
    return int((np.argmax(product) + size // 2) % size - size // 2)


@pytest.mark.parametrize(("kind", "lost"), [("flac", 0.3), ("opus", 1.2)])
def test_audio_survives_a_kill_but_for_the_last_moment(kind: str, lost: float, tmp_path: Path, worker: Worker):
    store = store_at(tmp_path / "store", audio=kind)
    pid = worker.start("record_until_killed", path=str(store.settings.path), kind=kind, report=str(tmp_path / "report"))
    wait_for(tmp_path / "report")
    worker.kill(pid)

    assert store.recover() == ["call-1"]

    heard, _ = soundfile.read(store.layout.audio("call-1") / f"customer.{kind}", dtype="float32")
    assert 5.0 - lost <= len(heard) / 16000 <= 5.0
    assert lag(heard, sweep(5.0)[: len(heard)]) == 0


def test_no_audio_is_kept_unless_asked_for(store: ZarrStore):
    finished(store)

    assert not (store.layout.root / "audio").exists()


def test_audio_that_the_disk_refuses_is_written_once_there_is_room(tmp_path: Path):
    store = store_at(tmp_path, audio="flac")
    writer = store.create(record_of())
    sound = sweep(4.0)
    writer.append_audio("customer", sound[:16000])
    with disk_with_room(100):
        writer.append_audio("customer", sound[16000:48000])
    writer.append_audio("customer", sound[48000:])
    writer.finish("finished", {})

    heard, _ = soundfile.read(store.layout.audio("call-1") / "customer.flac", dtype="float32")

    np.testing.assert_allclose(heard, sound, atol=2**-15)


def test_the_catalogue_does_not_open_arrays(store: ZarrStore):
    path = finished(store)
    for leg in ("customer", "agent"):
        (path / leg / "zarr.json").unlink()

    assert [line.id for line in store.catalogue()] == ["call-1"]


def test_ids_with_dots_do_not_meet(store: ZarrStore):
    names = ["a", "a.live", "a.zarr", "a.new", "a.deleted", "a.zarr.live"]
    random.Random(1).shuffle(names)
    for name in names:
        finished(store, name, 25)

    assert sorted(line.id for line in store.catalogue()) == sorted(names)
    assert store.recover() == []
    store.delete("a")
    assert sorted(line.id for line in store.catalogue()) == sorted(set(names) - {"a"})
