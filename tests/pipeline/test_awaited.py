"""Calls of sources that are waited for begin with the first audio, have all of it, and cost no thread until then."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pytest

from monitor.audio.chunk import AudioChunk
from monitor.errors import BusyError, MonitorError, SourceError
from monitor.pipeline.awaited import AwaitedCalls
from monitor.pipeline.call import LiveCall
from monitor.pipeline.monitor import Monitor
from monitor.sources.base import Source
from tests.pipeline.conftest import StartMonitor
from tests.pipeline.new_threads import NewThreads
from tests.pipeline.test_rounds import Tone, reason
from tests.sources.rtp.listening import wait_for


class LateTone(Tone):
    """A tone that begins with the third look; until then, chunks without a sample."""

    looks = 0

    def look(self) -> Iterable[AudioChunk]:
        self.looks += 1
        if self.looks < 3:
            return [AudioChunk("customer", 0, np.zeros(0, np.float32))]
        return super().look()


class Mute(Tone):
    """Nothing ever comes."""

    def look(self) -> Iterable[AudioChunk]:
        return []

    def rest(self) -> Iterable[AudioChunk]:
        return []


class Broken(Tone):
    """It cannot be read."""

    def look(self) -> Iterable[AudioChunk]:
        raise SourceError("the cable is cut")


class Ended(Mute):
    """It is over before anything came."""

    @property
    def over(self) -> bool:
        return True


@dataclass
class Followed:
    """What became of a source that was followed."""

    calls: list[LiveCall] = field(default_factory=list)
    over: list[MonitorError | None] = field(default_factory=list)


def follow(monitor: Monitor, source: Source, give_up: bool = False) -> Followed:
    seen = Followed()
    AwaitedCalls(monitor).follow(
        source, "line", {"queue": "sales"}, seen.over.append, begun=seen.calls.append, give_up=lambda: give_up
    )
    return seen


def test_a_call_that_is_waited_for_has_all_the_audio_that_it_would_have_had_at_once(start_monitor: StartMonitor) -> None:
    monitor = start_monitor()
    seen = follow(monitor, source := LateTone())
    monitor.start_call(Tone(), call_id="at-once")
    wait_for(lambda: len(seen.calls) == 1 and all(call.seconds >= 1.5 for call in monitor.calls()))
    (call,) = seen.calls
    for name in ("at-once", call.id):
        monitor.stop_call(name).wait(30)
    waited, at_once = monitor.store.open(call.id), monitor.store.open("at-once")
    np.testing.assert_array_equal(waited.read("customer").logits, at_once.read("customer").logits)
    assert call.id.startswith("line-")
    assert waited.record.metadata == {"queue": "sales"}
    wait_for(lambda: seen.over == [None])
    assert source.closed


def test_sources_that_are_waited_for_cost_no_thread_and_nor_do_their_calls(start_monitor: StartMonitor) -> None:
    monitor, threads = start_monitor(), NewThreads()
    mute = [follow(monitor, Mute()) for _ in range(6)]
    heard = [follow(monitor, LateTone()) for _ in range(6)]
    wait_for(lambda: len(monitor.calls()) == 6 and all(call.seconds >= 1.5 for call in monitor.calls()))
    wait_for(lambda: not threads.named("source-", "call-"))
    assert ([seen.calls for seen in mute], sum(len(seen.calls) for seen in heard)) == ([[]] * 6, 6)


def test_a_source_that_ends_without_audio_is_let_go_of_and_has_no_call(start_monitor: StartMonitor) -> None:
    monitor = start_monitor()
    seen = follow(monitor, source := Ended())
    wait_for(lambda: seen.over == [None])
    assert (source.closed, seen.calls, len(monitor.store.catalogue())) == (True, [], 0)


def test_a_source_that_cannot_be_read_is_let_go_of_and_says_why(start_monitor: StartMonitor) -> None:
    monitor = start_monitor()
    seen = follow(monitor, source := Broken())
    wait_for(lambda: len(seen.over) == 1)
    assert (str(seen.over[0]), source.closed) == ("the cable is cut", True)


def test_a_source_that_is_to_be_followed_elsewhere_is_let_go_of(start_monitor: StartMonitor) -> None:
    seen = follow(start_monitor(), source := Mute(), give_up=True)
    wait_for(lambda: seen.over == [None])
    assert source.closed


def test_a_call_for_which_there_is_no_place_is_refused_and_its_source_let_go_of(start_monitor: StartMonitor) -> None:
    monitor = start_monitor(server__max_calls=1)
    monitor.start_call(Tone(), call_id="first")
    seen = follow(monitor, source := LateTone())
    wait_for(lambda: len(seen.over) == 1)
    assert (type(seen.over[0]), source.closed) == (BusyError, True)
    assert [call.id for call in monitor.calls()] == ["first"]


def test_a_monitor_that_stops_lets_go_of_sources_that_still_wait(start_monitor: StartMonitor) -> None:
    monitor = start_monitor()
    seen = follow(monitor, source := Mute())
    monitor.close()
    assert (source.closed, seen.over) == (True, [None])


def test_a_monitor_that_has_stopped_lets_go_of_a_source_that_comes_late(start_monitor: StartMonitor) -> None:
    monitor = start_monitor()
    monitor.close()
    seen = follow(monitor, source := Mute())
    assert (source.closed, seen.over) == (True, [None])


@pytest.mark.parametrize("step", ["go_on", "write"])
def test_where_a_defect_stops_the_rounds_calls_end_as_interrupted_with_what_was_heard_of_them(
    start_monitor: StartMonitor, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    monitor = start_monitor()
    told: list[int] = []
    monitor.when_rounds_stop = lambda: told.append(1)
    sources = [Tone(), Tone()]
    calls = [monitor.start_call(source, call_id=f"call-{number}") for number, source in enumerate(sources)]
    waits = follow(monitor, mute := Mute())
    wait_for(lambda: all(call.seconds >= 1.5 for call in calls))

    def defect(call: LiveCall) -> None:
        raise ZeroDivisionError(call.id)

    monkeypatch.setattr(LiveCall, step, defect)
    for call in calls:
        assert call.wait(30)
        assert reason(monitor, call.id) == "interrupted"
        assert monitor.store.open(call.id).committed("customer") == 100
    assert [source.closed for source in (*sources, mute)] == [True, True, True]
    wait_for(lambda: waits.over == [None])
    assert (told, monitor.status().rounds_stopped) == ([1], ("this process",))
    with pytest.raises(BusyError, match="restart the service"):
        monitor.start_call(Tone(), call_id="late")
    with pytest.raises(BusyError, match="restart the service"):
        follow(monitor, Mute())
