"""Weights and sound that the tests make themselves."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lab.labels import EMOTIONS
from monitor.engines.compact.engine import CompactEngine
from monitor.engines.compact.features import BANDS, Array
from monitor.engines.compact.network import STEP_INPUTS
from monitor.engines.compact.normalise import Prior
from monitor.engines.compact.options import CompactOptions
from monitor.engines.compact.weights import Shape, Weights, save_weights

SMALL = Shape(channels=16, dim=64, dilations=(1, 2, 4), delay=9)


def random_weights(shape: Shape = SMALL, seed: int = 0) -> Weights:
    generator = np.random.default_rng(seed)
    tensors = {
        name: (generator.standard_normal(size) / np.sqrt(size[0])).astype(np.float32)
        for name, size in shape.tensors(STEP_INPUTS).items()
    }
    tensors["input.scale"] = np.ones(STEP_INPUTS, np.float32)
    prior = Prior(np.full(BANDS, -8, np.float32), -6.0, 0.6)
    return Weights(tensors, shape, prior, EMOTIONS, "random", "none", {"seed": seed})


@pytest.fixture(scope="session")
def weights_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "random.safetensors"
    save_weights(path, random_weights())
    return path


@pytest.fixture(scope="session")
def engine(weights_file: Path) -> CompactEngine:
    return CompactEngine(CompactOptions(model=str(weights_file)))


def voice(seconds: float, pitch: float = 140.0, seed: int = 0) -> Array:
    """A buzz that comes and goes, with noise: whole frames."""
    generator = np.random.default_rng(seed)
    time = np.arange(round(seconds * 50) * 320) / 16_000
    glide = pitch * (1 + 0.2 * np.sin(2 * np.pi * 0.7 * time))
    phase = 2 * np.pi * np.cumsum(glide) / 16_000
    buzz = np.sum([np.sin(harmonic * phase) / harmonic for harmonic in range(1, 20)], axis=0)
    syllables = np.clip(np.sin(2 * np.pi * 2.5 * time), 0, None)
    return (0.05 * buzz * syllables + 0.001 * generator.standard_normal(len(time))).astype(np.float32)


@pytest.fixture(scope="session")
def speak() -> Callable[..., Array]:
    return voice
