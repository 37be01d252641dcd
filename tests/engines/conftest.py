import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.config.sections import EngineSection
from monitor.engines.emotion2vec.engine import Emotion2vecEngine
from tests.engines.emotion2vec_dir import SEED_TOKENS, write_model
from tests.engines.fake_hub import FakeHub, serving
from tests.engines.funasr_reference import Reference


@pytest.fixture(scope="session")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model with the classes of plus_large."""
    return write_model(tmp_path_factory.mktemp("emotion2vec") / "tiny")


@pytest.fixture(scope="session")
def seed_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model with the classes of plus_seed: half of them unused."""
    return write_model(tmp_path_factory.mktemp("emotion2vec") / "seed", tokens=SEED_TOKENS, seed=1)


def tiny_settings(folder: Path) -> EngineSection:
    return EngineSection(name="emotion2vec", model=str(folder), device="cpu", threads=1)


@pytest.fixture(scope="session")
def engine(model_dir: Path) -> Emotion2vecEngine:
    return Emotion2vecEngine(tiny_settings(model_dir))


@pytest.fixture(scope="session")
def seed_engine(seed_dir: Path) -> Emotion2vecEngine:
    return Emotion2vecEngine(tiny_settings(seed_dir))


@pytest.fixture(scope="session")
def reference(model_dir: Path) -> Reference:
    return Reference(model_dir)


@pytest.fixture(scope="session")
def seed_reference(seed_dir: Path) -> Reference:
    return Reference(seed_dir)


@pytest.fixture
def root_logger() -> Iterator[logging.Logger]:
    """The root logger, put back afterwards."""
    root = logging.getLogger()
    level = root.level
    yield root
    root.setLevel(level)


@pytest.fixture
def no_hubs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine with empty caches on which no hub can be reached; returns its home."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("MODELSCOPE_CACHE", raising=False)
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(home / "huggingface"))
    return home


@pytest.fixture
def fake_hub(no_hubs: Path, model_dir: Path) -> Iterator[FakeHub]:
    """A hub that has plus_large under both of its names; tests point an endpoint at it."""
    names = ("iic/emotion2vec_plus_large", "emotion2vec/emotion2vec_plus_large")
    with serving(FakeHub(dict.fromkeys(names, model_dir))) as hub:
        yield hub


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    """For a fresh interpreter."""
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
