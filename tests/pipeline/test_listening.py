"""The heart of a call: audio in, frames and what is said of them out, driven from outside."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pytest

from monitor.alerts.rules import RuleSet, load_rules
from monitor.audio.chunk import AudioChunk
from monitor.config import Settings
from monitor.events import Alert, Event, Frames, Leg, StateChanged
from monitor.frame_format import LegFormat
from monitor.pipeline.analysis import Analysed, CallAnalysis, analysed
from monitor.pipeline.inference import InferenceWorker
from monitor.pipeline.intake import leg_format, open_listening
from monitor.pipeline.listening import Listening, advance
from tests.pipeline.level_engine import LABELS, LevelEngine
from tests.pipeline.scripted_source import ScriptedSource, tone

LEGS: tuple[Leg, ...] = ("customer", "agent")
ANGRY = np.concatenate([tone(4, 0.05), tone(8, 0.9), tone(3, 0.05)])
CALM = tone(15, 0.05)


class SharedEngine:
    """Calls that share an engine."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.engine = LevelEngine()
        self.worker = InferenceWorker.of(self.engine, settings.engine)
        self.rules: RuleSet = load_rules(None, LABELS)

    def formats(self) -> dict[Leg, LegFormat]:
        return {leg: leg_format(leg, self.settings, self.engine.info) for leg in LEGS}

    def open(self, call: str) -> Listening:
        return open_listening(call, self.formats(), self.settings, self.rules, self.worker, live=False)

    def analysis(self, call: str) -> CallAnalysis:
        settings = self.settings
        return CallAnalysis(call, self.formats(), LABELS, settings.state, settings.changes, self.rules)


@pytest.fixture
def shared(settings_of: Callable[..., Settings]) -> Iterator[SharedEngine]:
    shared = SharedEngine(settings_of())
    yield shared
    shared.engine.gate.set()
    shared.worker.close()


def sound(customer: np.ndarray, agent: np.ndarray) -> list[AudioChunk]:
    return list(ScriptedSource({"customer": customer, "agent": agent}).chunks())


def heard(call: Listening, chunks: Iterable[AudioChunk]) -> list[Analysed]:
    """A call by itself, from its first sample to its last word."""
    steps = [step for chunk in chunks for step in pushed(call, chunk)]
    call.end()
    return [*steps, *advance([call], most=0), call.finish()]


def pushed(call: Listening, chunk: AudioChunk) -> list[Analysed]:
    call.push(chunk)
    return advance([call])


def events(steps: Iterable[Analysed], call: str) -> list[Event]:
    return [event for step in steps for event in step.events if event.call == call]


def runs(steps: Iterable[Analysed]) -> list[Frames]:
    return [step.frames for step in steps if step.frames is not None]


def test_audio_becomes_frames_events_and_views(shared):
    steps = heard(shared.open("a"), sound(ANGRY, CALM))
    said = events(steps, "a")
    assert {type(event) for event in said} >= {StateChanged, Alert}
    assert [sum(len(run) for run in runs(steps) if run.leg == leg) for leg in LEGS] == [750, 750]
    assert [sum(len(step.views.get(leg, ())) for step in steps) for leg in LEGS] == [150, 150]


def test_the_frames_alone_say_what_the_audio_said(shared):
    steps = heard(shared.open("a"), sound(ANGRY, CALM))
    again = analysed(shared.analysis("a"), runs(steps))
    assert events(again, "a") == events(steps, "a")


def test_many_calls_advance_in_one_step_and_each_says_what_it_says_alone(shared):
    sounds = {"a": sound(ANGRY, CALM), "b": sound(CALM, ANGRY)}
    alone = {name: events(heard(shared.open(name), chunks), name) for name, chunks in sounds.items()}
    calls = {name: shared.open(name) for name in sounds}
    steps: list[Analysed] = []
    for a, b in zip(*sounds.values(), strict=True):
        calls["a"].push(a)
        calls["b"].push(b)
        steps += advance(calls.values())
    for call in calls.values():
        call.end()
    steps += [*advance(calls.values(), most=0), *(call.finish() for call in calls.values())]
    assert {name: events(steps, name) for name in sounds} == alone
    assert alone["a"]
    assert alone["b"]


def test_it_does_not_wait_for_the_engine_unless_told_to(shared):
    call = shared.open("a")
    shared.engine.gate.clear()
    steps = [step for chunk in sound(ANGRY, CALM) for step in pushed(call, chunk)]
    pending = sum(track.pending() for track in call.tracks.values())
    shared.engine.gate.set()
    later = advance([call], most=0)
    assert (steps, pending > 0) == ([], True)
    assert (len(later) > 0, sum(track.pending() for track in call.tracks.values())) == (True, 0)


def test_a_call_that_closes_leaves_nothing_in_the_engine(shared):
    call = shared.open("a")
    heard(call, sound(CALM, CALM))
    call.close()
    call.close()
    shared.worker.close()
    assert len(shared.engine.legs) == 0
