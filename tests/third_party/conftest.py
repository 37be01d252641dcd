"""A package of other people, as pip installs it: its parts and its tests are run where it is, not here."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
collect_ignore = ["emotion_monitor_example", "suites"]


class Installed:
    """A folder with the package and the suites that its tests run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def python(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run `python -m ARGUMENTS` beside it."""
        path = os.pathsep.join([str(self.folder), str(ROOT)])
        environment = {**os.environ, "PYTHONPATH": path, "NO_COLOR": "1", "COLUMNS": "200", "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(
            [sys.executable, "-m", *arguments], cwd=self.folder, env=environment, capture_output=True, text=True, timeout=280
        )

    def suite(self, part: str) -> "subprocess.CompletedProcess[str]":
        """Run the package's tests of a part."""
        return self.python("pytest", "-q", "-p", "no:cacheprovider", f"suites/test_{part}.py")


@pytest.fixture(scope="session")
def _built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source, target = tmp_path_factory.mktemp("source") / "example", tmp_path_factory.mktemp("built")
    shutil.copytree(HERE, source, ignore=shutil.ignore_patterns("__pycache__"))
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*pip, "--target", str(target), str(source)], check=True)
    shutil.copytree(source / "suites", target / "suites")
    return target


@pytest.fixture
def installed(_built: Path, tmp_path: Path) -> Installed:
    """The package, for one test to do with as it likes."""
    return Installed(Path(shutil.copytree(_built, tmp_path / "installed")))
