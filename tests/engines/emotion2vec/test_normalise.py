"""What a leg's samples are normalised by: at first as FunASR does it, then standing still but for slow steps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.audio.chunk import Samples
from monitor.engines.emotion2vec.normalise import Normalisation, by_its_own
from monitor.timeline import FRAME_SAMPLES

PADDING = 80


def noise(frames: int, level: float = 0.1, mean: float = 0.02, seed: int = 0) -> Samples:
    return np.random.default_rng(seed).normal(mean, level, frames * FRAME_SAMPLES).astype(np.float32)


def having_heard(samples: Samples, ends: list[int], window: int = 100) -> Normalisation:
    """After windows that end at these frames."""
    normalisation = Normalisation(PADDING)
    for end in ends:
        start = max(0, end - window)
        normalisation.hear(start, samples[start * FRAME_SAMPLES : end * FRAME_SAMPLES])
    return normalisation


def deviation_at_the_end(samples: Samples) -> float:
    frames = len(samples) // FRAME_SAMPLES
    normalisation = having_heard(samples, list(range(25, frames + 1, 25)))
    return float(normalisation.apply(samples[-FRAME_SAMPLES:], frames - 1).std())


@pytest.mark.parametrize("frames", [1, 50, 100])
def test_the_first_two_seconds_are_normalised_as_funasr_does(frames):
    samples = noise(frames)
    heard = having_heard(samples, [frames])
    padded = np.pad(samples, (0, PADDING))
    assert not heard.stands
    np.testing.assert_allclose(heard.apply(padded, 0), by_its_own(padded), atol=1e-5)


def test_it_stands_once_there_was_more_than_two_seconds_of_sound():
    assert having_heard(noise(101), [101], window=200).stands


def test_digital_silence_decides_nothing():
    samples = np.concatenate([np.zeros(500 * FRAME_SAMPLES, np.float32), noise(150)])
    ends = list(range(25, 651, 25))
    assert not having_heard(samples, ends[:24]).stands
    assert having_heard(samples, ends).stands
    assert having_heard(samples, ends).apply(samples[-FRAME_SAMPLES:], 649).std() == pytest.approx(1, abs=0.1)


def test_what_no_telephone_carries_decides_nothing():
    damaged = noise(200)
    damaged[150 * FRAME_SAMPLES : 151 * FRAME_SAMPLES] = np.resize([1e6, -1e6], FRAME_SAMPLES)
    assert deviation_at_the_end(damaged) == pytest.approx(deviation_at_the_end(noise(200)), rel=0.01)


@settings(max_examples=20)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=30, unique=True))
def test_what_a_frame_is_normalised_by_does_not_depend_on_the_windows(ends):
    samples = np.concatenate([noise(120), noise(180, 0.3, 0.0), noise(100, 0.01)])
    ends = sorted({*ends, *range(90, 400, 90), 400})
    last = samples[300 * FRAME_SAMPLES :]
    expected = having_heard(samples, [*range(50, 401, 50)]).apply(last, 300)
    np.testing.assert_allclose(having_heard(samples, ends).apply(last, 300), expected, rtol=1e-5, atol=1e-6)


def test_hearing_a_window_again_changes_nothing():
    samples = noise(400)
    once, twice = having_heard(samples, [100, 200, 300, 400]), having_heard(samples, [100, 200, 200, 100, 300, 400, 400])
    np.testing.assert_array_equal(once.apply(samples[-32_000:], 300), twice.apply(samples[-32_000:], 300))


def test_it_follows_a_leg_slowly():
    louder = np.concatenate([noise(100, 0.05), noise(3000, 0.2)])
    at_once, in_a_minute = deviation_at_the_end(louder[: 150 * FRAME_SAMPLES]), deviation_at_the_end(louder)
    assert at_once > 3
    assert in_a_minute == pytest.approx(1, abs=0.2)


def test_frames_seen_again_keep_what_they_were_normalised_by():
    samples = np.concatenate([noise(150), noise(200, 0.4)])
    early, late = having_heard(samples, [75, 150, 225, 300]), having_heard(samples, [75, 150, 225, 300, 325])
    shared = samples[250 * FRAME_SAMPLES : 300 * FRAME_SAMPLES]
    np.testing.assert_array_equal(early.apply(shared, 250), late.apply(shared, 250))
