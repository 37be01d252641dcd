"""`run`: where its report goes, what is stored when it is cut short, and many files at once."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from monitor.config.sections import StoreSection
from monitor.store.zarr.store import ZarrStore
from tests.cli.conftest import Command

AUDIO = 3
INTERRUPTED = 130


def sound(path: Path, seconds: float = 2.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.random.default_rng(1).normal(0, 0.05, round(seconds * 8_000)), 8_000)
    return path


def stored(folder: Path) -> dict[str, tuple[str, float]]:
    """Status and seconds of each call of a store, by its source."""
    calls = ZarrStore(StoreSection(path=folder / "emotion-store")).catalogue()
    return {Path(call.source).name: (call.status, call.seconds) for call in calls}


def started(folder: Path, *arguments: str, **streams: Any) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "NO_COLOR": "1"}
    return subprocess.Popen([sys.executable, "-m", "monitor", "run", *arguments], cwd=folder, env=environment, **streams)


def test_the_report_is_on_standard_output_and_not_folded_in_a_file(emotion_monitor: Command, tmp_path: Path) -> None:
    sound(tmp_path / "a-file-of-a-long-name-that-takes-much-room.wav")
    with (tmp_path / "out").open("wb") as out, (tmp_path / "err").open("wb") as err:
        process = started(tmp_path, "a-file-of-a-long-name-that-takes-much-room.wav", stdout=out, stderr=err)
    assert process.wait(120) == 0
    last = (tmp_path / "out").read_text().splitlines()[-1]
    assert last.startswith("stored in emotion-store")
    assert last.endswith("--store emotion-store")
    assert (tmp_path / "err").read_text() == ""


def test_json_on_standard_output_is_json_alone(emotion_monitor: Command, tmp_path: Path) -> None:
    sound(tmp_path / "a.wav")
    done = emotion_monitor("run", "a.wav", "--json", "-")
    assert json.loads(done.stdout)["status"] == "complete"
    assert "stored in emotion-store" in done.stderr


def test_quiet_is_quiet_with_a_configuration_too(emotion_monitor: Command, tmp_path: Path) -> None:
    sound(tmp_path / "a.wav")
    (tmp_path / "c.yaml").write_text("log: {level: info}\n")
    done = emotion_monitor("run", "a.wav", "-q", "--config", "c.yaml")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_configuration_that_says_nothing_of_logs_does_not_fill_the_terminal_with_them(
    emotion_monitor: Command, tmp_path: Path
) -> None:
    sound(tmp_path / "a.wav")
    (tmp_path / "c.yaml").write_text("store: {path: calls}\n")
    done = emotion_monitor("run", "a.wav", "--config", "c.yaml")
    assert (done.returncode, "call_started" in done.stdout + done.stderr) == (0, False)


def test_what_a_configuration_says_of_logs_is_logged(emotion_monitor: Command, tmp_path: Path) -> None:
    sound(tmp_path / "a.wav")
    (tmp_path / "c.yaml").write_text("log: {level: info}\n")
    done = emotion_monitor("run", "a.wav", "--config", "c.yaml")
    assert (done.returncode, "call_started" in done.stdout + done.stderr) == (0, True)


@pytest.mark.parametrize("redirection", ["2>/dev/full", "2>&-"])
def test_a_standard_error_that_takes_nothing_ends_no_analysis(tmp_path: Path, redirection: str) -> None:
    sound(tmp_path / "a.wav", seconds=30)
    (tmp_path / "c.yaml").write_text("log: {level: debug}\n")
    command = f"{sys.executable} -m monitor run a.wav -c c.yaml >out {redirection}"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, env=environment, timeout=240)
    assert (done.returncode, stored(tmp_path)) == (0, {"a.wav": ("complete", 30.0)})


@pytest.mark.parametrize(("redirection", "word"), [(">/dev/full", "no space left"), ("| true", "")])
def test_a_standard_output_that_takes_nothing_ends_no_analysis_and_is_told(tmp_path: Path, redirection: str, word: str) -> None:
    sound(tmp_path / "a.wav", seconds=30)
    command = f"{sys.executable} -m monitor run a.wav --json r.json 2>err {redirection}"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    subprocess.run(["sh", "-c", command], cwd=tmp_path, env=environment, timeout=240)
    assert stored(tmp_path) == {"a.wav": ("complete", 30.0)}
    assert json.loads((tmp_path / "r.json").read_text())["seconds"] == 30.0
    told = (tmp_path / "err").read_text()
    assert (word in told, "Traceback" in told) == (True, False)


def test_a_file_that_ctrl_c_cuts_short_is_stored_as_interrupted(tmp_path: Path) -> None:
    sound(tmp_path / "long.wav", seconds=60)
    process = started(
        tmp_path, "long.wav", "-o", "realtime=true", "--json", "r.json", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()  # the call begins
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=240)
    report = json.loads((tmp_path / "r.json").read_text())
    status, seconds = stored(tmp_path)["long.wav"]
    assert (process.returncode, status, report["status"], report["reason"]) == (INTERRUPTED, *["interrupted"] * 3)
    assert seconds < 60
    assert b"stored as interrupted: cut short" in output


def test_a_folder_and_a_pattern_stand_for_their_recordings_and_one_that_fails_does_not_stop_the_others(
    emotion_monitor: Command, tmp_path: Path
) -> None:
    sound(tmp_path / "calls" / "a.wav")
    sound(tmp_path / "calls" / "deep" / "c.wav")
    (tmp_path / "calls" / "b.wav").write_text("this is no sound at all, however long it may be " * 50)
    (tmp_path / "calls" / "notes.txt").touch()
    sound(tmp_path / "more-1.wav")
    done = emotion_monitor("run", "calls", "more-*.wav", "--json", "r.json")
    calls = json.loads((tmp_path / "r.json").read_text())["calls"]
    found = [(call["source"], call.get("status"), call["error"] is None) for call in calls]
    assert found == [
        ("calls/a.wav", "complete", True),
        ("calls/b.wav", None, False),
        ("calls/deep/c.wav", "complete", True),
        ("more-1.wav", "complete", True),
    ]
    assert done.returncode == AUDIO
    assert "3 of 4 heard, 1 failed" in done.stdout
    assert len(stored(tmp_path)) == 3


def test_a_folder_without_recordings_and_a_pattern_without_files_are_refused(emotion_monitor: Command, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "empty: holds no recording" in emotion_monitor("run", "empty").stderr
    assert "no file matches" in emotion_monitor("run", "none-*.wav").stderr


def test_a_report_that_cannot_be_written_is_told_before_anything_is_heard(emotion_monitor: Command, tmp_path: Path) -> None:
    sound(tmp_path / "a.wav")
    done = emotion_monitor("run", "a.wav", "--json", "none/r.json")
    assert (done.returncode, "there is no folder none" in done.stderr, (tmp_path / "emotion-store").exists()) == (
        2,
        True,
        False,
    )
