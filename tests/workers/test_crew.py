"""Calls that workers hear: the same frames and events, one journal, and a worker that dies takes its own calls alone."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from monitor.config import Settings, load_settings
from monitor.engines.registry import load_engine
from monitor.errors import BusyError, NotFoundError, SourceError, TakenError
from monitor.pipeline.inference import InferenceWorker
from monitor.pipeline.monitor import Monitor
from monitor.store.zarr.store import ZarrStore
from monitor.workers import crew as crew_module
from monitor.workers.crew import Crew
from monitor.workers.hand import Hand
from tests.pipeline.scripted_source import tone
from tests.server.service import wait_until

SECONDS = 6.0
STARTING = 240.0
"""Seconds within which a worker is ready, on however busy a machine: a process that imports much and loads an engine."""


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of two channels: sound that comes and goes."""
    path = tmp_path_factory.mktemp("recording") / "call.wav"
    swell = np.abs(np.sin(np.linspace(0, 12, round(SECONDS * 16_000)))).astype(np.float32)
    soundfile.write(path, np.stack([tone(SECONDS, 0.5) * swell, tone(SECONDS, 0.1, 330.0) * swell[::-1]], axis=1), 16_000)
    return path


def settings_at(folder: Path) -> Settings:
    """With an engine that has time, so that no late windows are joined, and that hears one at a time: what it says is the same
    to the last bit."""
    patient = {"engine.latency": 60.0, "engine.max_backlog": 600.0, "engine.max_batch": 1}
    return load_settings(environment={}, flags={"store.path": folder, "store.fsync": False, **patient})


def opened(kind: type[Monitor], folder: Path, *more: Any) -> Monitor:
    settings = settings_at(folder)
    return kind(settings, InferenceWorker.of(load_engine(settings.engine), settings.engine), ZarrStore(settings.store), *more)


def await_worker(front: Crew) -> None:
    """Have a worker, ready."""
    front.begin(patience=STARTING)
    assert front.has_worker


@pytest.fixture(scope="module")
def crew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crew]:
    """A front that has its worker."""
    front = opened(Crew, tmp_path_factory.mktemp("crew") / "store", 1)
    assert isinstance(front, Crew)
    await_worker(front)
    yield front
    front.close()


def answered_late(hand: Hand, late_enough: Callable[[], bool]) -> Callable[..., Any]:
    """Of a line that is asked: what it gives, told only once something else is so."""
    ask = hand.line.ask

    def asked(*question: Any, **how: Any) -> Any:
        answer = ask(*question, **how)
        if question[0] == "begin":
            wait_until(late_enough)
        return answer

    return asked


def frames_of(monitor: Monitor, call: str) -> dict[str, Any]:
    stored = monitor.store.open(call)
    return {leg: stored.read(leg) for leg in stored.record.legs}


def events_of(monitor: Monitor, call: str) -> list[dict[str, Any]]:
    """But for what differs from run to run."""
    varying = ("seq", "recorded_at", "started_at")
    events = monitor.journal.read(0, call=call)
    return [{key: value for key, value in event.items() if key not in varying} for event in events]


def test_a_worker_hears_what_the_front_alone_would_hear_frame_by_frame_and_event_by_event(
    crew: Crew, recording: Path, tmp_path: Path
) -> None:
    alone = opened(Monitor, tmp_path / "store")
    for monitor in (alone, crew):
        assert monitor.open_call("file", {"path": str(recording)}, call_id="same", metadata={"queue": "sales"}).wait(60)
    here, there = frames_of(alone, "same"), frames_of(crew, "same")
    for leg, frames in here.items():
        for name in ("embedding", "logits", "speech", "marks"):
            np.testing.assert_array_equal(getattr(frames, name), getattr(there[leg], name))
    assert events_of(crew, "same") == events_of(alone, "same")
    assert len(events_of(crew, "same")) >= 2
    alone.close()


def test_events_of_workers_come_to_who_follows_the_journal_of_the_front_each_once_and_in_order(
    crew: Crew, recording: Path
) -> None:
    heard: list[tuple[int, str]] = []
    before = crew.journal.last  # what was said of earlier calls may still be being told
    forget = crew.journal.listen(lambda message: heard.append((message.seq, getattr(message, "call", ""))))
    calls = [crew.open_call("file", {"path": str(recording)}, call_id=name) for name in ("in-order-1", "in-order-2")]
    assert all(call.wait(60) for call in calls)
    assert {"in-order-1", "in-order-2"} <= {e["call"] for e in crew.journal.read(0) if e["type"] == "call_ended"}
    wait_until(lambda: heard and heard[-1][0] == crew.journal.last)
    forget()
    new = [(number, call) for number, call in heard if number > before]
    assert [number for number, _ in new] == list(range(before + 1, before + 1 + len(new)))
    assert {call for _, call in new} == {"in-order-1", "in-order-2"}


def test_a_call_of_a_worker_is_seen_and_ended_like_any(crew: Crew) -> None:
    call = crew.open_call("rtp", {"legs": {"customer": {}, "agent": {}}}, call_id="seen", metadata={"queue": "sales"})
    assert set(call.endpoints()) == {"customer", "agent"}
    assert [live.id for live in crew.calls()] == ["seen"]
    wait_until(lambda: set(call.board()["legs"]) == {"customer", "agent"})
    assert call.summary()["metadata"] == {"queue": "sales"}
    assert set(call.reports()) == {"customer", "agent"}
    assert (crew.status().calls, crew.status().legs) == (1, 2)
    assert list(crew.trends()) == ["seen"]
    with pytest.raises(TakenError, match="in progress"):
        crew.open_call("rtp", {}, call_id="seen")
    crew.stop_call("seen")
    assert call.wait(60)
    assert (call.reason, crew.calls()) == ("stopped", [])
    with pytest.raises(NotFoundError):
        crew.call("seen")


def test_a_call_that_is_over_before_the_front_knows_that_it_began_says_why_it_ended(
    crew: Crew, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = crew._hands[0]
    monkeypatch.setattr(hand.line, "ask", answered_late(hand, lambda: "brief" in hand._over_already))
    call = crew.open_call("file", {"path": str(recording)}, call_id="brief")
    assert call.wait(0)
    assert (call.reason, crew.calls()) == ("finished", [])


def test_what_a_worker_refuses_is_refused_with_its_words(crew: Crew) -> None:
    with pytest.raises(SourceError, match="no-such-file"):
        crew.open_call("file", {"path": "no-such-file.wav"}, call_id="refused")
    assert not crew.calls()


def test_who_listens_in_hears_a_call_of_a_worker(crew: Crew) -> None:
    call = crew.open_call("rtp", {"legs": {"customer": {}}}, call_id="heard")
    changes: list[int] = []
    listener = call.tap.open(lambda: changes.append(1))
    crew.stop_call("heard")
    assert call.wait(60)
    wait_until(lambda: listener.reason is not None)
    assert (listener.take(), listener.reason) == ([], "stopped")
    call.tap.close(listener)


def test_live_frames_are_made_only_where_somebody_takes_them(crew: Crew, recording: Path) -> None:
    told: list[str] = []
    forget = crew.on_live(lambda message: told.append(message.call))
    assert crew.open_call("file", {"path": str(recording)}, call_id="unwatched").wait(60)
    with crew.attention.following(["watched"], frames=True):
        assert crew.open_call("file", {"path": str(recording)}, call_id="watched").wait(60)
    forget()
    assert set(told) == {"watched"}


def test_calls_that_begin_later_are_watched_with_the_rules_that_were_saved(crew: Crew, recording: Path) -> None:
    before = crew.rules
    crew.take_rules(type(before)(before.rules[:1], before.learned))
    assert crew.open_call("file", {"path": str(recording)}, call_id="new-rules").wait(60)
    crew.take_rules(before)
    assert [rule["name"] for rule in crew.store.open("new-rules").record.settings["rules"]] == [before.rules[0].name]


def test_a_worker_that_is_killed_takes_its_calls_alone_and_the_next_call_begins_another(crew: Crew, recording: Path) -> None:
    assert crew.open_call("file", {"path": str(recording)}, call_id="whole").wait(60)
    doomed = crew.open_call("rtp", {"legs": {"customer": {}}}, call_id="doomed")
    pid = crew._hands[0].process.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert doomed.wait(60)
    assert (doomed.reason, crew.store.open("doomed").status) == ("interrupted", "interrupted")
    assert events_of(crew, "doomed")[-1]["type"] == "call_ended"
    assert crew.store.open("whole").status == "complete"
    assert (crew.status().workers, crew.status().workers_died) == (0, 1)
    assert crew.open_call("file", {"path": str(recording)}, call_id="here").wait(60)
    await_worker(crew)
    assert crew.open_call("file", {"path": str(recording)}, call_id="there").wait(60)
    for call in ("here", "there"):
        assert crew.store.open(call).status == "complete"


def test_a_call_whose_worker_dies_before_the_front_knows_that_it_began_is_interrupted(
    crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    await_worker(crew)
    (hand,) = crew._hands

    def dead() -> bool:
        hand.process.kill()
        return not crew._hands

    monkeypatch.setattr(hand.line, "ask", answered_late(hand, dead))
    call = crew.open_call("rtp", {"legs": {"customer": {}}}, call_id="stillborn")
    assert call.wait(60)
    assert (call.reason, crew.store.open("stillborn").status, crew.calls()) == ("interrupted", "interrupted", [])


def test_a_crew_that_stops_stores_the_calls_of_its_workers(tmp_path: Path) -> None:
    front = opened(Crew, tmp_path / "store", 1)
    assert isinstance(front, Crew)
    front.open_call("rtp", {}, call_id="front")
    await_worker(front)
    call = front.open_call("rtp", {}, call_id="worker")
    front.close()
    assert call.wait(0)
    for name in ("front", "worker"):
        assert front.store.open(name).reason == "shutdown"
    with pytest.raises(BusyError):
        front.open_call("rtp", {}, call_id="late")


def test_a_call_waits_for_the_worker_that_comes_where_the_front_has_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew_module, "ENOUGH", 1)
    monkeypatch.setattr(crew_module, "COMING", 300.0)
    front = opened(Crew, tmp_path / "store", 1)
    assert isinstance(front, Crew)
    for name in ("first", "second"):
        front.open_call("rtp", {}, call_id=name)
    assert ([*front._calls], [*front._hands[0].calls]) == (["first"], ["second"])
    front.close()


def test_a_crew_that_stops_while_its_worker_comes_leaves_none_behind(tmp_path: Path) -> None:
    front = opened(Crew, tmp_path / "store", 1)
    assert isinstance(front, Crew)
    front.begin()
    worker = front._hands[0]
    front.close()
    assert worker.process.exitcode is not None
