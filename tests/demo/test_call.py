"""The demonstration's sound is what its script says."""

import json
import shutil

import numpy as np
import pytest
import soundfile

from monitor.audio.resample import Resampler
from monitor.audio.speech import SpeechDetector
from monitor.demo import CALL, TURNS
from monitor.demo.make_call import render


def speech_of(channel: int) -> np.ndarray:
    samples, rate = soundfile.read(CALL, dtype="float32")
    resampler, detector = Resampler(rate), SpeechDetector()
    timeline = np.concatenate([resampler.push(samples[:, channel]), resampler.flush()])
    return np.concatenate([detector.update(timeline), detector.finish()])


def turns_of(leg: str, frames: int) -> np.ndarray:
    speaks = np.zeros(frames, bool)
    for turn in json.loads(TURNS.read_text()):
        speaks[int(turn["start"] * 50) : int(turn["end"] * 50)] |= turn["leg"] == leg
    return speaks


@pytest.mark.parametrize(("channel", "leg"), [(0, "customer"), (1, "agent")])
def test_speech_is_heard_where_the_script_has_a_turn_of_that_leg(channel, leg):
    speech = speech_of(channel) > 0.5
    turns = turns_of(leg, len(speech))
    assert np.mean(speech[turns]) > 0.75
    assert np.mean(speech[~turns]) < 0.05


def test_the_customer_talks_over_the_agent_once():
    both = turns_of("customer", 5_000) & turns_of("agent", 5_000)
    assert np.count_nonzero(np.diff(both.astype(int)) == 1) == 1


def test_the_call_is_short_and_small_enough_to_ship():
    assert 75 <= soundfile.info(CALL).duration <= 100
    assert CALL.stat().st_size < 1_000_000


def test_the_script_renders_the_same_turns_again(tmp_path):
    if shutil.which("espeak-ng") is None:
        pytest.skip("rendering the call needs: apt install espeak-ng")
    render(tmp_path)
    rendered = [(turn["leg"], turn["mood"], turn["text"]) for turn in json.loads((tmp_path / "call.json").read_text())]
    assert rendered == [(turn["leg"], turn["mood"], turn["text"]) for turn in json.loads(TURNS.read_text())]
    assert soundfile.info(tmp_path / "call.flac").duration == pytest.approx(soundfile.info(CALL).duration, abs=5)
