"""Rounds: two threads hear and write all calls; what is wrong with one of them costs the others nothing."""

import threading
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from monitor.audio.chunk import AudioChunk
from monitor.errors import SourceError, StoreError
from monitor.events import Frames, Leg, LegReport
from monitor.pipeline.call import LiveCall
from monitor.pipeline.monitor import Monitor
from monitor.sources.base import PolledSource
from monitor.store.zarr.call_writer import ZarrCallWriter
from tests.pipeline.conftest import StartMonitor
from tests.pipeline.new_threads import NewThreads
from tests.pipeline.scripted_source import tone
from tests.sources.rtp.listening import wait_for

PIECE = 1_600


class Tone(PolledSource):
    """A tone of so many seconds, a tenth of a second a look; after that, nothing until it is stopped."""

    kind = "tone"

    def __init__(self, seconds: float = 2.0, wrong: Exception | None = None) -> None:
        super().__init__()
        self.legs = ("customer",)
        self.description = "a tone"
        self.closed = False
        self._samples, self._wrong = tone(seconds, 0.9), wrong
        self._given = 0

    def look(self) -> Iterable[AudioChunk]:
        if self._wrong is not None and self._given >= 8_000:
            raise self._wrong
        samples = self._samples[self._given : self._given + PIECE]
        self._given += len(samples)
        return [AudioChunk("customer", self._given - len(samples), samples)] if len(samples) else []

    @property
    def over(self) -> bool:
        return self._stop.is_set()

    def rest(self) -> Iterable[AudioChunk]:
        rest = self._samples[self._given :]
        return [AudioChunk("customer", self._given, rest)] if len(rest) else []

    def close(self) -> None:
        self.closed = True

    def stop(self) -> None:
        self._stop.set()

    def report(self) -> Mapping[Leg, LegReport]:
        return {"customer": LegReport(seconds=self._given / 16_000)}

    def end_reason(self) -> str:
        return "stopped"


def started(monitor: Monitor, source: Tone, call_id: str) -> LiveCall:
    return monitor.start_call(source, call_id=call_id)


def reason(monitor: Monitor, call_id: str) -> Any:
    return monitor.journal.read(0, call=call_id, types=["call_ended"])[-1]["reason"]


def test_threads_do_not_grow_with_calls(start_monitor: StartMonitor) -> None:
    monitor, threads = start_monitor(), NewThreads()
    calls = [started(monitor, Tone(), f"call-{number}") for number in range(6)]
    wait_for(lambda: all(call.seconds >= 1.5 for call in calls))
    wait_for(lambda: threads.named("call") == ["calls-hear", "calls-write"])


def test_what_is_left_when_a_call_is_stopped_is_heard_and_its_source_closed(start_monitor: StartMonitor) -> None:
    monitor = start_monitor()
    source = Tone(3.0)
    call = started(monitor, source, "c")
    wait_for(lambda: call.seconds > 0)
    monitor.stop_call("c")
    assert call.wait(30)
    assert (monitor.store.open("c").committed("customer"), source.closed, reason(monitor, "c")) == (150, True, "stopped")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (SourceError("the cable is cut"), "error: the cable is cut"),
        (ZeroDivisionError("oh"), "error: defect: ZeroDivisionError"),
    ],
)
def test_what_is_wrong_with_one_source_ends_that_call_alone(start_monitor: StartMonitor, wrong: Exception, said: str) -> None:
    monitor = start_monitor()
    other = started(monitor, Tone(), "other")
    call = started(monitor, source := Tone(wrong=wrong), "wrong")
    assert call.wait(30)
    assert (reason(monitor, "wrong"), source.closed) == (said, True)
    wait_for(lambda: other.seconds >= 1.5)
    assert [live.id for live in monitor.calls()] == ["other"]


def test_a_disk_that_hangs_holds_up_the_hearing_of_no_call(
    start_monitor: StartMonitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs, goes_on = threading.Event(), threading.Event()
    append = ZarrCallWriter.append

    def hang(writer: ZarrCallWriter, frames: Frames) -> None:
        hangs.set()
        goes_on.wait(30)
        append(writer, frames)

    monkeypatch.setattr(ZarrCallWriter, "append", hang)
    monitor = start_monitor()
    calls = [started(monitor, Tone(), f"call-{number}") for number in range(3)]
    assert hangs.wait(30)
    wait_for(lambda: all(call.seconds >= 1.5 for call in calls))
    assert all(call.unstored >= 75 for call in calls), "it waits in memory"
    goes_on.set()
    for call in calls:
        monitor.stop_call(call.id)
        assert call.wait(30)
        assert monitor.store.open(call.id).committed("customer") == 100


def test_what_is_wrong_with_one_calls_writing_ends_that_call_alone(
    start_monitor: StartMonitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = ZarrCallWriter.append

    def fail(writer: ZarrCallWriter, frames: Frames) -> None:
        if frames.call == "wrong" and frames.start:
            raise ValueError("frames that do not follow")
        append(writer, frames)

    monkeypatch.setattr(ZarrCallWriter, "append", fail)
    monitor = start_monitor()
    other, call = started(monitor, Tone(), "other"), started(monitor, Tone(), "wrong")
    assert call.wait(30)
    assert reason(monitor, "wrong") == "error: defect: ValueError"
    wait_for(lambda: other.seconds >= 1.5)


def test_a_disk_that_refuses_is_tried_again_and_nothing_is_lost(
    start_monitor: StartMonitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, refused = ZarrCallWriter.append, threading.Event()

    def refuse_once(writer: ZarrCallWriter, frames: Frames) -> None:
        if not refused.is_set():
            refused.set()
            raise StoreError("no space left on device")
        append(writer, frames)

    monkeypatch.setattr("monitor.pipeline.recorder.RETRY_SECONDS", 0.05)
    monkeypatch.setattr(ZarrCallWriter, "append", refuse_once)
    monitor = start_monitor()
    call = started(monitor, Tone(), "c")
    assert refused.wait(30)
    wait_for(lambda: call.seconds >= 1.5)
    monitor.stop_call("c")
    assert call.wait(30)
    assert monitor.store.open("c").committed("customer") == 100
