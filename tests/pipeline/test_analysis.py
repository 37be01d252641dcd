"""Frames in, events out: the same events however the frames come."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.alerts.rules import RuleSet, load_rules
from monitor.config.sections import DETECTORS, StateSection
from monitor.events import LEGS, Alert, ChangePoint, Event, Frames, Leg, Mark, StateChanged, late_mark
from monitor.frame_format import LegFormat
from monitor.pipeline.analysis import HANGOVER, CallAnalysis, analysed
from monitor.timeline import FRAME_RATE, TICK_FRAMES

LABELS = ("angry", "disgusted", "fearful", "happy", "neutral", "other", "sad", "surprised", "<unk>")
DIM = 32
RULES = load_rules()
QUICK = RuleSet.from_document(
    [
        {
            "name": "angry",
            "severity": "critical",
            "leg": "any",
            "when": {"emotion": {"is": "angry"}},
            "hold": 1,
            "message": "{leg}",
        },
        {"name": "turned", "severity": "info", "leg": "any", "when": {"change_point": {}}, "message": "{before} {after}"},
        {"name": "quiet", "severity": "info", "leg": "both", "when": {"silence": {"longer_than": 2}}, "message": "{silence}"},
    ]
)


def leg_frames(leg: Leg, moods: Sequence[tuple[float, str | None]], seed: int = 0, extra: int = 0, stride: int = 1) -> Frames:
    """A leg that sounds like each (seconds, emotion) of `moods` in turn, None being silence; `extra` frames at the end."""
    rng = np.random.default_rng(seed)
    labels = [mood for seconds, mood in moods for _ in range(round(seconds * FRAME_RATE))]
    labels += labels[-1:] * extra
    n = len(labels)
    places = {label: rng.normal(size=DIM) for label in LABELS}
    logits = rng.normal(size=(n, len(LABELS))).astype(np.float32)
    embedding = rng.normal(size=(n, DIM)).astype(np.float32)
    for row, label in enumerate(labels):
        logits[row, LABELS.index(label or "neutral")] += 4
        embedding[row] += places[label or "neutral"]
    if stride > 1:
        pooled = [embedding[at : at + stride].mean(axis=0) for at in range(0, n, stride)]
        embedding = np.stack(pooled).astype(np.float32)
    speech = np.array([0.02 if label is None else 0.97 for label in labels], dtype=np.float32)
    return Frames("c1", leg, 0, embedding, logits, speech, np.zeros(n, np.uint8), stride)


def part(frames: Frames, start: int, stop: int) -> Frames:
    rows = slice(start // frames.stride, -(-stop // frames.stride))
    now = slice(start, stop)
    return Frames(
        frames.call,
        frames.leg,
        start,
        frames.embedding[rows],
        frames.logits[now],
        frames.speech[now],
        frames.marks[now],
        frames.stride,
    )


def cut(frames: Frames, ticks: Sequence[int]) -> list[Frames]:
    """Runs that end at `ticks`, and the rest."""
    stops = sorted({min(tick * TICK_FRAMES, len(frames)) for tick in ticks} | {len(frames)})
    return [part(frames, start, stop) for start, stop in zip([0, *stops[:-1]], stops, strict=True) if stop > start]


def analysis(legs: Sequence[Frames], rules: RuleSet = RULES, ahead: int | None = None, **changes: object) -> CallAnalysis:
    formats = {one.leg: LegFormat(one.embedding.shape[1], one.logits.shape[1], one.stride) for one in legs}
    return CallAnalysis("c1", formats, LABELS, StateSection(), DETECTORS.validate(changes), rules, ahead)


def events(
    legs: Sequence[Frames], runs: Sequence[Frames] | None = None, rules: RuleSet = RULES, **changes: object
) -> list[Event]:
    call = analysis(legs, rules, **changes)
    return [event for step in analysed(call, runs or legs) for event in step.events]


CUSTOMER = leg_frames("customer", [(14, "neutral"), (4, None), (12, "angry"), (1, None), (6, "neutral")], seed=1, extra=3)
AGENT = leg_frames("agent", [(13, None), (6, "neutral"), (10, None), (6, "neutral")], seed=2, extra=1)
PAIR = [CUSTOMER, AGENT]


def by_whom(found: Sequence[Event]) -> dict[Leg | None, list[Event]]:
    """The events of each leg, and those of both, in the order in which they were told."""
    return {leg: [event for event in found if event.leg == leg] for leg in (*LEGS, None)}


def of(kind: type, found: Sequence[Event]) -> list[Event]:
    return [event for event in found if isinstance(event, kind)]


def test_a_call_that_turns_angry_tells_state_change_point_and_alerts():
    found = events(PAIR)
    states = [(event.leg, event.emotion) for event in of(StateChanged, found)]
    points = [(event.id, event.before, event.after) for event in of(ChangePoint, found) if event.status == "confirmed"]
    alerts = {(event.rule, event.status) for event in of(Alert, found)}
    assert states == [("customer", "neutral"), ("agent", "neutral"), ("customer", "angry"), ("customer", "neutral")]
    assert points[0] == ("c1:customer:cp1", "neutral", "angry")
    assert {("customer-angry", "raised"), ("customer-turned", "raised"), ("customer-angry", "cleared")} <= alerts


def test_a_change_point_lies_where_the_voice_changed():
    suspected, confirmed = of(ChangePoint, events(PAIR))[:2]
    assert abs(confirmed.time - 18.0) <= 0.2
    assert confirmed.at > suspected.at > confirmed.time


CALM_ANGRY = st.lists(st.tuples(st.floats(0.1, 6), st.sampled_from(["neutral", "angry", "sad", None])), min_size=1, max_size=6)


@settings(max_examples=15, deadline=None)
@given(
    customer=st.lists(st.integers(0, 370), max_size=12),
    agent=st.lists(st.integers(0, 350), max_size=12),
    order=st.randoms(use_true_random=False),
)
def test_events_do_not_depend_on_cuts_or_on_which_leg_comes_first(customer, agent, order):
    queues = [cut(CUSTOMER, customer), cut(AGENT, agent)]
    runs = []
    while any(queues):
        runs.append(order.choice([queue for queue in queues if queue]).pop(0))
    assert events(PAIR, runs) == events(PAIR)


@settings(max_examples=15, deadline=None)
@given(customer=CALM_ANGRY, agent=CALM_ANGRY, seed=st.integers(0, 99), extra=st.integers(0, 4), stride=st.sampled_from([1, 5]))
def test_any_call_gives_the_same_events_whole_and_tick_by_tick(customer, agent, seed, extra, stride):
    legs = [leg_frames("customer", customer, seed, extra, stride), leg_frames("agent", agent, seed + 1, 0, stride)]
    runs = [run for leg in legs for run in cut(leg, range(400))]
    assert events(legs, runs, QUICK, false_alarms_per_hour=600) == events(legs, None, QUICK, false_alarms_per_hour=600)


@settings(max_examples=15, deadline=None)
@given(customer=CALM_ANGRY, agent=CALM_ANGRY, seed=st.integers(0, 99), extra=st.integers(0, 4))
@example([(2.0, "angry")], [(1.5625, "angry")], 5, 0)  # the agent's last tick ends within the customer's
def test_events_are_in_order_ids_are_settled_and_times_are_frames(customer, agent, seed, extra):
    legs = [leg_frames("customer", customer, seed), leg_frames("agent", agent, seed + 1, extra)]
    found = events(legs, None, QUICK, false_alarms_per_hour=600)
    moments = [event.at for event in found]
    last = {event.id: event.status for event in found if isinstance(event, Alert | ChangePoint)}
    assert moments == sorted(moments)
    assert set(last.values()) <= {"confirmed", "retracted", "cleared"}
    assert all(0 <= event.time <= event.at for event in found)
    assert all(round(moment * 50) == pytest.approx(moment * 50) for event in found for moment in (event.time, event.at))


def test_embeddings_every_tick_or_every_frame_tell_the_same_story():
    coarse = [leg_frames("customer", [(14, "neutral"), (12, "angry")], 1, stride=5)]
    fine = [leg_frames("customer", [(14, "neutral"), (12, "angry")], 1)]
    points = [[(point.status, point.time) for point in of(ChangePoint, events(legs))] for legs in (coarse, fine)]
    assert points[0] == points[1]


def test_a_leg_that_may_not_be_analysed_is_followed_for_speech_alone():
    customer, heard = (
        leg_frames("customer", [(8, "angry"), (4, None)]),
        leg_frames("agent", [(2, "angry"), (9, None), (1, "sad")]),
    )
    nothing = np.zeros((len(heard), 0), np.float32)
    agent = Frames("c1", "agent", 0, nothing, nothing, heard.speech, heard.marks)
    call = analysis([customer, agent], QUICK)
    found = [event for step in analysed(call, [agent, customer]) for event in step.events]
    assert {(event.type, event.leg) for event in found} == {("state", "customer"), ("alert", "customer"), ("alert", None)}
    assert (call.live("agent").posterior, call.live("agent").speech) == ((), pytest.approx(0.97))


def marked(frames: Frames, first: int, stop: int, mark: Mark) -> Frames:
    marks, logits, embedding, speech = (a.copy() for a in (frames.marks, frames.logits, frames.embedding, frames.speech))
    marks[first:stop] |= np.uint8(mark)
    if mark is Mark.SKIPPED:
        logits[first:stop], embedding[first:stop], speech[first:stop] = np.nan, np.nan, 0
    return Frames(frames.call, frames.leg, 0, embedding, logits, speech, marks)


def test_skipped_frames_say_nothing_and_end_no_emotion():
    moods = [(14, "neutral"), (12, "angry")]
    skipped = marked(leg_frames("customer", moods), 20 * FRAME_RATE, 24 * FRAME_RATE, Mark.SKIPPED)
    found = events([skipped])
    assert [event.emotion for event in of(StateChanged, found)] == ["neutral", "angry"]
    assert all(np.isfinite(event.confidence) for event in of(StateChanged, found))


def test_skipped_frames_are_no_silence():
    legs = [leg_frames("customer", [(30, "neutral")]), leg_frames("agent", [(30, None)])]
    legs[0] = marked(legs[0], 5 * FRAME_RATE, 28 * FRAME_RATE, Mark.SKIPPED)
    assert [event for event in of(Alert, events(legs)) if event.rule == "dead-air"] == []


def test_concealed_audio_is_no_evidence_of_an_emotion():
    moods = [(14, "neutral"), (6, "angry"), (6, "neutral")]
    lost = marked(leg_frames("customer", moods), 14 * FRAME_RATE, 20 * FRAME_RATE, Mark.LOST)
    assert [event.emotion for event in of(StateChanged, events([lost]))] == ["neutral"]


def test_a_leg_that_ends_early_is_silent_from_then_on():
    legs = [leg_frames("customer", [(4, "neutral")]), leg_frames("agent", [(4, "neutral"), (26, None)])]
    alerts = [event for event in of(Alert, events(legs)) if event.rule == "dead-air"]
    assert [(alert.status, alert.at) for alert in alerts] == [("raised", 24.1), ("cleared", 30.0)]


def test_a_tick_waits_until_every_leg_has_it():
    call = analysis(PAIR)
    alone = call.update(CUSTOMER)
    together = call.update(part(AGENT, 0, 100))
    assert (alone.events, alone.views) == ([], {})
    assert of(StateChanged, together.events)
    assert {leg: len(views) for leg, views in together.views.items()} == {"customer": 20, "agent": 20}


@settings(max_examples=15, deadline=None)
@given(
    customer=CALM_ANGRY,
    agent=CALM_ANGRY,
    seed=st.integers(0, 99),
    order=st.randoms(use_true_random=False),
    ahead=st.integers(0, 30),
)
def test_a_live_call_whose_legs_do_not_wait_tells_the_same_of_each_leg_and_of_both(customer, agent, seed, order, ahead):
    legs = [leg_frames("customer", customer, seed), leg_frames("agent", agent, seed + 1)]
    queues = [cut(leg, range(0, 400, 7)) for leg in legs]
    runs = []
    while any(queues):
        runs.append(order.choice([queue for queue in queues if queue]).pop(0))
    assert by_whom(events(legs, runs, QUICK, ahead=ahead)) == by_whom(events(legs, None, QUICK))


def test_a_leg_of_a_live_call_waits_for_the_other_only_so_long():
    call = analysis(PAIR, ahead=10)
    waiting, going_on = call.update(part(CUSTOMER, 0, 50)), call.update(part(CUSTOMER, 50, 250))
    assert waiting.views == {}
    assert {leg: len(views) for leg, views in going_on.views.items()} == {"customer": 40}


def test_rules_about_one_leg_of_a_live_call_do_not_wait_for_the_other():
    found = analysis(PAIR, ahead=10).update(CUSTOMER).events
    assert ("customer-angry", "raised") in {(event.rule, event.status) for event in of(Alert, found)}
    assert {event.leg for event in found} == {"customer"}


def test_rules_about_both_legs_tell_the_same_once_the_second_comes():
    quiet = [leg_frames("customer", [(30, None)]), leg_frames("agent", [(30, None)])]
    call = analysis(quiet, ahead=10)
    assert call.update(quiet[0]).events == []
    assert [(event.rule, event.at) for event in of(Alert, call.update(quiet[1]).events)] == [("dead-air", 20.1)]


def test_an_alert_on_what_came_late_says_how_late():
    frames = leg_frames("customer", [(14, "neutral"), (12, "angry")])
    late = Frames("c1", "customer", 0, frames.embedding, frames.logits, frames.speech, frames.marks | np.uint8(late_mark(7)))
    raised, in_time = (of(Alert, events([leg]))[0] for leg in (late, frames))
    assert (raised.delay, in_time.delay, raised.id) == (7.0, 0.0, in_time.id)


def test_the_live_view_follows_the_leg():
    call = analysis(PAIR)
    call.update(AGENT)
    said = call.update(part(CUSTOMER, 0, 25 * FRAME_RATE))
    view = call.live("customer")
    assert (view.time, view.emotion, view == said.views["customer"][-1]) == (24.9, "angry", True)
    assert view.posterior[0] == max(view.posterior)
    assert view.valence < 0 < view.arousal


def test_a_call_without_frames_has_no_events():
    call = analysis(PAIR)
    assert [(list(said.events), said.views) for said in (call.finish(), call.finish())] == [([], {}), ([], {})]


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        (part(CUSTOMER, 100, 200), "begin at 100; expected 0"),
        (leg_frames("mixed", [(1, None)]), "not of call c1 with customer, agent"),
        (leg_frames("customer", [(1, None)], stride=5), r"embeddings \(10, 32\) every 5"),
    ],
)
def test_frames_that_do_not_follow_are_refused(frames, expected):
    with pytest.raises(ValueError, match=expected):
        analysis(PAIR).update(frames)


def test_nothing_may_follow_a_run_that_ends_inside_a_tick():
    call = analysis([CUSTOMER])
    call.update(part(CUSTOMER, 0, 7))
    with pytest.raises(ValueError, match="begin at 7; expected 7, a multiple of 5"):
        call.update(part(CUSTOMER, 7, 12))


def test_a_finished_call_takes_no_frames():
    call = analysis([CUSTOMER])
    call.finish()
    with pytest.raises(ValueError, match="is finished"):
        call.update(CUSTOMER)


def test_a_call_may_hold_unknown_samples_of_any_kind():
    rng = np.random.default_rng(0)
    n = 40 * FRAME_RATE
    noise = rng.normal(size=(n, DIM)).astype("f4") * 1e4
    noise[rng.random(n) < 0.1] = np.nan
    noise[rng.random(n) < 0.1] = np.inf
    frames = Frames("c1", "mixed", 0, noise, noise[:, : len(LABELS)], rng.random(n).astype("f4"), np.zeros(n, "u1"))
    assert all(np.isfinite(event.at) for event in events([frames]))


def test_the_floor_is_silent_since_anybody_spoke_and_overtalk_adds_up():
    legs = [leg_frames("customer", [(3.0, "neutral"), (4.0, None)]), leg_frames("agent", [(1.0, "neutral"), (6.0, None)], 1)]
    call = analysis(legs)
    for frames in legs:
        call.update(frames)
    floor = call.floor
    assert (round(floor.silence, 2), floor.overtalk) == (4.0, 10 + HANGOVER)
