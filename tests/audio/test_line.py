"""Telephone lines that are simulated: codecs there and back, band, level, noise and loss."""

import numpy as np
import pytest

from monitor.audio.coding import CODECS, coded
from monitor.audio.line import Line, active_level, draw_line, through_line
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


def test_a_lossy_line_has_no_holes():
    line = Line(1.0, 300, 3400, -20, "0", 40, 0, 0, "pcmu", 0.5, 0)
    sound = voice(1.0)
    heard = through_line(
        sound, line, np.random.default_rng(0).standard_normal(len(sound)).astype(np.float32), np.random.default_rng(0)
    )
    assert (np.abs(heard.reshape(-1, 320)).max(1) > 0).all()
