"""An engine and a detector of another package: they pass their suites, and are used by their names in the configuration."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder as pip leaves it, with the package in it."""
    about = tmp_path / "their_parts-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: their-parts\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "[emotion_monitor.engines]\nloudness = loudness:LoudnessOptions\n"
        "[emotion_monitor.detectors]\nplain_odds = plain_odds:PlainOddsOptions\n"
    )
    shutil.copy(HERE / "loudness.py", tmp_path)
    shutil.copy(HERE / "plain_odds.py", tmp_path)
    shutil.copy(HERE / "suite_of_loudness.py", tmp_path / "test_loudness.py")
    shutil.copy(HERE / "suite_of_plain_odds.py", tmp_path / "test_plain_odds.py")
    return tmp_path


def python(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    path = os.pathsep.join([str(folder), str(ROOT)])
    environment = {**os.environ, "PYTHONPATH": path, "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=240
    )


@pytest.mark.parametrize("name", ["loudness.py", "plain_odds.py"])
def test_the_documented_example_is_the_one_that_is_tested(name: str) -> None:
    assert (HERE / name).read_text() in (ROOT / "docs" / "engines-and-detectors.md").read_text()


@pytest.mark.parametrize("suite", ["test_loudness.py", "test_plain_odds.py"])
def test_it_passes_its_suite(suite: str, installed: Path) -> None:
    done = python(installed, "pytest", "-q", "-p", "no:cacheprovider", suite)

    assert done.returncode == 0, done.stdout


def test_a_suite_says_what_an_engine_does_wrong(installed: Path) -> None:
    text = (installed / "loudness.py").read_text()
    (installed / "loudness.py").write_text(text.replace("self._legs.close(leg_id)", "del leg_id"))

    done = python(installed, "pytest", "-q", "-p", "no:cacheprovider", "test_loudness.py")

    assert done.returncode == 1
    assert "FAILED test_loudness.py::test_of_legs_that_are_closed_nothing_is_kept" in done.stdout


def test_they_are_used_by_name_with_options_of_their_own(installed: Path) -> None:
    soundfile.write(installed / "a.wav", np.random.default_rng(1).normal(0, 0.5, 80_000), 8_000)
    (installed / "c.yaml").write_text(
        "engine: {name: loudness, loud: 0.1}\nchanges: {detector: plain_odds, odds: 50}\nstore: {kind: memory}\n"
    )

    heard = python(installed, "monitor", "run", "a.wav", "-c", "c.yaml", "--json", "-")

    assert (heard.returncode, json.loads(heard.stdout)["engine"]) == (0, "loudness"), heard.stderr


def test_what_is_wrong_is_told_with_its_line_and_what_they_take(installed: Path) -> None:
    (installed / "c.yaml").write_text("engine:\n  name: loudness\n  lound: 1\nchanges:\n  detector: plain_odds\n  odds: 0\n")

    refused = python(installed, "monitor", "config", "check", "-c", "c.yaml")

    assert refused.returncode == 2
    assert "c.yaml:3: unknown key engine.lound; the engine loudness takes model, device, threads," in refused.stderr
    assert "c.yaml:6: changes.odds: input should be greater than 1" in refused.stderr


def test_models_of_it_are_listed_and_checked(installed: Path) -> None:
    listed = json.loads(python(installed, "monitor", "models", "list", "--json", "-").stdout)
    checked = python(installed, "monitor", "models", "check", "loudness")

    assert ("loudness", 1, "MIT") in [(model["engine"], model["dim"], model["licence"]) for model in listed]
    assert (checked.returncode, "20 frames of 1 from 0.4 s of noise" in checked.stdout) == (0, True)
