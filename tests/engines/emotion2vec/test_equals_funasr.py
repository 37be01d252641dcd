"""The engine's frames and logits are those of FunASR's own `generate()`."""

from pathlib import Path

import numpy as np
import pytest

from monitor.audio.chunk import Samples
from monitor.engines.base import Engine, Window, WindowFrames
from monitor.engines.emotion2vec.engine import Emotion2vecEngine
from monitor.engines.emotion2vec.network import TAIL
from monitor.timeline import FRAME_SAMPLES
from tests.engines.emotion2vec.conftest import tiny_settings
from tests.engines.emotion2vec.funasr_reference import Reference
from tests.engines.emotion2vec_dir import write_model

KEPT_OF_SEED = [0, 3, 4, 6, 8]


def sound(frames: int, seed: int = 0) -> Samples:
    return np.random.default_rng(seed).normal(0.02, 0.1, frames * FRAME_SAMPLES).astype(np.float32)


def heard(engine: Engine, samples: Samples) -> WindowFrames:
    return engine.infer([Window(engine.open_leg(), 0, samples, 0, len(samples) // FRAME_SAMPLES, final=True)])[0]


def as_generate_hears_it(samples: Samples) -> Samples:
    """The engine gives a window 80 zeros of right context, so that its last frame is whole."""
    return np.pad(samples, (0, TAIL))


@pytest.mark.parametrize("frames", [1, 2, 7, 25, 100, 250])
def test_frame_embeddings_are_those_of_generate(frames, engine, reference):
    samples = sound(frames)
    expected = reference.frames(as_generate_hears_it(samples))
    np.testing.assert_allclose(heard(engine, samples).embedding, expected, atol=1e-4)


@pytest.mark.parametrize("level", [1e-4, 1.0, 20.0])
def test_frame_embeddings_are_those_of_generate_at_any_level(level, engine, reference):
    samples = sound(50) * np.float32(level)
    expected = reference.frames(as_generate_hears_it(samples))
    np.testing.assert_allclose(heard(engine, samples).embedding, expected, atol=1e-4)


@pytest.mark.parametrize("frames", [1, 25, 100])
def test_mean_of_frame_logits_is_the_logits_behind_the_scores_of_generate(frames, engine, reference):
    samples = sound(frames, seed=1)
    expected = reference.logits(as_generate_hears_it(samples))
    np.testing.assert_allclose(heard(engine, samples).logits.mean(axis=0), expected, atol=1e-5)


def test_mean_of_frame_logits_is_that_of_generate_where_classes_are_unused(seed_engine, seed_reference):
    samples = sound(100, seed=2)
    expected = seed_reference.logits(as_generate_hears_it(samples))[KEPT_OF_SEED]
    np.testing.assert_allclose(heard(seed_engine, samples).logits.mean(axis=0), expected, atol=1e-5)


def test_softmax_of_mean_logits_is_the_scores_of_generate(engine, reference):
    samples = sound(100, seed=3)
    np.testing.assert_allclose(softmax(heard(engine, samples)), reference.scores(as_generate_hears_it(samples)), atol=1e-5)


def test_softmax_of_mean_logits_is_the_scores_of_generate_where_classes_are_unused(seed_engine, seed_reference):
    samples = sound(100, seed=4)
    expected = seed_reference.scores(as_generate_hears_it(samples))
    np.testing.assert_allclose(softmax(heard(seed_engine, samples)), expected, atol=1e-5)


def softmax(frames: WindowFrames) -> np.ndarray:
    logits = frames.logits.mean(axis=0, dtype=np.float64)
    return np.exp(logits) / np.exp(logits).sum()


@pytest.mark.slow
def test_a_model_of_the_size_of_plus_large_gives_what_generate_gives(tmp_path: Path):
    folder = write_model(tmp_path / "large", "large")
    engine = Emotion2vecEngine(tiny_settings(folder))
    reference, samples = Reference(folder), sound(100, seed=5)
    frames = heard(engine, samples)
    assert frames.embedding.shape == (100, 1024)
    np.testing.assert_allclose(frames.embedding, reference.frames(as_generate_hears_it(samples)), atol=1e-4)
    np.testing.assert_allclose(frames.logits.mean(axis=0), reference.logits(as_generate_hears_it(samples)), atol=1e-5)
    others = [Window(engine.open_leg(), 0, sound(100, seed), 0, 100, final=True) for seed in (6, 5, 7)]
    among_others = engine.infer(others)[1]
    np.testing.assert_allclose(among_others.embedding, frames.embedding, atol=1e-5)
    np.testing.assert_allclose(among_others.logits, frames.logits, atol=1e-5)
