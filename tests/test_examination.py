"""The examinations by force, which are run on demand: those there are, are offered and documented."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.examination import __main__ as program

ROOT = Path(__file__).parents[1]
PATIENCE = 120.0
"""Seconds after which a test gives up waiting."""
FRAME = {"__init__", "__main__", "row", "service", "owner", "warm"}


def test_every_examination_is_offered_and_documented() -> None:
    there = {path.stem for path in (ROOT / "tests/examination").glob("*.py")} - FRAME
    text = (ROOT / "docs/examination.md").read_text(encoding="utf-8")
    assert there == set(program.NAMES) == {name for name in there if f"\n| `{name}` |" in text}


def test_they_are_listed_and_an_unknown_one_is_refused() -> None:
    def asked(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([sys.executable, "-m", "tests.examination", *arguments], cwd=ROOT, capture_output=True, text=True)

    assert [line.split()[0] for line in asked("--list").stdout.splitlines()] == list(program.NAMES)
    refused = asked("earthquake")
    assert refused.returncode == 2
    assert "no examination is called earthquake; there are journal" in refused.stderr


def test_an_examination_ends_when_it_is_told_to_however_much_there_is_to_remove(tmp_path: Path) -> None:
    begun, go_on, folders = tmp_path / "begun", tmp_path / "go-on", tmp_path / "folders"
    folders.mkdir()
    os.mkfifo(go_on)
    remove = tmp_path / "rm"
    remove.write_text(f'#!/bin/sh\necho > {begun}\ncat {go_on}\n/bin/rm "$@"\n', encoding="utf-8")
    remove.chmod(0o700)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "TMPDIR": str(folders)}
    command = [sys.executable, "-m", "tests.examination", "churn"]
    churn = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    _wait_until(lambda: any(folders.glob("*/store/calls/*/*.zarr")))
    (service,) = Path(f"/proc/{churn.pid}/task/{churn.pid}/children").read_text(encoding="ascii").split()

    churn.send_signal(signal.SIGTERM)
    churn.communicate(timeout=PATIENCE)

    assert (churn.returncode, Path(f"/proc/{service}").exists()) == (128 + signal.SIGTERM, False)
    _wait_until(begun.exists)
    go_on.write_text("now", encoding="ascii")
    _wait_until(lambda: not any(folders.iterdir()))


def _wait_until(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.05)
