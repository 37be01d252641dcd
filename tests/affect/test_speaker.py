"""A leg's emotion from its logits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.affect.baseline import REJECT, SpeakerBaseline, correction
from monitor.affect.dimensions import PLACES, Dimensions
from monitor.affect.hysteresis import LabelHysteresis
from monitor.affect.posterior import SmoothedPosterior
from monitor.affect.speaker import FORGET_AFTER, Affect, SpeakerAffect
from monitor.config.sections import StateSection
from monitor.events import ABSTAIN
from monitor.timeline import TICK_RATE

LABELS = ("angry", "disgusted", "fearful", "happy", "neutral", "other", "sad", "surprised", "<unk>")


def sounding(label: str, clearly: float = 4.0) -> np.ndarray:
    return np.array([clearly if label == one else 0.0 for one in LABELS])


def hear(affect: SpeakerAffect, label: str, seconds: float, clearly: float = 4.0) -> list[Affect]:
    return [affect.update(sounding(label, clearly)) for _ in range(round(seconds * TICK_RATE))]


def test_nothing_is_believed_before_there_is_evidence():
    affect = SpeakerAffect(LABELS, StateSection())
    assert (affect.now.emotion, affect.now.valence, affect.now.arousal) == (ABSTAIN, 0.0, 0.0)
    assert hear(affect, "angry", 0.3)[-1].emotion == ABSTAIN
    assert hear(affect, "angry", 2.0)[-1].emotion == "angry"


def test_a_flash_of_another_emotion_changes_no_label():
    affect = SpeakerAffect(LABELS, StateSection())
    hear(affect, "neutral", 5.0)
    assert {now.emotion for now in hear(affect, "angry", 0.4)} == {"neutral"}


def test_a_lasting_change_becomes_the_label_within_two_seconds_of_speech():
    affect = SpeakerAffect(LABELS, StateSection())
    hear(affect, "neutral", 10.0)
    assert hear(affect, "angry", 2.0)[-1].emotion == "angry"


def test_silence_shorter_than_the_limit_keeps_the_emotion_and_longer_forgets_it():
    affect = SpeakerAffect(LABELS, StateSection())
    hear(affect, "angry", 5.0)
    kept = [affect.rest() for _ in range(round(FORGET_AFTER * TICK_RATE) - 1)]
    assert {now.emotion for now in kept} == {"angry"}
    assert affect.rest() == Affect(posterior=pytest.approx((1 / 9,) * 9))


def test_speech_restarts_the_silence():
    affect = SpeakerAffect(LABELS, StateSection())
    hear(affect, "angry", 5.0)
    [affect.rest() for _ in range(round(FORGET_AFTER * TICK_RATE) - 1)]
    hear(affect, "angry", 0.1)
    assert affect.rest().emotion == "angry"


def test_a_model_that_says_it_does_not_know_gives_no_label():
    affect = SpeakerAffect(LABELS, StateSection())
    assert hear(affect, "<unk>", 5.0, clearly=9.0)[-1].emotion == ABSTAIN


def test_a_voice_with_a_slight_lean_to_anger_comes_to_count_as_neutral():
    leaning = np.array([0.8, -2, -2, -2, 0.0, -2, -2, -2, -9])
    affect = SpeakerAffect(LABELS, StateSection(baseline=8.0))
    heard = [affect.update(leaning) for _ in range(200)]
    assert heard[70].emotion == "angry"
    assert heard[-1].posterior[0] < 0.5
    assert heard[-1].arousal < heard[70].arousal


def test_a_caller_who_is_angry_from_the_first_second_stays_so():
    affect = SpeakerAffect(LABELS, StateSection(baseline=8.0))
    heard = hear(affect, "angry", 30.0, clearly=5.0)
    assert {now.emotion for now in heard[20:]} == {"angry"}
    assert heard[-1].posterior[0] > 0.9


def test_the_normal_of_a_speaker_is_known_after_the_baseline_and_stays():
    affect = SpeakerAffect(LABELS, StateSection(baseline=2.0))
    before, after = hear(affect, "neutral", 1.9)[-1], hear(affect, "neutral", 0.1)[-1]
    later = hear(affect, "angry", 5.0)[-1]
    assert before.normal is None
    assert after.normal is not None
    assert later.normal == after.normal
    assert later.valence < later.normal[0]


def test_without_a_baseline_nothing_is_relative():
    affect = SpeakerAffect(LABELS, StateSection(baseline=0.0))
    assert hear(affect, "neutral", 20.0)[-1].normal is None


@given(st.floats(-20, 20), st.floats(0, 20))
def test_the_correction_never_turns_the_order_of_two_voices_round(excess, more):
    low, high = np.array([excess]), np.array([excess + more])
    assert (high - correction(high) >= low - correction(low) - 1e-9).all()


@given(st.floats(-50, 50))
def test_the_correction_is_bounded_and_spares_what_is_clear(excess):
    value = float(correction(np.array([excess]))[0])
    assert 0 <= value <= 0.86
    assert value == 0 or 0 < excess < REJECT


def test_a_model_without_neutral_is_not_corrected():
    baseline = SpeakerBaseline(("angry", "sad"), steps=1)
    baseline.update(np.array([1.0, 0.0]))
    assert baseline.update(np.array([1.0, 0.0])).tolist() == [1.0, 0.0]


@given(st.lists(st.floats(-30, 30), min_size=9, max_size=9))
def test_valence_and_arousal_stay_on_their_scales(logits):
    affect = SpeakerAffect(LABELS, StateSection())
    now = [affect.update(np.array(logits)) for _ in range(30)][-1]
    assert -1 <= now.valence <= 1
    assert -1 <= now.arousal <= 1
    assert sum(now.posterior) == pytest.approx(1)


@pytest.mark.parametrize("label", sorted(PLACES))
def test_a_certain_label_has_the_published_place(label):
    posterior = np.array([float(label == one) for one in LABELS])
    assert Dimensions(LABELS)(posterior) == pytest.approx(PLACES[label])


def test_labels_without_a_place_draw_to_the_origin_only_when_they_prevail():
    dimensions = Dimensions(("angry", "other"))
    assert dimensions(np.array([0.6, 0.4])) == pytest.approx((-0.51, 0.59))
    assert dimensions(np.array([0.1, 0.9])) == pytest.approx((-0.102, 0.118))


def test_a_label_stands_at_least_as_long_as_set():
    label = LabelHysteresis(("angry", "neutral"), enter=0.6, leave=0.4, min_hold=5)
    label.update(np.array([0.9, 0.1]))
    assert [label.update(np.array([0.1, 0.9])) for _ in range(5)] == ["angry"] * 4 + ["neutral"]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_a_label_is_held_only_between_enter_and_leave(values):
    label = LabelHysteresis(("angry", "neutral"), enter=0.6, leave=0.4, min_hold=0)
    held = [label.update(np.array([value, 0.0])) for value in values]
    assert all(value >= 0.4 for value, name in zip(values, held, strict=True) if name == "angry")
    assert all(value < 0.6 for value, name in zip(values, held, strict=True) if name == ABSTAIN)


def test_leave_above_enter_is_refused():
    with pytest.raises(ValueError, match=r"leave 0\.7, enter 0\.5"):
        LabelHysteresis(("angry",), enter=0.5, leave=0.7, min_hold=0)


def test_a_smoothing_of_nothing_is_refused():
    with pytest.raises(ValueError, match="above 0 s, got 0"):
        SmoothedPosterior(2, time_constant=0, step=0.1)
