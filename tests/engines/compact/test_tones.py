"""What is no voice is not heard as one, whatever the line; a voice stays one."""

import numpy as np
import pytest
import soundfile
import soxr

from lab.lines.line import Line, through_line
from lab.training.melody import melody
from lab.training.tones import SIGNALS, TONES, any_tone, tone
from monitor.demo import CALL
from monitor.engines.compact.engine import CompactEngine
from monitor.engines.compact.features import Array
from monitor.engines.compact.options import CompactOptions
from tests.engines.compact.test_engine import stream

SECONDS = 8
NOT_SPEECH = 0.02
"""Share of frames that may be taken for speech."""
LINES = {
    "a mu-law line": Line(1.0, 300, 3_400, -25, "-1", 25, 0.0, 0.0, "pcmu", 0.0, 0.0),
    "a faint A-law line that loses packets": Line(1.0, 250, 3_300, -35, "-2", 30, 0.0, 1.0, "pcma", 0.03, 0.0),
    "a wide line": Line(1.0, 60, 7_000, -20, "0", 35, 0.0, -1.0, "opus", 0.0, 0.0),
}


@pytest.fixture(scope="module")
def shipped() -> CompactEngine:
    return CompactEngine(CompactOptions(model="research"))


def share_of_speech(engine: CompactEngine, samples: Array) -> float:
    return float((stream(engine, samples, [20]).speech >= 0.5).mean())


def over(line: str, samples: Array) -> Array:
    generator = np.random.default_rng(1)
    return through_line(samples, LINES[line], generator.standard_normal(len(samples), dtype=np.float32), generator)


def voice() -> Array:
    samples, rate = soundfile.read(CALL, dtype="float32", always_2d=True)
    return np.asarray(soxr.resample(samples[: 30 * rate, 0], rate, 16_000), np.float32)


@pytest.mark.parametrize("name", TONES)
def test_a_tone_is_not_speech(shipped, name):
    assert share_of_speech(shipped, tone(TONES[name], SECONDS)) <= NOT_SPEECH


@pytest.mark.parametrize("name", SIGNALS)
def test_a_signal_of_keys_fax_or_modem_is_not_speech(shipped, name):
    assert share_of_speech(shipped, SIGNALS[name](SECONDS, np.random.default_rng(99))) <= NOT_SPEECH


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize(
    "name",
    ["ringback in North America", "ringback in Japan", "busy in Europe", "dial tone in Britain", "1 kHz", "fax answering"],
)
def test_a_tone_is_not_speech_over_a_line(shipped, name, line):
    assert share_of_speech(shipped, over(line, tone(TONES[name], SECONDS))) <= NOT_SPEECH


@pytest.mark.parametrize("seed", [901, 902, 903])
def test_a_tone_of_no_country_is_not_speech(shipped, seed):
    assert share_of_speech(shipped, any_tone(SECONDS, np.random.default_rng(seed))) <= NOT_SPEECH


@pytest.mark.parametrize("line", LINES)
def test_melodies_are_hardly_ever_speech(shipped, line):
    songs = np.concatenate([melody(SECONDS, np.random.default_rng(seed)) for seed in (901, 902, 903, 904)])
    assert share_of_speech(shipped, over(line, songs)) <= 0.1


@pytest.mark.parametrize("line", LINES)
def test_a_voice_stays_speech_over_a_line(shipped, line):
    clean = stream(shipped, voice(), [20]).speech >= 0.5
    heard = stream(shipped, over(line, voice()), [20]).speech >= 0.5
    assert 0.2 < clean.mean() < 0.8
    assert heard[clean].mean() >= 0.9


def test_a_voice_is_speech_after_ringback_as_it_is_alone(shipped):
    alone = stream(shipped, voice(), [20]).speech >= 0.5
    after = stream(shipped, np.concatenate([tone(TONES["ringback in North America"], 12), voice()]), [20]).speech[600:] >= 0.5
    assert after[alone].mean() >= 0.9
