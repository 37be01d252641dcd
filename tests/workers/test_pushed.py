"""Calls whose audio is brought to the front are heard by workers: alike, in order, with the same answers to who brings it."""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import ConfigError, TakenError
from monitor.events import Leg
from monitor.pipeline.monitor import Monitor
from monitor.sources.incoming.bridge import Bridge, PushedAudio
from monitor.sources.incoming.pushed import ENOUGH, PushedSource
from monitor.workers.audio_line import ON_THE_WAY, AudioIn, AudioOut
from monitor.workers.crew import Crew
from tests.pipeline.scripted_source import tone
from tests.server.service import wait_until
from tests.workers.test_crew import await_worker, events_of, frames_of, opened

AUDIO = PushedAudio(("customer", "agent"), 8_000, "s16le", "a test")
PIECE = 160
SECONDS = 4.0


@pytest.fixture(scope="module")
def crew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crew]:
    """A front that has its worker."""
    front = opened(Crew, tmp_path_factory.mktemp("crew") / "store", 1)
    assert isinstance(front, Crew)
    await_worker(front)
    yield front
    front.close()


def spoken(hertz: float) -> list[bytes]:
    samples = (tone(SECONDS, 0.5, hertz)[::2] * 32_767).astype("<i2")
    return [samples[begin : begin + PIECE].tobytes() for begin in range(0, len(samples), PIECE)]


def bring(bridge: Bridge) -> None:
    """Two legs in turns, with a pause that was not sent."""
    for number, (customer, agent) in enumerate(zip(spoken(220.0), spoken(330.0), strict=True)):
        bridge.push("customer", customer)
        if number == 100:
            bridge.position("agent", 3.0, "silence")
        if not 100 <= number < 150:
            bridge.push("agent", agent)
    bridge.end()


def nothing() -> None:
    """Nobody waits."""


def test_what_is_brought_is_heard_by_a_worker_as_the_front_would_hear_it_frame_by_frame_and_event_by_event(
    crew: Crew, tmp_path: Path
) -> None:
    alone = opened(Monitor, tmp_path / "store")
    for monitor in (alone, crew):
        call, bridge = monitor.open_pushed(AUDIO, nothing, call_id="same", metadata={"queue": "sales"})
        bring(bridge)
        assert call.wait(60)
        assert (call.reason, bridge.over) == ("finished", True)
    assert crew.inference.status().windows == 0
    here, there = frames_of(alone, "same"), frames_of(crew, "same")
    for leg, frames in here.items():
        for name in ("embedding", "logits", "speech", "marks"):
            np.testing.assert_array_equal(getattr(frames, name), getattr(there[leg], name))
    assert events_of(crew, "same") == events_of(alone, "same")
    alone.close()


def test_a_moment_that_is_not_possible_is_refused_in_the_words_of_who_hears_it(crew: Crew) -> None:
    call, bridge = crew.open_pushed(AUDIO, nothing, call_id="moment")
    bridge.push("customer", bytes(320))
    with pytest.raises(ConfigError, match="leg customer cannot go on at 500 s"):
        bridge.position("customer", 500.0, "lost")
    bridge.position("customer", 1.0, "lost")
    bridge.end()
    assert call.wait(60)
    assert crew.store.open("moment").committed("customer") == 50


def test_who_brings_more_than_can_have_been_spoken_is_slowed_down_and_nothing_is_lost(crew: Crew) -> None:
    room = threading.Event()
    call, bridge = crew.open_pushed(AUDIO, room.set, call_id="fast")
    second, seconds = bytes(2 * 8_000), 24
    for _ in range(seconds):
        while bridge.full:
            room.wait(30)
            room.clear()
        for leg in AUDIO.legs:
            bridge.push(leg, second)
    bridge.end()
    assert call.wait(120)
    assert [crew.store.open("fast").committed(leg) for leg in AUDIO.legs] == [50 * seconds] * 2
    ended = events_of(crew, "fast")[-1]
    assert [ended["legs"][leg]["overflow_seconds"] for leg in AUDIO.legs] == [0, 0]


def test_an_id_that_is_taken_is_refused_and_no_bridge_stays(crew: Crew) -> None:
    call, bridge = crew.open_pushed(AUDIO, nothing, call_id="twice")
    with pytest.raises(TakenError):
        crew.open_pushed(AUDIO, nothing, call_id="twice")
    bridge.end("interrupted")
    assert call.wait(60)
    assert call.reason == "interrupted"


def test_who_brings_audio_hears_that_the_call_was_stopped(crew: Crew) -> None:
    told = threading.Event()
    call, bridge = crew.open_pushed(AUDIO, told.set, call_id="stopped")
    bridge.push("customer", bytes(320))
    crew.stop_call("stopped")
    assert told.wait(60)
    assert bridge.over
    assert call.wait(60)
    assert call.reason == "stopped"


def test_who_brings_audio_to_a_worker_that_dies_hears_that_it_is_over(crew: Crew) -> None:
    told = threading.Event()
    call, bridge = crew.open_pushed(AUDIO, told.set, call_id="doomed")
    bridge.push("customer", bytes(320))
    pid = crew._hands[0].process.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert told.wait(60)
    bridge.position("customer", 1.0, "lost")
    assert (bridge.over, bridge.full) == (True, False)
    assert call.wait(60)
    assert call.reason == "interrupted"


class Between:
    """A line that is as slow as it is told to be, and keeps the order."""

    def __init__(self) -> None:
        self.way: list[tuple[str, Any]] = []
        self.came = threading.Event()

    def tell(self, what: str, content: Any = None) -> None:
        self.way.append((what, content))
        self.came.set()


PUSHES = st.lists(st.tuples(st.sampled_from(["customer", "agent"]), st.integers(1, 8_000)), min_size=1, max_size=60)


@given(PUSHES)
@settings(max_examples=30, deadline=None)
def test_what_is_on_the_way_is_bounded_and_all_of_it_arrives_in_order(pushes: list[tuple[Leg, int]]) -> None:
    out, back = Between(), Between()
    source, heard = PushedSource(AUDIO.legs, AUDIO.rate, AUDIO.encoding, "", clock=lambda: 1e9), []
    there, here = AudioIn(), AudioOut(out)  # type: ignore[arg-type]
    there.tell = back.tell
    bridge = here.bridge("c", AUDIO, nothing)
    there.open("c", AUDIO, source)
    source.push = lambda leg, data: heard.append((leg, len(data) // 2))  # type: ignore[method-assign]
    most = ON_THE_WAY * AUDIO.second + 2 * 8_000 * 2
    for leg, samples in pushes:
        while bridge.full:
            assert out.came.wait(30)
            out.came.clear()
            _deliver(out, there)
            for _, said in back.way:
                here.hear(said)
            back.way.clear()
        bridge.push(leg, bytes(2 * samples))
        assert bridge._bytes <= most  # type: ignore[attr-defined]
    wait_until(lambda: _deliver(out, there) or heard == pushes)
    here.close()
    assert most / AUDIO.second < ENOUGH


def _deliver(out: Between, there: AudioIn) -> bool:
    while out.way:
        there.take(out.way.pop(0)[1])
    return False
