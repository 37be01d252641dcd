"""The licences that the package says of itself."""

import tomllib
from pathlib import Path

from monitor.engines.compact.network import STEP_INPUTS
from monitor.engines.compact.shipped import SHIPPED
from monitor.engines.compact.weights import load_weights

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_the_licence_is_that_of_the_program_and_of_the_weights_that_ship():
    weights = load_weights(SHIPPED["research"], STEP_INPUTS).licence
    assert PROJECT["license"] == f"Apache-2.0 AND {weights.replace(' ', '-')}"


def test_the_open_weights_are_under_the_licence_of_the_program():
    assert load_weights(SHIPPED["open"], STEP_INPUTS).licence == "Apache-2.0"


def test_the_licence_files_are_there_and_one_is_of_the_weights():
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in PROJECT["license-files"]]
    assert "Apache License" in texts[0]
    assert "CC-BY-NC-SA-4.0" in texts[1]
    assert SHIPPED["research"].with_name("LICENSE") == ROOT / PROJECT["license-files"][1]
