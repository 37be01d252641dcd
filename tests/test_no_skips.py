"""`--no-skips`: what a machine cannot have is forgiven, what could be installed is not."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.not_to_be_installed import NOT_TO_BE_INSTALLED


def exit_code(folder: Path, reason: str) -> int:
    """Of a run with a test that passes and one that is skipped."""
    file = folder / "test_two.py"
    file.write_text(f"import pytest\ndef test_one(): pass\ndef test_other(): pytest.skip({reason!r})\n", encoding="utf-8")
    options = ["-c", "/dev/null", "--rootdir", str(folder), "-p", "tests.conftest", "-p", "no:cacheprovider", "--no-skips"]
    root = Path(__file__).parents[1]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, file], cwd=root, capture_output=True, timeout=120
    ).returncode


@pytest.mark.parametrize("reason", NOT_TO_BE_INSTALLED)
def test_hardware_that_is_not_there_is_forgiven(reason: str, tmp_path: Path) -> None:
    assert exit_code(tmp_path, reason) == pytest.ExitCode.OK


@pytest.mark.parametrize("reason", ["ffmpeg is not installed", "this processor is slow"])
def test_any_other_skip_is_a_failure(reason: str, tmp_path: Path) -> None:
    assert exit_code(tmp_path, reason) == pytest.ExitCode.TESTS_FAILED
