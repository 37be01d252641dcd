"""A call that ends while its disk is full: it waits, loses nothing, and is accounted for where the program goes before that."""

import pytest

from monitor.events import Leg
from monitor.pipeline import call as call_module
from monitor.pipeline import recorder as recorder_module
from monitor.pipeline.call import LiveCall
from monitor.pipeline.monitor import Monitor
from tests.pipeline.conftest import StartMonitor
from tests.pipeline.scripted_source import ScriptedSource, tone
from tests.sources.rtp.listening import wait_for
from tests.store.full_disk import disk_with_room

SECONDS = 4.0


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "RETRY_SECONDS", 0.05)
    monkeypatch.setattr(call_module, "STOPPING_PATIENCE", 0.2)


def started(monitor: Monitor) -> tuple[LiveCall, ScriptedSource]:
    """A live call that has heard half, and waits."""
    source = ScriptedSource({"customer": tone(SECONDS, 0.05), "agent": tone(SECONDS, 0.05)}, realtime=True)
    source.hold_at = 32_000
    call = monitor.start_call(source, call_id="c")
    assert source.held.wait(30)
    return call, source


def kept(monitor: Monitor) -> dict[Leg, int]:
    stored = monitor.store.open("c")
    return {leg: stored.committed(leg) for leg in stored.record.legs}


def types(monitor: Monitor) -> list[str]:
    return [message["type"] for message in monitor.journal.read(0, call="c")]


def test_a_call_that_ends_on_a_full_disk_is_stored_whole_once_there_is_room(start_monitor: StartMonitor) -> None:
    monitor = start_monitor()
    call, source = started(monitor)
    with disk_with_room(0):
        source.more.set()
        wait_for(lambda: call.seconds >= SECONDS and call.unstored > 0)
        assert not call.wait(0.3)
        assert [live.id for live in monitor.calls()] == ["c"], "it is live to everybody, until it is stored"
        assert (monitor.store.open("c").status, call.summary()["status"]) == ("live", "live")
        assert "call_ended" not in types(monitor)
    assert call.wait(30)
    assert kept(monitor) == {"customer": 200, "agent": 200}
    assert (monitor.store.open("c").status, types(monitor)[-1]) == ("complete", "call_ended")
    assert (call.error, monitor.unstored) == (None, {})


def test_a_program_that_stops_on_a_full_disk_says_what_it_could_not_store(
    start_monitor: StartMonitor, caplog: pytest.LogCaptureFixture
) -> None:
    monitor = start_monitor()
    call, source = started(monitor)
    with disk_with_room(0):
        source.more.set()
        wait_for(lambda: call.seconds >= SECONDS and call.unstored > 0)
        monitor.close(30)
    assert call.unstored + sum(kept(monitor).values()) == 400
    assert f"{call.unstored} frames: " in monitor.unstored["c"]
    assert "the disk is full" in monitor.unstored["c"]
