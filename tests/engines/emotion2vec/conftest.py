from pathlib import Path

import pytest

from monitor.engines.emotion2vec.engine import Emotion2vecEngine
from monitor.engines.emotion2vec.options import Emotion2vecOptions
from tests.engines.emotion2vec.funasr_reference import Reference
from tests.engines.emotion2vec_dir import SEED_TOKENS, write_model


@pytest.fixture(scope="session")
def seed_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model with the classes of plus_seed: half of them unused."""
    return write_model(tmp_path_factory.mktemp("emotion2vec") / "seed", tokens=SEED_TOKENS, seed=1)


def tiny_settings(folder: Path, **changes: object) -> Emotion2vecOptions:
    """As FunASR hears it: every frame computed, each window normalised by itself."""
    as_funasr = {"device": "cpu", "threads": 1, "gate": 0, "normalise": "window"}
    return Emotion2vecOptions.model_validate({"model": str(folder)} | as_funasr | changes)


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
