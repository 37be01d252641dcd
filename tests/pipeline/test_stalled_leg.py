"""A live call one of whose legs stalls: the other is told of meanwhile, and a replay says what the call said, id for id."""

from collections.abc import Iterator

import numpy as np
import pytest

from monitor.audio.chunk import AudioChunk, Late
from monitor.pipeline.call import LiveCall
from monitor.pipeline.monitor import Monitor
from monitor.replay.player import replay_events
from tests.pipeline.conftest import StartMonitor
from tests.pipeline.scripted_source import ScriptedSource, tone
from tests.sources.rtp.listening import wait_for

CALM_THEN_LOUD = np.concatenate([tone(12, 0.05), tone(12, 0.9), tone(8, 0.05)])
CUT = 4_000


class StalledSource(ScriptedSource):
    """The customer's audio comes when `more` is set, all at once and 12 s late; the agent's before it."""

    def chunks(self) -> Iterator[AudioChunk]:
        for start in range(0, len(CALM_THEN_LOUD), CUT):
            yield AudioChunk("agent", start, CALM_THEN_LOUD[start : start + CUT])
        while not self.more.wait(0.05):
            yield AudioChunk("agent", len(CALM_THEN_LOUD), np.zeros(0, np.float32))
        for start in range(0, len(CALM_THEN_LOUD), CUT):
            yield AudioChunk("customer", start, CALM_THEN_LOUD[start : start + CUT], (), (Late(start, CUT, 12),))


def told(monitor: Monitor, call: LiveCall) -> list[dict]:
    messages = monitor.journal.read(0, call=call.id)
    return [{key: value for key, value in message.items() if key not in ("seq", "recorded_at")} for message in messages]


def by_leg(messages: list[dict]) -> dict[str | None, list[dict]]:
    kept = [message for message in messages if message["type"] in ("state", "change_point", "alert")]
    return {leg: [message for message in kept if message["leg"] == leg] for leg in ("customer", "agent", None)}


@pytest.fixture
def stalled(start_monitor: StartMonitor) -> tuple[Monitor, LiveCall, StalledSource]:
    # What is pushed is half a minute at once: an engine that has less time gives up some of it.
    monitor = start_monitor(engine__latency=60.0, engine__max_backlog=600.0)
    source = StalledSource({"customer": CALM_THEN_LOUD, "agent": CALM_THEN_LOUD}, realtime=True)
    return monitor, monitor.start_call(source), source


def test_the_other_leg_is_told_of_while_one_stalls(stalled):
    monitor, call, source = stalled
    wait_for(lambda: "agent-angry" in {message.get("rule") for message in told(monitor, call)})
    assert {message["leg"] for message in told(monitor, call)[1:]} == {"agent"}
    source.more.set()
    assert call.wait(60)


def test_a_replay_says_what_the_call_said_and_how_late(stalled):
    monitor, call, source = stalled
    source.more.set()
    assert call.wait(60)
    replayed = [event.as_message() for event in replay_events(monitor.store.open(call.id))]
    live = by_leg(told(monitor, call))
    assert live == by_leg(replayed)
    assert {message["delay"] for message in live["customer"] if message["type"] == "alert"} == {12.0}
    assert {message["delay"] for message in live["agent"] if message["type"] == "alert"} == {0.0}
