"""Emotion diarization error rate."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.calls.eder import Eder, eder
from lab.calls.labelled import Segment
from monitor.affect.baseline import NEUTRAL
from tests.lab.calls.made_hearing import talk

EMOTIONS = ("angry", "happy", "neutral", "sad")


def as_speechbrain_defines_it(prediction, duration, start, end, emotion, window):
    """`speechbrain.utils.EDER.EDER` where frames follow each other without overlap, as the definition reads."""
    reference = [(0.0, start, NEUTRAL), (start, end, emotion), (end, duration, NEUTRAL)]
    predicted = [(index * window, (index + 1) * window, label) for index, label in enumerate(prediction)]
    good = sum(
        max(0.0, min(b, d) - max(a, c)) for a, b, true in reference for c, d, label in predicted if label == true and b > a
    )
    return 1 - good / duration


def rounded(found):
    return Eder(*(round(seconds, 9) for seconds in (found.labelled, found.missed, found.false, found.confused)))


@st.composite
def recordings(draw):
    frames = draw(st.integers(1, 60))
    duration = frames * 0.02 - draw(st.floats(0, 0.019))
    cuts = sorted(draw(st.tuples(st.floats(0, 0.49), st.floats(0.51, 1))))
    shown = draw(st.lists(st.sampled_from(EMOTIONS), min_size=frames, max_size=frames))
    return shown, duration, cuts[0] * duration, cuts[1] * duration


def complete(duration, start, end, emotion):
    stretches = [(0.0, start, NEUTRAL), (start, end, emotion), (end, duration, NEUTRAL)]
    return talk(*(stretch for stretch in stretches if stretch[1] > stretch[0]))


@given(recordings(), st.sampled_from(("angry", "happy", "sad")))
def test_it_is_the_number_of_speechbrain(recording, emotion):
    shown, duration, start, end = recording
    expected = as_speechbrain_defines_it(shown, duration, start, end, emotion, 0.02)
    assert eder(complete(duration, start, end, emotion), shown, 0.02).rate == pytest.approx(expected, abs=1e-9)


def test_it_gives_the_example_of_speechbrains_documentation():
    segments = complete(1.22, 0.39, 1.10, "angry")
    assert eder(segments, ["neutral"] * 3 + ["angry"] * 3, 0.2).rate == pytest.approx(0.2704918032786885)


@given(recordings())
def test_its_parts_are_the_whole_and_lie_between_nothing_and_all(recording):
    shown, duration, start, end = recording
    found = eder(complete(duration, start, end, "angry"), shown, 0.02)
    assert found.labelled == pytest.approx(duration)
    assert min(found.missed, found.false, found.confused) >= 0
    assert found.rate * duration == pytest.approx(found.missed + found.false + found.confused)
    assert -1e-9 <= found.rate <= 1 + 1e-9


def test_an_emotion_shown_as_neutral_is_missed():
    assert rounded(eder(talk((0, 1, "angry")), ["neutral"] * 50, 0.02)) == Eder(1, missed=1)


def test_an_emotion_shown_where_all_is_neutral_is_false():
    assert rounded(eder(talk((0, 1, "neutral")), ["angry"] * 50, 0.02)) == Eder(1, false=1)


def test_an_emotion_shown_as_another_is_confused():
    assert rounded(eder(talk((0, 1, "sad")), ["angry"] * 50, 0.02)) == Eder(1, confused=1)


def test_neutral_shown_as_neutral_is_right():
    assert rounded(eder(talk((0, 1, "neutral")), ["neutral"] * 50, 0.02)) == Eder(1)


@pytest.mark.parametrize("emotion", ["neutral", "angry"])
def test_unknown_is_never_right(emotion):
    assert rounded(eder(talk((0, 1, emotion)), ["unknown"] * 50, 0.02)) == Eder(1, missed=1)


def test_labels_after_the_last_frame_are_missed():
    assert eder(talk((0, 1, "neutral")), ["neutral"] * 25, 0.02).missed == pytest.approx(0.5)


def test_what_no_label_covers_is_not_scored():
    assert rounded(eder(talk((0, 1, "neutral"), (2, 3, "angry")), ["neutral"] * 100 + ["angry"] * 50, 0.02)) == Eder(2)


def test_a_frame_that_a_boundary_cuts_counts_for_both_sides():
    found = eder(talk((0, 0.01, "neutral"), (0.01, 0.02, "angry")), ["angry"], 0.02)
    assert found.false == pytest.approx(0.01)
    assert found.rate == pytest.approx(0.5)


def test_nothing_labelled_has_no_rate():
    assert math.isnan(eder([], ["angry"], 0.02).rate)


@given(st.integers(0, 5000))
def test_frames_that_lie_later_give_the_same(offset):
    rng = np.random.default_rng(offset)
    shown = rng.choice(EMOTIONS, 50).tolist()
    moved = [Segment("customer", offset * 0.02, offset * 0.02 + 1, "angry")]
    here = eder(talk((0, 1, "angry")), shown, 0.02)
    assert eder(moved, ["sad"] * offset + shown, 0.02).confused == pytest.approx(here.confused)
