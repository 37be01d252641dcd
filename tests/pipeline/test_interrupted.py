"""What a dead process left open is closed once; what a living one is about to close is left to it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from monitor.config.sections import StoreSection
from monitor.conformance.stored_calls import frames_of, record_of
from monitor.events import CallEnded, CallStarted
from monitor.pipeline.interrupted import close_interrupted
from monitor.store.zarr.call_writer import ZarrCallWriter
from monitor.store.zarr.layout import live_folder
from monitor.store.zarr.store import ZarrStore

ENDED = CallEnded(call="call-1", time=0.5, at=0.5, reason="finished", legs={})


@pytest.fixture
def settings(tmp_path: Path) -> StoreSection:
    return StoreSection(path=tmp_path / "store", fsync=False)


@pytest.fixture
def writer(settings: StoreSection) -> ZarrCallWriter:
    """Of a call that has begun and has frames, in another process so to speak: a store of its own."""
    store = ZarrStore(settings)
    writer = store.create(record_of())
    started = CallStarted(
        call="call-1",
        started_at="2026-01-02T10:15:00+00:00",
        legs=("customer", "agent"),
        inferred=("customer",),
        source="a test",
        engine="level",
        labels=(),
        metadata={},
    )
    store.journal.append(started)
    writer.append(frames_of("call-1", "customer", 0, 25))
    return writer


def ends(settings: StoreSection) -> list[str]:
    """Reasons of all `call_ended` in the journal."""
    return [message["reason"] for message in ZarrStore(settings).journal.read(0, types=("call_ended",))]


def test_a_live_call_of_another_process_is_left_alone(settings: StoreSection, writer: ZarrCallWriter) -> None:
    assert (close_interrupted(ZarrStore(settings)), ends(settings), writer.committed("customer")) == ([], [], 25)


def test_a_closed_call_whose_end_is_not_said_yet_is_left_to_its_writer(settings: StoreSection, writer: ZarrCallWriter) -> None:
    writer.close("finished", {})
    assert (close_interrupted(ZarrStore(settings)), ends(settings)) == ([], [])


def test_an_end_that_was_said_is_not_said_again(settings: StoreSection, writer: ZarrCallWriter) -> None:
    writer.close("finished", {})
    ZarrStore(settings).journal.append(ENDED)
    writer.release()
    assert (close_interrupted(ZarrStore(settings)), ends(settings)) == ([], ["finished"])


def test_a_writer_that_died_before_it_said_the_end_has_it_said_once(settings: StoreSection, writer: ZarrCallWriter) -> None:
    writer.close("finished", {})
    writer.abandon()
    assert [close_interrupted(ZarrStore(settings)) for _ in range(2)] == [["call-1"], []]
    assert ends(settings) == ["finished"]


def test_a_call_whose_process_died_before_it_was_said_to_begin_leaves_nothing(settings: StoreSection, tmp_path: Path) -> None:
    ZarrStore(settings).create(record_of()).abandon()

    closed = close_interrupted(ZarrStore(settings))

    store = ZarrStore(settings)
    assert (closed, store.catalogue(), store.journal.read(0)) == ([], [], [])
    assert list(tmp_path.rglob("*call-1*")) == []


def test_processes_that_start_at_once_say_the_end_of_a_dead_ones_call_once(
    settings: StoreSection, writer: ZarrCallWriter
) -> None:
    writer.abandon()
    with ThreadPoolExecutor(4) as threads:
        closed = list(threads.map(lambda _: close_interrupted(ZarrStore(settings)), range(4)))
    assert (sorted(closed), ends(settings)) == ([[], [], [], ["call-1"]], ["interrupted"])


def test_what_a_kill_left_half_written_is_removed_at_the_next_start(settings: StoreSection, writer: ZarrCallWriter) -> None:
    snapshots = ZarrStore(settings).layout.snapshots("call-1") / "customer"
    snapshots.mkdir(parents=True)
    path = ZarrStore(settings).open("call-1").path
    left = [
        snapshots / ".result.json.4711.tmp",
        path / ".zarr.json.4711.tmp",
        path / "customer" / "speech" / "c" / "0.4711.partial",
        settings.path / "journal" / ".0000000001.jsonl.4711.tmp",
    ]
    left[2].parent.mkdir(parents=True, exist_ok=True)
    written = [file.write_bytes(b"half") for file in left]
    writer.abandon()
    close_interrupted(ZarrStore(settings))
    assert (written, [file for file in left if file.exists()]) == ([4] * 4, [])
    assert (snapshots / "result.json").exists()


def test_a_call_that_ended_a_moment_ago_is_deleted_once_its_writer_lets_go(
    settings: StoreSection, writer: ZarrCallWriter
) -> None:
    store, path = ZarrStore(settings), ZarrStore(settings).open("call-1").path
    writer.close("finished", {})
    with ThreadPoolExecutor(1) as thread:
        deleting = thread.submit(store.delete, "call-1")
        writer.release()
        deleting.result(60)
    assert (path.exists(), live_folder(path).exists()) == (False, False)
