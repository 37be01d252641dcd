"""Telephone lines that are simulated: codecs there and back, band, level, noise and loss."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.lines.line import active_level, draw_line, lossy, lost_packets, through_line
from monitor.audio.codecs.concealment import Concealer
from monitor.audio.coding import CODECS, coded
from tests.engines.compact.conftest import voice


@pytest.mark.parametrize("codec", sorted(CODECS))
def test_a_codec_keeps_the_voice_in_its_place(codec):
    sound = voice(2.0)
    heard = coded(sound, codec)
    assert heard.shape == sound.shape
    loudness = [np.sqrt((each.reshape(-1, 320) ** 2).mean(1)) for each in (sound, heard)]
    assert np.corrcoef(*loudness)[0, 1] > 0.9


@pytest.mark.parametrize("seed", range(6))
def test_a_line_gives_as_many_samples_at_its_level(seed):
    generator = np.random.default_rng(seed)
    line, sound = draw_line(generator), voice(2.0)
    heard = through_line(sound, line, generator.standard_normal(len(sound)).astype(np.float32), generator)
    assert heard.shape == sound.shape
    assert np.isfinite(heard).all()
    assert 20 * np.log10(active_level(heard)) == pytest.approx(line.level, abs=8)


def test_lost_packets_sound_on_as_the_legs_of_calls_conceal_them():
    sound, lost = voice(1.0), np.zeros(50, np.bool_)
    lost[[20, 30, 31]] = True
    heard = lossy(sound, lost)
    concealer = Concealer(16_000)
    concealer.hear(sound[: 20 * 320])
    np.testing.assert_array_equal(heard[20 * 320 : 21 * 320], concealer.conceal(320))
    assert heard.shape == sound.shape
    assert (np.abs(heard[30 * 320 : 32 * 320]) > 0).any()
    np.testing.assert_array_equal(heard[40 * 320 :], sound[40 * 320 :])


def test_a_line_without_loss_is_left_alone():
    sound = voice(0.5)
    assert lossy(sound, lost_packets(len(sound), 0.0, np.random.default_rng(0))) is sound


@given(share=st.floats(0, 1), samples=st.integers(0, 5_000))
def test_whatever_is_lost_the_length_stays(share: float, samples: int):
    generator = np.random.default_rng(1)
    sound = generator.standard_normal(samples).astype(np.float32)
    assert lossy(sound, lost_packets(samples, share, generator)).shape == sound.shape
