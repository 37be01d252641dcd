"""No work for silence: what is left out is said by zeros, and nothing that somebody says is left out."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

import monitor.demo
from monitor.audio.chunk import Samples
from monitor.config.sections import Settings
from monitor.conformance.engine_calls import listen
from monitor.engines.base import Window
from monitor.engines.emotion2vec.engine import Emotion2vecEngine
from monitor.engines.emotion2vec.gate import UNDECIDED
from monitor.timeline import FRAME_SAMPLES, TICK_FRAMES
from tests.engines.emotion2vec.conftest import tiny_settings

FRAMES = 500


@pytest.fixture(scope="module")
def talk() -> Samples:
    """Three seconds of silence, four of a speaker, three of silence."""
    spoken, rate = soundfile.read(Path(monitor.demo.__file__).with_name("call.flac"), dtype="float32", always_2d=True)
    wide = soxr.resample(spoken[:, 0], rate, 16_000)
    sums = np.cumsum(np.abs(wide), dtype=np.float64)
    loudest = int((sums[64_000:] - sums[:-64_000]).argmax()) + 1
    talk = np.zeros(FRAMES * FRAME_SAMPLES, np.float32)
    talk[48_000:112_000] = wide[loudest : loudest + 64_000]
    return talk


@pytest.fixture(scope="module")
def gated(model_dir) -> Emotion2vecEngine:
    return Emotion2vecEngine(tiny_settings(model_dir, gate=0.2, normalise="leg"))


@pytest.fixture(scope="module")
def open_to_all(model_dir) -> Emotion2vecEngine:
    return Emotion2vecEngine(tiny_settings(model_dir, gate=0, normalise="leg"))


def computed(embedding: np.ndarray) -> np.ndarray:
    return embedding.any(axis=1)


def test_silence_is_not_computed_and_speech_is(talk, gated):
    frames = listen(gated, gated.open_leg(), talk)
    assert not computed(frames.embedding)[:100].any()
    assert not computed(frames.embedding)[-100:].any()
    assert computed(frames.embedding)[frames.speech >= 0.2].all()
    assert not frames.logits[~computed(frames.embedding)].any()


def test_every_frame_of_a_tick_of_speech_is_computed(talk, gated):
    frames = listen(gated, gated.open_leg(), talk)
    ticks = frames.speech.reshape(-1, TICK_FRAMES).mean(axis=1) >= 0.5
    assert ticks.any()
    assert computed(frames.embedding).reshape(-1, TICK_FRAMES)[ticks].all()


def test_a_tick_is_computed_only_where_somebody_speaks_or_did_just_before(talk, gated):
    frames = listen(gated, gated.open_leg(), talk)
    spoken = np.pad(frames.speech >= 0.2, (UNDECIDED, 0))
    reach = np.lib.stride_tricks.sliding_window_view(spoken, UNDECIDED + TICK_FRAMES)[::TICK_FRAMES].any(axis=1)
    np.testing.assert_array_equal(computed(frames.embedding).reshape(-1, TICK_FRAMES).all(axis=1), reach)


def test_what_is_computed_is_what_an_engine_without_a_gate_says(talk, gated, open_to_all):
    frames, all_frames = (listen(engine, engine.open_leg(), talk) for engine in (gated, open_to_all))
    spoken = computed(frames.embedding)
    np.testing.assert_allclose(frames.embedding[spoken], all_frames.embedding[spoken], atol=1e-5)
    np.testing.assert_allclose(frames.logits[spoken], all_frames.logits[spoken], atol=1e-5)
    np.testing.assert_array_equal(frames.speech, all_frames.speech)


@pytest.mark.parametrize("hop", [0.1, 0.7, 2.0])
def test_which_frames_are_computed_does_not_depend_on_the_hop(hop, talk, gated):
    reference = listen(gated, gated.open_leg(), talk)
    frames = listen(gated, gated.open_leg(), talk, hop=hop)
    np.testing.assert_array_equal(computed(frames.embedding), computed(reference.embedding))


def test_a_window_of_silence_costs_no_forward_pass(gated):
    window = Window(gated.open_leg(), 0, np.zeros(150 * FRAME_SAMPLES, np.float32), 0, 100)
    gated.infer([window])
    (leg,) = gated._legs.contexts([window])
    assert leg._features is None


def test_a_gate_above_what_counts_as_speech_is_refused():
    with pytest.raises(ValueError, match=r"engine\.gate \(0\.6\) must not be above state\.speech_threshold \(0\.5\)"):
        Settings.model_validate({"engine": {"name": "emotion2vec", "gate": 0.6}})
