import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.audio.codecs.concealment import Concealer

RATE = 8_000


def voice(seconds: float, hertz: float = 130.0) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    return sum(np.sin(2 * np.pi * hertz * k * time) / k for k in (1, 2, 3)).astype(np.float32) * np.float32(0.2)


@pytest.mark.parametrize("hertz", [80.0, 130.0, 240.0])
def test_a_voice_goes_on_at_its_pitch(hertz):
    whole, concealer = voice(0.3, hertz), Concealer(RATE)
    concealer.hear(whole[:1_600])
    concealed = concealer.conceal(160)
    assert np.corrcoef(concealed[:80], whole[1_600:1_680])[0, 1] > 0.9


def test_what_is_concealed_fades_to_silence():
    concealer = Concealer(RATE)
    concealer.hear(voice(0.3))
    concealed = concealer.conceal(800)
    assert np.abs(concealed[:80]).max() > 0.1
    assert not concealed[480:].any()


def test_the_audio_after_a_loss_sets_in_without_a_step():
    concealer = Concealer(RATE)
    concealer.hear(voice(0.3))
    concealed = concealer.conceal(80)
    after = concealer.hear(np.full(160, -0.5, np.float32))
    assert abs(after[0] - concealed[-1]) < 0.15
    assert after[-1] == -0.5


def test_there_is_nothing_to_continue_at_the_start_or_after_a_pause():
    concealer = Concealer(RATE)
    assert not concealer.conceal(160).any()
    concealer.hear(voice(0.3))
    concealer.silence()
    assert not concealer.conceal(160).any()


@settings(deadline=None)
@given(
    st.sampled_from([8_000, 11_025, 16_000, 48_000]),
    st.lists(st.integers(1, 2_000), min_size=1, max_size=8),
    st.integers(0, 3_000),
)
def test_any_length_is_concealed_with_finite_samples_no_louder_than_before(rate, heard, length):
    concealer = Concealer(rate)
    draw = np.random.default_rng(0)
    for size in heard:
        concealer.hear(draw.uniform(-1, 1, size).astype(np.float32))
    concealed = concealer.conceal(length)
    assert len(concealed) == length
    assert np.isfinite(concealed).all() and np.abs(concealed).max(initial=0) <= 1.0 + 1e-6


def test_what_the_codec_offers_is_taken_first_and_faded_after_a_while():
    concealer = Concealer(RATE, lambda: np.full(160, 0.5, np.float32))
    concealed = concealer.conceal(1_600)
    assert (concealed[:480] == 0.5).all()
    assert not concealed[960:].any()


def test_where_the_codec_offers_nothing_the_voice_is_repeated():
    concealer, reference = Concealer(RATE, lambda: None), Concealer(RATE)
    concealer.hear(voice(0.3))
    reference.hear(voice(0.3))
    np.testing.assert_array_equal(concealer.conceal(160), reference.conceal(160))
