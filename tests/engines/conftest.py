import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.engines.fake_hub import FakeHub, serving


@pytest.fixture(scope="session")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny emotion2vec model with the classes of plus_large."""
    from tests.engines.emotion2vec_dir import write_model  # imports torch, which tests of other engines do not need

    return write_model(tmp_path_factory.mktemp("emotion2vec") / "tiny")


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
    if find_spec("huggingface_hub"):
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
