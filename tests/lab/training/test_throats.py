"""A voice by another throat: pitch and resonances move, each by itself, and what is said stays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.training.throats import Throat, draw_throat, spoken_by
from monitor.engines.compact.features import Array
from monitor.timeline import SAMPLE_RATE
from tests.engines.compact.conftest import voice

SECONDS = 1.0


def vowel(pitch: float, resonance: float) -> Array:
    """Pulses through one resonance, shape (16000,)."""
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    harmonics = np.arange(1, int(7000 / pitch))
    loudness = 1 / (1 + ((harmonics * pitch - resonance) / 150) ** 2)
    return np.asarray(
        0.1 * np.sum(loudness[:, None] * np.cos(2 * np.pi * np.outer(harmonics * pitch, time)), axis=0), np.float32
    )


def pitch_of(sound: Array) -> float:
    """Of the highest peak of the autocorrelation between 100 and 320 Hz."""
    middle = sound[4000:12000]
    lags = np.arange(SAMPLE_RATE // 320, SAMPLE_RATE // 100)
    return float(SAMPLE_RATE / lags[np.argmax([middle[lag:] @ middle[:-lag] / len(middle[lag:]) for lag in lags])])


def resonance_of(sound: Array) -> float:
    """Where the spectrum has its centre."""
    power = np.abs(np.fft.rfft(sound[2000:-2000])) ** 2
    return float((np.fft.rfftfreq(len(sound) - 4000, 1 / SAMPLE_RATE) @ power) / power.sum())


def test_the_same_throat_says_the_same() -> None:
    said = voice(SECONDS)
    assert spoken_by(Throat(1.0, 1.0), said) == pytest.approx(said, abs=1e-4)


@pytest.mark.parametrize("resonances", [0.88, 1.15])
def test_resonances_move_and_pitch_stays(resonances: float) -> None:
    before, after = vowel(110, 1500), spoken_by(Throat(1.0, resonances), vowel(110, 1500))
    assert pitch_of(after) == pytest.approx(110, rel=0.02)
    assert resonance_of(after) / resonance_of(before) == pytest.approx(resonances, rel=0.05)


@pytest.mark.parametrize("pitch", [0.8, 1.25])
def test_pitch_moves_and_resonances_stay(pitch: float) -> None:
    before, after = vowel(130, 1500), spoken_by(Throat(pitch, 1.0), vowel(130, 1500))
    assert pitch_of(after) == pytest.approx(130 * pitch, rel=0.02)
    assert resonance_of(after) / resonance_of(before) == pytest.approx(1, rel=0.06)


@given(st.integers(0, 2**32 - 1), st.integers(0, 3000))
def test_whatever_is_drawn_gives_sound_of_the_length_that_the_pitch_says(seed: int, samples: int) -> None:
    throat = draw_throat(np.random.default_rng(seed))
    said = spoken_by(throat, voice(0.4, seed=seed % 7)[:samples])
    assert np.isfinite(said).all()
    assert len(said) == pytest.approx(min(samples, 6400) / throat.pitch, abs=2)
