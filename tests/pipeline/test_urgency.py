"""Who is urgent: a function of what was heard, of the alerts that stand, and of whether somebody looks."""

from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.events import Alert, Frames, Leg, Mark
from monitor.pipeline.attention import LOOK_SECONDS, Attention
from monitor.pipeline.urgency import CallUrgency, Urgency, lateness


def frames(speech: list[float], mark: Mark = Mark.NONE, leg: Leg = "customer") -> Frames:
    none = np.zeros((len(speech), 0), np.float32)
    marks = np.full(len(speech), mark, np.uint8)
    return Frames("c", leg, 0, none, none, np.array(speech, np.float32), marks)


def alert(status: Literal["raised", "updated", "cleared"], leg: Leg | None = "customer") -> Alert:
    return Alert(call="c", leg=leg, id="a", rule="r", severity="warning", status=status, message="m")


def urgency_of(
    call: CallUrgency, leg: Leg = "customer", valence: float = 0, arousal: float = 0, watched: bool = False
) -> Urgency:
    return call.of(leg, valence=valence, arousal=arousal, watched=watched)


@pytest.fixture
def call() -> CallUrgency:
    return CallUrgency(("customer", "agent"), 0.5)


def test_a_leg_that_begins_counts_as_speaking(call: CallUrgency) -> None:
    assert urgency_of(call) is Urgency.SPEAKING


def test_a_leg_that_was_heard_to_be_silent_is_quiet_and_one_that_speaks_again_is_not(call: CallUrgency) -> None:
    call.hear(frames([0.1] * 250))
    silent = urgency_of(call)
    call.hear(frames([0.1] * 20 + [0.9] + [0.1] * 20))
    assert (silent, urgency_of(call)) == (Urgency.QUIET, Urgency.SPEAKING)


def test_nobody_is_quiet_because_nobody_listened(call: CallUrgency) -> None:
    call.hear(frames([0.0] * 1000, Mark.SKIPPED))
    assert urgency_of(call) is Urgency.SPEAKING


@pytest.mark.parametrize("leg", ["customer", None])
def test_a_leg_is_urgent_while_an_alert_stands_on_it_or_its_call(call: CallUrgency, leg: Leg | None) -> None:
    call.follow(alert("raised", leg))
    raised = urgency_of(call)
    call.follow(alert("updated", leg))
    updated = urgency_of(call)
    call.follow(alert("cleared", leg))
    assert (raised, updated, urgency_of(call)) == (Urgency.URGENT, Urgency.URGENT, Urgency.SPEAKING)


def test_an_alert_on_one_leg_makes_the_other_not_urgent(call: CallUrgency) -> None:
    call.follow(alert("raised", "agent"))
    assert urgency_of(call, "customer") is Urgency.SPEAKING


def test_rising_anger_and_a_look_make_urgent(call: CallUrgency) -> None:
    assert urgency_of(call, valence=-0.3, arousal=0.4) is Urgency.URGENT
    assert urgency_of(call, valence=0.3, arousal=0.4) is Urgency.SPEAKING
    assert urgency_of(call, watched=True) is Urgency.URGENT


@given(st.floats(0.01, 1e4), st.floats(0.1, 60))
def test_after_an_equal_wait_the_more_urgent_is_later(waited: float, latency: float) -> None:
    values = [lateness(waited, urgency, latency) for urgency in Urgency]
    assert values == sorted(set(values))


@given(st.sampled_from(list(Urgency)), st.floats(0, 1e4), st.floats(0.1, 1e4))
def test_a_longer_wait_is_later_whoever_waits(urgency: Urgency, waited: float, more: float) -> None:
    assert lateness(waited + more, urgency, 1.5) > lateness(waited, urgency, 1.5)


def test_a_call_is_looked_at_for_a_while_after_a_look_and_as_long_as_it_is_followed() -> None:
    now = [0.0]
    attention = Attention(lambda: now[0])
    attention.look("looked")
    with attention.following(["followed"]), attention.following(["followed"]):
        now[0] = LOOK_SECONDS - 1
        early = attention.on("looked"), attention.on("followed"), attention.on("other")
        now[0] = LOOK_SECONDS + 1
        late = attention.on("looked"), attention.on("followed")
    assert (early, late, attention.on("followed")) == ((True, True, False), (False, True), False)
