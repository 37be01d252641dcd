"""Two legs that carry one sound are told from two legs of a call, whatever leaks from one to the other."""

import numpy as np
import pytest
import soundfile

from monitor.audio.chunk import AudioChunk, Samples
from monitor.demo import CALL
from monitor.pipeline.likeness import Likeness


def legs() -> tuple[Samples, Samples]:
    samples, _ = soundfile.read(CALL, dtype="float32")
    wide = np.repeat(samples[: 30 * 8_000], 2, axis=0)
    return wide[:, 0], wide[:, 1]


def told(customer: Samples, agent: Samples, size: int = 8_000) -> Likeness:
    likeness = Likeness(("customer", "agent"))
    for start in range(0, len(customer), size):
        likeness.hear(AudioChunk("customer", start, customer[start : start + size]))
        likeness.hear(AudioChunk("agent", start, agent[start : start + size]))
    return likeness


def test_a_mono_recording_in_both_channels_is_one_sound():
    customer, _ = legs()
    assert told(customer, customer).same is True


def test_one_sound_at_another_level_with_noise_and_later_is_still_one_sound():
    customer, _ = legs()
    noise = 0.002 * np.random.default_rng(1).standard_normal(len(customer)).astype(np.float32)
    assert told(customer, 0.7 * np.roll(customer, 800) + noise).same is True


def test_the_legs_of_a_call_are_two_sounds():
    assert told(*legs()).same is False


@pytest.mark.parametrize("leak", [0.05, 0.3])
def test_a_leg_in_which_the_other_is_heard_as_an_echo_is_a_sound_of_its_own(leak):
    customer, agent = legs()
    assert told(customer, agent + leak * np.roll(customer, 1_600)).same is False


def test_silence_in_both_legs_says_nothing():
    silence = np.zeros(160_000, np.float32)
    likeness = told(silence, silence)
    assert likeness.same is None
    likeness.finish()
    assert likeness.same is False


def test_a_short_recording_is_judged_by_what_there_is():
    customer, agent = legs()
    short = slice(96_000, 160_000)
    alike, apart = told(customer[short], customer[short]), told(customer[short], agent[short])
    alike.finish()
    apart.finish()
    assert (alike.same, apart.same) == (True, False)


def test_it_does_not_depend_on_how_the_sound_is_cut():
    customer, agent = legs()
    assert [told(customer, other, size).same for size in (333, 50_000) for other in (customer, agent)] == [True, False] * 2


def test_a_call_of_one_leg_has_none_to_be_like():
    assert Likeness(("mixed",)).same is False
