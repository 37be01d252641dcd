"""The resampler keeps time and does not care how its input is cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.audio.chunk import Samples
from monitor.audio.resample import Quality, Resampler

RATES = [4_000, 8_000, 11_025, 12_000, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000]


def convert(samples: Samples, rate: int, cuts: list[int], quality: Quality = "streaming") -> Samples:
    resampler = Resampler(rate, quality)
    pieces = [resampler.push(piece) for piece in np.split(samples, cuts)]
    return np.concatenate([*pieces, resampler.flush()])


def tone(rate: int, seconds: float, hertz: float) -> Samples:
    return np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate).astype(np.float32)


def phase_delay(samples: Samples, hertz: float) -> float:
    """Seconds by which a tone at 16 kHz lags behind a sine that starts at sample 0, over its middle."""
    middle = np.arange(4_000, len(samples) - 4_000)
    turn = np.angle(np.sum(samples[middle] * np.exp(-2j * np.pi * hertz * middle / 16_000)))
    return -float(turn + np.pi / 2) / (2 * np.pi * hertz)


@pytest.mark.parametrize("rate", RATES)
def test_a_tone_keeps_its_place_in_time(rate):
    assert abs(phase_delay(convert(tone(rate, 2, 400), rate, []), 400)) < 1e-4


@pytest.mark.parametrize("rate", RATES)
def test_an_impulse_keeps_its_place_in_time(rate):
    impulse = np.zeros(rate, np.float32)
    impulse[rate // 2] = 1
    energy = convert(impulse, rate, []).astype(np.float64) ** 2
    centre = np.sum(energy * np.arange(len(energy))) / np.sum(energy) / 16_000
    assert abs(centre - (rate // 2) / rate) < 1e-4


@pytest.mark.parametrize("rate", RATES)
def test_a_tone_keeps_its_level(rate):
    assert np.sqrt(np.mean(convert(tone(rate, 2, 400), rate, [])[4_000:-4_000] ** 2)) == pytest.approx(np.sqrt(0.5), rel=1e-3)


@pytest.mark.parametrize("quality", ["streaming", "LQ", "MQ", "HQ", "VHQ"])
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_the_way_the_input_is_cut_changes_nothing(quality, data):
    rate = data.draw(st.sampled_from(RATES))
    length = data.draw(st.integers(0, 3_000))
    cuts = sorted(data.draw(st.lists(st.integers(0, length), max_size=30)))
    samples = np.random.default_rng(length).uniform(-1, 1, length).astype(np.float32)
    np.testing.assert_allclose(convert(samples, rate, cuts, quality), convert(samples, rate, [], quality), atol=1e-6)


@settings(max_examples=200, deadline=None)
@given(rate=st.integers(1_000, 200_000), length=st.integers(0, 20_000))
def test_the_length_is_exact_after_the_flush(rate, length):
    assert len(convert(np.ones(length, np.float32), rate, [length // 3])) == round(length * 16_000 / rate)


def test_telephone_audio_is_held_back_by_thirty_milliseconds_at_most():
    resampler = Resampler(8_000)
    given_out = np.cumsum([len(resampler.push(np.zeros(160, np.float32))) for _ in range(100)])
    assert np.max(320 * np.arange(1, 101) - given_out) <= 480


@pytest.mark.parametrize("hertz", [300, 1_000, 3_000, 3_400])
def test_the_telephone_band_comes_through_flat_and_without_images(hertz):
    spectrum = np.abs(np.fft.rfft(convert(tone(8_000, 2, hertz), 8_000, [])[8_000:24_000] * np.hanning(16_000))) / 4_000
    assert spectrum[hertz] == pytest.approx(1, abs=0.01)
    assert np.max(spectrum[4_000:]) < 1e-4


@pytest.mark.parametrize("rate", [0, -8_000, 999, 1_000_000])
def test_a_rate_that_no_audio_has_is_refused_with_the_value_seen(rate):
    with pytest.raises(ValueError, match=str(rate)):
        Resampler(rate)


def test_two_channels_in_one_array_are_refused():
    with pytest.raises(ValueError, match=r"\(160, 2\)"):
        Resampler(8_000).push(np.zeros((160, 2), np.float32))
