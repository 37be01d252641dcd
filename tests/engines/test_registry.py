"""Engines are loaded by name, and nothing is imported before it is asked for."""

import subprocess
import sys

import pytest

from monitor.config.sections import ENGINES, EngineSection
from monitor.conformance.engines import EMOTIONS
from monitor.engines.registry import load_engine
from monitor.errors import ConfigError
from tests.conformance.engine_cases import CASES, STREAMING, WINDOWED

QUIET = """
import logging, sys
import torch
from monitor.engines.emotion2vec.options import Emotion2vecOptions
from monitor.engines.registry import load_engine
torch.set_num_threads(3)
logging.getLogger().setLevel(logging.ERROR)
state = torch.get_rng_state()
engine = load_engine(Emotion2vecOptions(model=sys.argv[1], device="cpu", threads=1))
root = logging.getLogger()
same = bool((torch.get_rng_state() == state).all())
print(engine.info.dim, root.level, len(root.handlers), torch.get_num_threads(), same)
"""

LIGHT = """
import sys
import monitor.engines.registry, monitor.engines.base, monitor.engines.emotion2vec.catalogue
print(sorted({"torch", "funasr", "modelscope", "omegaconf"} & set(sys.modules)))
"""


def fresh_python(program: str, environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], env=environment, capture_output=True, text=True, timeout=200, check=True
    )
    return done.stdout


def test_options_that_cannot_be_loaded_are_refused():
    with pytest.raises(ConfigError, match=r"engine\.name: the options of 'psychic' are no EngineOptions"):
        load_engine(EngineSection(name="psychic"))


def test_the_registry_imports_no_engine(environment):
    assert fresh_python(LIGHT, environment) == "[]\n"


@pytest.mark.needs("emotion2vec")
def test_loading_emotion2vec_leaves_the_process_as_it_was_and_stdout_clean(environment, model_dir):
    assert fresh_python(QUIET, environment, str(model_dir)) == f"64 {40} 0 3 True\n"


def test_every_engine_that_ships_is_in_a_suite():
    assert {case.name for case in CASES} == set(ENGINES.names())


@pytest.mark.parametrize("case", [*STREAMING, *WINDOWED])
def test_an_engine_that_ships_is_called_as_it_is_registered_and_tells_every_emotion(case, tmp_path):
    info = case.load(tmp_path).info
    assert (info.name, {*info.labels} | {"unknown"}) == (case.name, EMOTIONS)
