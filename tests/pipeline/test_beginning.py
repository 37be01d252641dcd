"""A call that could not be begun leaves nothing behind, whichever step refuses; and no step holds up the others' calls."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from monitor.errors import BusyError, StoreError, TakenError
from monitor.events import Event
from monitor.pipeline.analysis import CallAnalysis
from monitor.pipeline.monitor import Monitor
from monitor.store.base import CallRecord, CallWriter, Store
from monitor.store.journal import Journal, Message
from tests.pipeline.conftest import StartMonitor
from tests.pipeline.scripted_source import ScriptedSource, tone

PATIENCE = 60.0


def refuse(*_: object, **__: object) -> None:
    raise StoreError("no space left on device")


def refused_by_the_store(monitor: Monitor, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(monitor.store, "create", refuse)


def refused_by_the_recording(monitor: Monitor, patch: pytest.MonkeyPatch) -> None:
    patch.setattr("monitor.store.zarr.call_writer.Recording", refuse)


def refused_by_the_analysis(monitor: Monitor, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(CallAnalysis, "__init__", refuse)


def refused_by_the_journal(monitor: Monitor, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(type(monitor.journal), "append", refuse)


def refused_by_the_system(monitor: Monitor, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(threading.Thread, "start", refuse)


STEPS = [
    refused_by_the_store,
    refused_by_the_recording,
    refused_by_the_analysis,
    refused_by_the_journal,
    refused_by_the_system,
]


def open_files(folder: Path) -> list[str]:
    """What this process has open in the store of this folder, but for the lock by which it is known to live."""
    links = (os.path.realpath(descriptor) for descriptor in Path("/proc/self/fd").iterdir())
    store = f"{folder.resolve()}/store/"
    return sorted(link for link in links if link.startswith(store) and not link.startswith(f"{store}writers/"))


@pytest.fixture
def source() -> ScriptedSource:
    return ScriptedSource({"customer": tone(2, 0.1), "agent": tone(2, 0.1)})


@pytest.mark.parametrize("step", STEPS)
def test_nothing_is_left_of_a_call_that_could_not_be_begun(
    step: Callable[[Monitor, pytest.MonkeyPatch], None],
    source: ScriptedSource,
    start_monitor: StartMonitor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monitor = start_monitor(store__audio="flac")
    with monkeypatch.context() as patch, pytest.raises(StoreError, match="no space left"):
        step(monitor, patch)
        monitor.start_call(source, call_id="call-1")

    assert (monitor.calls(), monitor.store.catalogue(), monitor.journal.read(0)) == ([], [], [])
    assert (list(tmp_path.rglob("*call-1*")), open_files(tmp_path)) == ([], [])
    assert source.end_reason() == "stopped"


@pytest.mark.parametrize("step", STEPS)
def test_its_id_can_be_used_by_the_next_try(
    step: Callable[[Monitor, pytest.MonkeyPatch], None],
    source: ScriptedSource,
    start_monitor: StartMonitor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monitor = start_monitor(server__max_calls=1, store__audio="flac")
    with monkeypatch.context() as patch, pytest.raises(StoreError, match="no space left"):
        step(monitor, patch)
        monitor.start_call(source, call_id="call-1")

    again = monitor.start_call(ScriptedSource({"customer": tone(2, 0.1)}), call_id="call-1")

    assert again.wait(PATIENCE)
    assert monitor.store.open("call-1").status == "complete"


class SlowStore:
    """Takes its time to create a call."""

    def __init__(self, store: Store) -> None:
        self.asked, self.may_go_on = threading.Event(), threading.Event()
        self._create = store.create
        store.create = self.create  # type: ignore[method-assign]

    def create(self, record: CallRecord) -> CallWriter:
        self.asked.set()
        assert self.may_go_on.wait(PATIENCE)
        return self._create(record)


def test_while_the_store_takes_its_time_the_monitor_answers_and_counts_the_call(
    source: ScriptedSource, start_monitor: StartMonitor
) -> None:
    monitor = start_monitor(server__max_calls=1)
    slow = SlowStore(monitor.store)
    with ThreadPoolExecutor() as threads:
        beginning = threads.submit(monitor.start_call, source, call_id="call-1")
        assert slow.asked.wait(PATIENCE)
        calls = threads.submit(monitor.calls).result(PATIENCE)
        with pytest.raises(BusyError, match="1 calls are in progress"):
            threads.submit(monitor.check_room).result(PATIENCE)
        slow.may_go_on.set()
        begun = beginning.result(PATIENCE)

    assert (calls, begun.wait(PATIENCE)) == ([], True)


def test_an_id_that_is_being_taken_is_taken(source: ScriptedSource, start_monitor: StartMonitor) -> None:
    monitor = start_monitor()
    slow = SlowStore(monitor.store)
    with ThreadPoolExecutor() as threads:
        beginning = threads.submit(monitor.start_call, source, call_id="call-1")
        assert slow.asked.wait(PATIENCE)
        with pytest.raises(TakenError, match="call-1"):
            monitor.start_call(ScriptedSource({"customer": tone(1, 0.1)}), call_id="call-1")
        slow.may_go_on.set()
        assert beginning.result(PATIENCE).wait(PATIENCE)

    assert monitor.store.open("call-1").committed("customer") == 100


def test_a_monitor_that_is_closed_meanwhile_takes_the_call_back(source: ScriptedSource, start_monitor: StartMonitor) -> None:
    monitor = start_monitor()
    slow = SlowStore(monitor.store)
    with ThreadPoolExecutor() as threads:
        beginning = threads.submit(monitor.start_call, source, call_id="call-1")
        assert slow.asked.wait(PATIENCE)
        threads.submit(monitor.close).result(PATIENCE)
        slow.may_go_on.set()
        with pytest.raises(BusyError, match="stopping"):
            beginning.result(PATIENCE)

    assert (monitor.store.catalogue(), monitor.journal.read(0)) == ([], [])


def test_nothing_is_heard_before_the_journal_says_that_the_call_began(
    source: ScriptedSource, start_monitor: StartMonitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monitor = start_monitor()
    order: list[str] = []
    append, chunks = type(monitor.journal).append, source.chunks

    def told(journal: Journal, event: Event) -> Message:
        if journal is monitor.journal:  # calls of earlier tests may still be ending
            order.append(event.type)
        return append(journal, event)

    monkeypatch.setattr(type(monitor.journal), "append", told)
    monkeypatch.setattr(source, "chunks", lambda: (order.append("heard"), chunks())[1])
    assert monitor.start_call(source).wait(PATIENCE)

    assert order[:2] == ["call_started", "heard"]
