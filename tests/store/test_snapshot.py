import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from monitor.conformance.stored_calls import frames_of, record_of
from monitor.events import Frames, Mark
from monitor.frame_format import LegFormat
from monitor.store import snapshot as snapshot_module
from monitor.store.base import CallWriter
from monitor.store.disk import write_all
from monitor.store.zarr.store import ZarrStore
from tests.store.snapshot_files import Snapshot, load_snapshot


def take(store: ZarrStore, leg: str = "customer") -> Snapshot:
    return load_snapshot(store.layout.snapshots("call-1") / leg)


def written(store: ZarrStore, frames: Frames, format_: LegFormat | None = None) -> CallWriter:
    writer = store.create(record_of() if format_ is None else record_of(legs={frames.leg: format_}))
    writer.append(frames)
    return writer


def slice_of(frames: Frames, start: int, stop: int) -> Frames:
    """A run of frames of a leg whose embeddings are not pooled."""
    parts = (frames.embedding, frames.logits, frames.speech, frames.marks)
    return Frames(frames.call, frames.leg, start, *(part[start:stop] for part in parts))


def test_a_snapshot_holds_the_frames_and_the_mean_of_those_in_which_the_leg_speaks(store: ZarrStore):
    frames = frames_of("call-1", "customer", 0, 1000)
    written(store, frames).snapshot()

    snapshot = take(store)

    speaks = frames.speech >= 0.5
    np.testing.assert_array_equal(snapshot.embedding, frames.embedding)
    np.testing.assert_allclose(snapshot.utterance[0], frames.embedding[speaks].mean(axis=0), rtol=1e-6)
    assert (snapshot.embedding.dtype, snapshot.utterance.dtype) == (np.float32, np.float32)
    assert snapshot.result["speech_frames"] == int(speaks.sum())


def test_scores_are_the_softmax_of_the_mean_logits(store: ZarrStore):
    frames = frames_of("call-1", "customer", 0, 500)
    written(store, frames).snapshot()

    logits = frames.logits[frames.speech >= 0.5].astype(np.float64).mean(axis=0)
    np.testing.assert_allclose(take(store).result["scores"], np.exp(logits) / np.exp(logits).sum(), rtol=1e-6)


def test_the_result_says_what_it_is(store: ZarrStore):
    written(store, frames_of("call-1", "customer", 0, 1000)).finish("finished", {})

    result = take(store).result

    assert {name: result[name] for name in ("key", "labels", "granularity", "frames", "seconds", "frame_rate", "shape")} == {
        "key": "call-1/customer",
        "labels": ["angry", "happy", "neutral"],
        "granularity": "frame",
        "frames": 1000,
        "seconds": 20.0,
        "frame_rate": 50,
        "shape": [1000, 16],
    }
    assert result["status"] == "complete"
    assert result["engine"] == {"name": "compact", "version": "0"}
    assert set(result["versions"]) == {"emotion-monitor", "format", "numpy", "python", "zarr"}


def test_a_pooled_leg_has_a_row_for_each_pool_and_says_its_rate(store: ZarrStore):
    frames = frames_of("call-1", "agent", 0, 503)
    written(store, frames).finish("finished", {})

    snapshot = take(store, "agent")

    np.testing.assert_array_equal(snapshot.embedding, frames.embedding)
    assert (snapshot.result["shape"], snapshot.result["embedding_rate"], snapshot.result["frames"]) == ([101, 8], 10, 503)


def test_skipped_frames_are_rows_of_nan_and_no_part_of_the_mean(store: ZarrStore):
    frames = frames_of("call-1", "customer", 0, 100)
    frames.embedding[60:70] = np.nan
    frames.logits[60:70] = np.nan
    frames.marks[:] = 0
    frames.marks[60:70] = Mark.SKIPPED
    written(store, frames).snapshot()

    snapshot = take(store)

    speaks = (frames.speech >= 0.5) & (frames.marks == 0)
    np.testing.assert_array_equal(snapshot.embedding, frames.embedding)
    np.testing.assert_allclose(snapshot.utterance[0], frames.embedding[speaks].mean(axis=0), rtol=1e-6)
    assert snapshot.result["skipped_frames"] == 10


@pytest.mark.parametrize("count", [0, 50])
def test_without_speech_there_are_no_scores(count: int, store: ZarrStore):
    quiet = frames_of("call-1", "customer", 0, count)
    written(store, replace(quiet, speech=np.zeros(count, np.float32))).finish("finished", {})

    snapshot = take(store)

    assert snapshot.result["scores"] is None
    assert snapshot.embedding.shape == (count, 16)
    np.testing.assert_array_equal(snapshot.utterance, np.zeros((1, 16)))


def test_a_leg_that_may_not_be_analysed_has_neither_labels_nor_scores(store: ZarrStore):
    format_ = LegFormat(dim=0, classes=0)
    written(store, frames_of("call-1", "agent", 0, 100, format_), format_).finish("finished", {})

    snapshot = take(store, "agent")

    assert (snapshot.embedding.shape, snapshot.utterance.shape) == ((100, 0), (1, 0))
    assert (snapshot.result["labels"], snapshot.result["scores"]) == ([], None)


def test_a_later_snapshot_says_the_same_as_one_at_once(store: ZarrStore, tmp_path: Path):
    growing = store.create(record_of("growing"))
    for start in range(0, 4000, 500):
        growing.append(frames_of("growing", "customer", start, 500))
        growing.snapshot()
    growing.append(frames_of("growing", "customer", 4000, 7))
    growing.finish("finished", {})
    at_once = store.create(record_of("at-once"))
    at_once.append(frames_of("at-once", "customer", 0, 4007))
    at_once.finish("finished", {})

    first, second = (load_snapshot(store.layout.snapshots(call) / "customer") for call in ("growing", "at-once"))

    np.testing.assert_array_equal(first.embedding, second.embedding)
    np.testing.assert_allclose(first.utterance, second.utterance, rtol=1e-6)
    np.testing.assert_allclose(first.result["scores"], second.result["scores"], rtol=1e-9)


def test_a_snapshot_that_somebody_removed_is_written_anew(store: ZarrStore):
    writer = written(store, frames_of("call-1", "customer", 0, 500))
    writer.snapshot()
    (store.layout.snapshots("call-1") / "customer" / "embedding.npy").unlink()
    writer.append(frames_of("call-1", "customer", 500, 500))

    writer.snapshot()

    np.testing.assert_array_equal(take(store).embedding, frames_of("call-1", "customer", 0, 1000).embedding)


def test_the_result_is_json_that_other_tools_read(store: ZarrStore):
    written(store, frames_of("call-1", "customer", 0, 100)).snapshot()
    folder = store.layout.snapshots("call-1") / "customer"

    assert sorted(path.name for path in folder.iterdir()) == ["embedding.npy", "result.json", "utterance.npy"]
    assert json.loads((folder / "result.json").read_text())["files"] == {"frame": "embedding.npy", "utterance": "utterance.npy"}
    assert np.load(folder / "embedding.npy", mmap_mode="r", allow_pickle=False).shape == (100, 16)


def test_as_a_call_grows_only_what_is_new_is_written(store: ZarrStore, monkeypatch: pytest.MonkeyPatch):
    written_bytes = []
    monkeypatch.setattr(
        snapshot_module, "write_all", lambda fd, content, at: (written_bytes.append(len(content)), write_all(fd, content, at))
    )
    frames = frames_of("call-1", "customer", 0, 4000)
    writer = store.create(record_of())
    for start in range(0, 4000, 1000):
        written_bytes.clear()
        writer.append(slice_of(frames, start, start + 1000))
        writer.snapshot()
        np.testing.assert_array_equal(take(store).embedding, frames.embedding[: start + 1000])
        assert take(store).result["shape"] == [start + 1000, 16]
    assert sum(written_bytes) < 1000 * 16 * 4 + 4096


def test_a_reader_who_has_an_earlier_snapshot_open_keeps_it(store: ZarrStore):
    frames = frames_of("call-1", "customer", 0, 2000)
    writer = written(store, slice_of(frames, 0, 1000))
    writer.snapshot()
    opened = np.load(store.layout.snapshots("call-1") / "customer" / "embedding.npy", mmap_mode="r")
    writer.append(slice_of(frames, 1000, 2000))
    writer.snapshot()
    np.testing.assert_array_equal(opened, frames.embedding[:1000])


def test_a_file_that_somebody_cut_is_written_anew(store: ZarrStore):
    frames = frames_of("call-1", "customer", 0, 2000)
    writer = written(store, slice_of(frames, 0, 1000))
    writer.snapshot()
    os.truncate(store.layout.snapshots("call-1") / "customer" / "embedding.npy", 1000)
    writer.append(slice_of(frames, 1000, 2000))
    writer.snapshot()
    np.testing.assert_array_equal(take(store).embedding, frames.embedding)
