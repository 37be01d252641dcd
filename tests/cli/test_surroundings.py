"""Names and surroundings that a program does not choose: they work, or one line says why not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.cli.test_bad_input import STORE, assert_one_clear_line, sound


@pytest.mark.parametrize("name", ["[red]call.wav", "a[bold].wav", "x[0].wav", "to :x: and :warning:.wav"])
def test_a_name_with_brackets_and_colons_is_shown_as_it_is(name: str, emotion_monitor: Command, tmp_path: Path) -> None:
    sound(tmp_path / name)
    done = emotion_monitor("run", name, "--store", "calls[/red]", "--json", "report[0].json")
    assert done.returncode == 0, done.stderr
    assert f"call begins: {name}" in done.stdout
    assert "--store calls[/red]" in done.stdout
    assert json.loads((tmp_path / "report[0].json").read_text())["store"] == "calls[/red]"


def test_names_that_are_not_utf_8_are_heard_and_told(emotion_monitor: Command, tmp_path: Path) -> None:
    sound(tmp_path / "call.wav").rename(tmp_path / "caf\udce9.wav")
    done = emotion_monitor("run", "caf\udce9.wav", "--store", "st\udcf6re", "--json", "rep\udcf6rt.json")
    assert done.returncode == 0, done.stderr
    assert "call begins: caf\\xe9.wav" in done.stdout
    report = json.loads(Path(tmp_path / "rep\udcf6rt.json").read_text())
    assert report["store"] == "st\udcf6re"
    shown = emotion_monitor("calls", "show", report["call"], "--store", "st\udcf6re")
    assert "caf\\xe9.wav" in shown.stdout, shown.stderr


def test_a_terminal_of_few_characters_shows_what_it_can(tmp_path: Path) -> None:
    sound(tmp_path / "caf\u00e9.wav")
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "run", "caf\u00e9.wav"],
        env=os.environ | {"PYTHONPATH": root, "PYTHONIOENCODING": "ascii"},
        cwd=tmp_path,
        capture_output=True,
        timeout=240,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"caf\\xe9.wav" in done.stdout


@pytest.mark.parametrize("option", ["-O", "-OO"])
def test_without_assertions_a_store_is_refused_because_zarr_needs_them(option: str, tmp_path: Path) -> None:
    sound(tmp_path / "call.wav")
    command = [sys.executable, option, "-m", "monitor", "run", "call.wav"]
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": root}, cwd=tmp_path, capture_output=True, text=True, timeout=240
    )
    assert_one_clear_line(done, STORE, "python -O", "PYTHONOPTIMIZE")
    assert not (tmp_path / "emotion-store").exists()
