"""A leg's emotion from its logits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.affect.baseline import SpeakerBaseline
from monitor.affect.belief import EmotionBelief
from monitor.affect.dimensions import PLACES, Dimensions
from monitor.affect.hysteresis import LabelHysteresis
from monitor.affect.posterior import SmoothedPosterior
from monitor.affect.speaker import FORGET_AFTER, Affect, SpeakerAffect, update_together
from monitor.config.sections import StateSection
from monitor.events import ABSTAIN
from monitor.timeline import TICK_RATE

LABELS = ("angry", "disgusted", "fearful", "happy", "neutral", "other", "sad", "surprised", "<unk>")


def sounding(label: str, clearly: float = 4.0) -> np.ndarray:
    return np.array([clearly if label == one else 0.0 for one in LABELS])


NOTHING_KNOWN = np.zeros((1, 2)), np.zeros(1)
"""What a baseline of two classes has learned of a leg at first."""


def believed(leans: list[float], steps: list[int] | None = None) -> list[float]:
    """How far anger is believed, as its logit is so much above that of neutral."""
    belief = EmotionBelief(("angry", "neutral"), 0.5, correlation_time=0.5, mean_duration=30.0, step=0.1)
    values, now = [], belief.prior[None]
    for lean, after in zip(leans, steps or [1] * len(leans), strict=True):
        now = belief.update(now, np.array([[lean, 0.0]]), [after])
        values.append(float(now[0, 0]))
    return values


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


def test_a_lasting_change_becomes_the_label_within_two_and_a_half_seconds_of_speech():
    affect = SpeakerAffect(LABELS, StateSection())
    hear(affect, "neutral", 10.0)
    assert hear(affect, "angry", 2.5)[-1].emotion == "angry"


def test_silence_shorter_than_the_limit_keeps_the_emotion_and_longer_forgets_it():
    affect = SpeakerAffect(LABELS, StateSection())
    before = affect.now
    hear(affect, "angry", 5.0)
    kept = [affect.rest() for _ in range(round(FORGET_AFTER * TICK_RATE) - 1)]
    assert {now.emotion for now in kept} == {"angry"}
    assert affect.rest() == before


def test_speech_restarts_the_silence():
    affect = SpeakerAffect(LABELS, StateSection())
    hear(affect, "angry", 5.0)
    [affect.rest() for _ in range(round(FORGET_AFTER * TICK_RATE) - 1)]
    hear(affect, "angry", 0.1)
    assert affect.rest().emotion == "angry"


def test_a_model_that_says_it_does_not_know_gives_no_label():
    affect = SpeakerAffect(LABELS, StateSection())
    assert hear(affect, "<unk>", 5.0, clearly=9.0)[-1].emotion == ABSTAIN


def test_a_lean_to_anger_in_a_neutral_voice_comes_to_count_as_neutral():
    leaning = np.array([-0.5, -2, -2, -2, 0.0, -2, -2, -2, -9])
    affect, stranger = SpeakerAffect(LABELS, StateSection()), SpeakerAffect(LABELS, StateSection(baseline=0.0))
    heard = [(affect.update(leaning), stranger.update(leaning)) for _ in range(200)]
    assert {now.emotion for now, _ in heard} <= {ABSTAIN, "neutral"}
    assert heard[-1][0].posterior[0] < heard[-1][1].posterior[0] / 2
    assert heard[-1][0].arousal < heard[-1][1].arousal


def test_quiet_anger_is_heard_against_a_voice_that_never_sounds_angry():
    calm = np.array([-6.0, -9, -9, -9, 0.0, -9, -9, -9, -9])
    affect, stranger = SpeakerAffect(LABELS, StateSection()), SpeakerAffect(LABELS, StateSection(baseline=0.0))
    both = [(affect.update(calm), stranger.update(calm)) for _ in range(200)]
    quiet = calm + np.array([5.0, 0, 0, 0, 0, 0, 0, 0, 0])
    now = [(affect.update(quiet), stranger.update(quiet)) for _ in range(60)][-1]
    assert (both[-1][0].emotion, both[-1][1].emotion) == ("neutral", "neutral")
    assert (now[0].emotion, now[1].emotion) == ("angry", "neutral")


def test_a_caller_who_is_angry_from_the_first_second_stays_so():
    heard = hear(SpeakerAffect(LABELS, StateSection()), "angry", 60.0)
    assert {now.emotion for now in heard[25:]} == {"angry"}
    assert heard[-1].posterior[0] > 0.9


def test_the_normal_of_a_speaker_is_known_after_enough_neutral_speech_and_anger_does_not_move_it():
    affect = SpeakerAffect(LABELS, StateSection(baseline=2.0))
    before, after = hear(affect, "neutral", 1.9)[-1], hear(affect, "neutral", 10.0)[-1]
    later = hear(affect, "angry", 10.0)[-1]
    assert before.normal is None
    assert after.normal is not None
    assert later.normal == pytest.approx(after.normal, abs=0.05)
    assert later.valence < later.normal[0] - 0.3


def test_without_a_baseline_nothing_is_relative():
    affect = SpeakerAffect(LABELS, StateSection(baseline=0.0))
    assert hear(affect, "neutral", 20.0)[-1].normal is None


@given(st.floats(-5, 5), st.floats(0.1, 60))
def test_the_correction_approaches_the_speakers_own_mean_and_never_goes_beyond(lean, seconds):
    baseline, voice = SpeakerBaseline(("angry", "neutral"), half=30.0, lead=3.0), np.array([[lean, 0.0]])
    known = NOTHING_KNOWN
    for _ in range(round(seconds * TICK_RATE)):
        known = baseline.learn(voice, np.ones(1), *known)
    relative = float(baseline.relative(voice, *known)[0, 0])
    assert min(lean, -3.0) <= relative <= max(lean, -3.0)
    assert abs(relative + 3.0) <= abs(lean + 3.0)


def test_speech_that_is_not_believed_neutral_teaches_nothing():
    baseline, voice = SpeakerBaseline(("angry", "neutral"), half=1.0, lead=3.0), np.array([[4.0, 0.0]])
    sums, steps = baseline.learn(voice, np.zeros(1), *NOTHING_KNOWN)
    assert baseline.relative(voice, sums, steps).tolist() == [[4.0, 0.0]]
    assert not baseline.ready(steps[0])


def test_a_model_without_neutral_is_not_corrected():
    baseline, voice = SpeakerBaseline(("angry", "sad"), half=1.0, lead=3.0), np.array([[1.0, 0.0]])
    known = baseline.learn(voice, np.ones(1), *NOTHING_KNOWN)
    assert baseline.relative(voice, *known).tolist() == [[1.0, 0.0]]


def test_a_model_without_neutral_begins_with_all_emotions_alike():
    assert SpeakerAffect(("angry", "sad"), StateSection()).now.posterior == (0.5, 0.5)


def test_a_faint_lean_needs_longer_than_a_plain_one_and_both_are_believed_in_the_end():
    def steps(lean: float) -> int:
        return next(step for step, value in enumerate(believed([lean] * 200)) if value > 0.9)

    assert steps(4.0) < 5 < steps(1.0) < 30


def test_a_belief_fades_over_a_pause_as_a_mood_may_have_passed():
    def after(steps: int) -> float:
        return believed([9.0] * 20 + [0.0], [1] * 20 + [steps])[-1]

    assert after(1) > after(50) > after(100) == after(500) > 0.5


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


def test_a_label_stands_at_least_as_long_as_set_and_so_does_unknown():
    label = LabelHysteresis(("angry", "neutral"), enter=0.6, leave=0.4, min_hold=5)
    assert [label.update([0.9, 0.1]) for _ in range(5)] == [ABSTAIN] * 4 + ["angry"]
    assert [label.update([0.1, 0.9]) for _ in range(5)] == ["angry"] * 4 + ["neutral"]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_a_label_is_held_only_between_enter_and_leave(values):
    label = LabelHysteresis(("angry", "neutral"), enter=0.6, leave=0.4, min_hold=0)
    held = [label.update([value, 0.0]) for value in values]
    assert all(value >= 0.4 for value, name in zip(values, held, strict=True) if name == "angry")
    assert all(value < 0.6 for value, name in zip(values, held, strict=True) if name == ABSTAIN)


def test_leave_above_enter_is_refused():
    with pytest.raises(ValueError, match=r"leave 0\.7, enter 0\.5"):
        LabelHysteresis(("angry",), enter=0.5, leave=0.7, min_hold=0)


def test_a_smoothing_of_nothing_is_refused():
    with pytest.raises(ValueError, match="above 0 s, got 0"):
        SmoothedPosterior(time_constant=0, step=0.1)


def test_a_belief_without_a_duration_is_refused():
    with pytest.raises(ValueError, match=r"above 0 s, got 0\.5, 0"):
        EmotionBelief(("angry", "neutral"), 0.5, correlation_time=0.5, mean_duration=0.0, step=0.1)


@given(st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_legs_that_are_taken_together_are_taken_as_each_alone_to_the_bit(legs, seed):
    rng = np.random.default_rng(seed)
    settings = [StateSection(), StateSection(baseline=0.0), StateSection(smoothing=0.3)]
    alone, together = ([SpeakerAffect(LABELS, settings[leg % 3]) for leg in range(legs)] for _ in range(2))
    for _ in range(30):
        speaks, logits = rng.random(legs) < 0.7, 5 * rng.standard_normal((legs, len(LABELS)))
        update_together([(together[leg], logits[leg]) for leg in np.flatnonzero(speaks)])
        for leg in range(legs):
            if speaks[leg]:
                alone[leg].update(logits[leg])
            else:
                alone[leg].rest()
                together[leg].rest()
    assert [affect.now for affect in together] == [affect.now for affect in alone]
