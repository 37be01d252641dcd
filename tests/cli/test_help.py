"""Help answers at once, and teaches."""

import subprocess
import sys

import pytest

HEAVY = (
    "torch",
    "funasr",
    "zarr",
    "av",
    "ruptures",
    "fastapi",
    "uvicorn",
    "sounddevice",
    "pydantic",
    "numpy",
    "sklearn",
    "matplotlib",
    "pandas",
    "pyarrow",
    "xarray",
)
COMMANDS = [
    "run",
    "serve",
    "demo",
    "replay",
    "watch",
    "calls",
    "embeddings",
    "models",
    "train",
    "config",
    "evaluate",
    "tune",
    "capacity",
    "benchmark",
]


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys, contextlib\n"
        "from monitor.cli.main import app\n"
        "with contextlib.suppress(SystemExit): app(['--help'])\n"
        f"print('LOADED', sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert "LOADED []" in done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    done = subprocess.run([sys.executable, "-m", "monitor", command, "--help"], capture_output=True, text=True, timeout=120)
    assert (done.returncode, "Usage" in done.stdout, done.stderr) == (0, True, "")


def test_the_whole_help_names_every_command() -> None:
    done = subprocess.run([sys.executable, "-m", "monitor", "--help"], capture_output=True, text=True, timeout=120)
    assert all(command in done.stdout for command in COMMANDS)
