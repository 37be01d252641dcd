"""Calls with known answers."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.calls import score_call, summarise
from lab.calls.bootstrap import intervals
from lab.calls.figures import always_neutral, headline
from tests.lab.calls.made_hearing import LABELS, alert, changed, hearing, labelled, leg_heard, perfect, silent, talk

ANGRY = labelled(
    *talk((0, 18, "neutral"), (20, 38, "angry"), (40, 58, "neutral")), *talk((18, 20, "neutral"), leg="agent"), name="angry"
)
CALM = labelled(*talk((0, 28, "neutral"), (30, 58, "neutral")), *talk((28, 30, "neutral"), leg="agent"), name="calm")


@st.composite
def calls(draw):
    emotions = draw(st.lists(st.sampled_from(LABELS), min_size=1, max_size=6))
    return labelled(*talk(*((10.0 * index, 10.0 * index + 9, emotion) for index, emotion in enumerate(emotions))))


@given(calls())
def test_who_knows_the_labels_is_right_about_everything(call):
    summary = summarise([score_call(call, perfect(call), LABELS)])
    assert summary.eder == pytest.approx(0.0)
    assert summary.changes.found == len(call.changes)
    assert summary.changes.covering == pytest.approx(1.0)
    assert summary.changes.f1_1s in (None, 1.0)
    assert summary.alerts.recall in (None, 1.0)
    assert summary.alerts.false == 0


def test_who_says_nothing_finds_nothing_and_is_never_wrong_about_alerts():
    summary = summarise([score_call(call, silent(call), LABELS) for call in (ANGRY, CALM)])
    assert (summary.eder, summary.unknown) == (pytest.approx(1.0), pytest.approx(1.0))
    assert (summary.changes.f1_2s, summary.changes.precision_2s, summary.changes.delay_median) == (0.0, None, None)
    assert (summary.alerts.recall, summary.alerts.precision, summary.alerts.false_per_hour) == (0.0, None, 0.0)


def test_changes_are_right_within_the_tolerance_and_their_delay_runs_to_the_moment_they_were_known():
    said = [*changed(21.5, 24.0, suspected=22.5), *changed(43.0, 45.0, number=2), *changed(50.0, 51.0, number=3)]
    heard = hearing({"customer": leg_heard(["neutral"] * 600)}, said)
    figures = summarise([score_call(ANGRY, heard, LABELS)]).changes
    assert (figures.true, figures.found) == (2, 3)
    assert (figures.f1_1s, figures.f1_2s, figures.f1_4s) == (0.0, pytest.approx(2 / 5), pytest.approx(4 / 5))
    assert (figures.delay_median, figures.suspected_median, figures.misplaced_median) == pytest.approx((4.0, 2.5, 1.5))


def test_a_change_that_was_taken_back_was_not_found():
    heard = hearing({"customer": leg_heard(["neutral"] * 600)}, changed(20.0, 22.0, end="retracted"))
    assert summarise([score_call(ANGRY, heard, LABELS)]).changes.found == 0


def test_a_change_of_the_other_leg_is_false():
    heard = hearing({leg: leg_heard(["neutral"] * 600, leg) for leg in ("customer", "agent")}, changed(20.0, 22.0, leg="agent"))
    figures = summarise([score_call(ANGRY, heard, LABELS)]).changes
    assert (figures.precision_2s, figures.false_alarms_per_hour) == (0.0, None)
    assert figures.false_alarms_per_leg_hour == pytest.approx(60.0)


def test_false_alarms_an_hour_are_those_of_calls_without_change():
    said = [*changed(20.0, 22.0), alert(30.0)]
    scores = [score_call(call, hearing({"customer": leg_heard(["neutral"] * 600)}, said), LABELS) for call in (ANGRY, CALM)]
    summary = summarise(scores)
    assert summary.changes.false_alarms_per_hour == pytest.approx(60.0)
    assert (summary.alerts.false_per_hour, summary.alerts.false_per_hour_all) == pytest.approx((60.0, 30.0))
    assert (summary.alerts.precision, summary.alerts.recall) == (0.5, 1.0)


def test_a_leg_that_may_not_be_analysed_is_not_scored():
    heard = hearing({"customer": leg_heard(["neutral"] * 600), "agent": leg_heard([""] * 600, "agent", classes=0)}, [])
    assert score_call(ANGRY, heard, LABELS).legs == ("customer",)


def test_flicker_is_the_changes_of_what_is_shown_after_the_first_emotion():
    shown = ["unknown"] * 100 + ["neutral"] * 200 + ["angry"] * 200 + ["neutral"] * 100
    summary = summarise([score_call(ANGRY, hearing({"customer": leg_heard(shown)}, []), LABELS)])
    assert (summary.alerts.flicker_per_minute, summary.alerts.true_flicker_per_minute) == (2.0, 2.0)


def test_the_engine_is_scored_apart_from_what_is_shown():
    heard = hearing({"customer": leg_heard(["neutral"] * 600)}, [])
    heard.legs["customer"].frames.logits[:, LABELS.index("angry")] = 9.0
    scores = [score_call(ANGRY, heard, LABELS)]
    figures = summarise(scores)
    assert (figures.eder, always_neutral(scores), figures.eder_argmax) == pytest.approx((18 / 54, 18 / 54, 36 / 54))


def test_frames_without_a_result_are_missed():
    heard = hearing({"customer": leg_heard(["neutral"] * 600)}, [])
    heard.legs["customer"].frames.logits[:] = math.nan
    assert summarise([score_call(ANGRY, heard, LABELS)]).eder_argmax == pytest.approx(1.0)


def test_legs_can_be_summed_up_by_themselves():
    call = labelled(*talk((0, 20, "neutral"), (20, 58, "angry")), *talk((0, 20, "neutral"), leg="agent"))
    scores = [score_call(call, perfect(call), LABELS)]
    assert summarise(scores, ["agent"]).changes.true == 0
    assert summarise(scores, ["customer"]).changes.true == 1


def two_speakers():
    return [
        score_call(labelled(*call.segments, name=f"{name}{number}", speaker=name), say(call), LABELS)
        for name, say in (("good", perfect), ("bad", silent))
        for number, call in enumerate((ANGRY, CALM))
    ]


def test_bounds_come_from_speakers_and_not_from_calls():
    bounds = intervals(two_speakers(), headline, resamples=200)
    assert bounds["changes.f1_2s"] == (0.0, 1.0)
    assert bounds["eder"] == pytest.approx((0.0, 1.0))


def test_bounds_are_the_same_with_the_same_seed():
    assert intervals(two_speakers(), headline, resamples=50) == intervals(two_speakers(), headline, resamples=50)


def test_one_speaker_has_no_bounds():
    assert intervals(two_speakers()[:2], headline) == {}
