"""What the core does without, and what is said where an extra is asked for that is not installed."""

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from monitor.engines.catalogue import check_model, list_models, models_of
from monitor.engines.emotion2vec.options import Emotion2vecOptions
from monitor.engines.registry import load_engine
from monitor.errors import ConfigError, EngineError
from monitor.extras import EMOTION2VEC, EXTRAS, LAB, lacking, need

ROOT = Path(__file__).parents[1]
INSTALL = re.escape(
    f"funasr, which is not installed: {shlex.quote(sys.executable)} -m pip install 'emotion-monitor[emotion2vec]'"
)

EVERY_MODULE = f"""
import importlib, pkgutil, sys
class Absent:
    def find_spec(name, *_):
        if name in {sorted({module for modules in EXTRAS.values() for module in modules})!r}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent)
import monitor
OF_EXTRAS = ("monitor.engines.emotion2vec.", "monitor.analysis.pictures", "monitor.engines.processor", "monitor.__main__")
names = [found.name for found in pkgutil.walk_packages(monitor.__path__, "monitor.")]
print(len([importlib.import_module(name) for name in names if not name.startswith(OF_EXTRAS)]) > 100)
"""


@pytest.fixture
def no_funasr(monkeypatch: pytest.MonkeyPatch) -> None:
    """All other parts of the extra count as installed."""
    for module in EXTRAS[EMOTION2VEC]:
        monkeypatch.setitem(sys.modules, module, sys)
    monkeypatch.setitem(sys.modules, "funasr", None)


def distributions(extra: str, table: dict[str, list[str]]) -> set[str]:
    """Names of what an extra brings, other extras resolved."""
    found: set[str] = set()
    for requirement in table[extra]:
        name, bracket, others = requirement.partition("[")
        if bracket:
            found |= {name for other in others.rstrip("]").split(",") for name in distributions(other, table)}
        else:
            found.add(name.partition(">")[0].partition("=")[0].replace("-", "_"))
    return found


@pytest.mark.parametrize("extra", sorted(EXTRAS))
def test_an_extra_brings_the_modules_that_are_missed_without_it(extra: str) -> None:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    modules = {
        {"sklearn": "scikit_learn", "umap": "umap_learn"}.get(module, module.replace(".", "_")) for module in EXTRAS[extra]
    }
    assert distributions(extra, table) == modules


def test_nothing_but_emotion2vec_and_pictures_imports_what_an_extra_brings() -> None:
    done = subprocess.run([sys.executable, "-c", EVERY_MODULE], cwd=ROOT, capture_output=True, text=True, timeout=200)
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_an_extra_that_is_there_lacks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EXTRAS, "spoken", ("json", "csv"))  # type: ignore[arg-type]
    need("spoken", "speaking", ConfigError)
    assert lacking("spoken") == ()


def test_one_line_names_all_that_is_missing_and_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EXTRAS, LAB, ("json", "no_such_one", "no_such_two"))  # type: ignore[arg-type]
    with pytest.raises(
        ConfigError, match=r"^tune needs no_such_one, no_such_two, which are not installed: .* -m pip install .*\[lab\]'$"
    ):
        need(LAB, "tune", ConfigError)


def test_the_engine_emotion2vec_says_what_to_install(no_funasr: None) -> None:
    with pytest.raises(EngineError, match=f"^the engine emotion2vec needs {INSTALL}$"):
        load_engine(Emotion2vecOptions())


def test_fetching_a_model_says_what_to_install(no_funasr: None) -> None:
    with pytest.raises(EngineError, match=f"^fetching a model needs {INSTALL}$"):
        models_of("emotion2vec", "plus_base").pull()


def test_preparing_a_model_says_what_to_install(no_funasr: None, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=f"^preparing a model needs {INSTALL}$"):
        models_of("emotion2vec", "plus_base").prepare(tmp_path / "model.safetensors")


def test_checking_a_model_says_what_to_install(no_funasr: None) -> None:
    with pytest.raises(EngineError, match=f"^checking plus_base needs {INSTALL}$"):
        check_model(models_of("emotion2vec", "plus_base"))


def test_models_are_listed_without_the_client_of_a_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MODELSCOPE_CACHE", str(tmp_path))
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    assert [model.model for model in list_models()] == ["research", "open", "plus_large", "plus_base", "plus_seed"]
