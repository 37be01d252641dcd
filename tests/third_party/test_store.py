"""A store of another package: it passes the suite in its own tests, and is used by its name in the configuration."""

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


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder as pip leaves it, with the package in it."""
    about = tmp_path / "newest_calls-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: newest-calls\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[emotion_monitor.stores]\nnewest = newest_calls:NewestCalls\n")
    shutil.copy(HERE / "newest_calls.py", tmp_path)
    shutil.copy(HERE / "suite_of_newest_calls.py", tmp_path / "test_newest_calls.py")
    return tmp_path


def python(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    path = os.pathsep.join([str(folder), str(HERE.parents[1])])
    environment = {**os.environ, "PYTHONPATH": path, "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=240
    )


def test_the_documented_example_is_the_one_that_is_tested() -> None:
    assert (HERE / "newest_calls.py").read_text() in (HERE.parents[1] / "docs" / "store.md").read_text()


def test_it_passes_the_suite_of_stores(installed: Path) -> None:
    done = python(installed, "pytest", "-q", "-p", "no:cacheprovider", "test_newest_calls.py")

    assert done.returncode == 0, done.stdout


def test_a_suite_says_what_a_store_does_wrong(installed: Path) -> None:
    wrong = "    def is_written(self, call: str) -> bool:\n        return False\n"
    with (installed / "newest_calls.py").open("a") as file:
        file.write("\n" + wrong)

    done = python(installed, "pytest", "-q", "-p", "no:cacheprovider", "test_newest_calls.py")

    assert done.returncode == 1
    assert "FAILED test_newest_calls.py::test_a_call_is_written_until_it_is_let_go_of" in done.stdout
    assert "E       assert (False, False, False, False) == (True, True, False, False)" in done.stdout


def test_it_is_a_kind_of_store_with_options_of_its_own(installed: Path) -> None:
    soundfile.write(installed / "a.wav", np.random.default_rng(1).normal(0, 0.05, 16_000), 8_000)
    (installed / "c.yaml").write_text("store: {kind: newest, options: {calls: 5}}\n")
    (installed / "wrong.yaml").write_text("store: {kind: newest, options: {calls: 0}}\n")

    heard = python(installed, "monitor", "run", "a.wav", "-c", "c.yaml", "--json", "-")
    refused = python(installed, "monitor", "config", "check", "-c", "wrong.yaml")

    assert json.loads(heard.stdout)["store"] == "memory, the newest calls"
    assert (refused.returncode, "store.options.calls: input should be greater than or equal to 1" in refused.stderr) == (
        2,
        True,
    )
