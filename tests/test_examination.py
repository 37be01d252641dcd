"""The examinations by force, which are run on demand: those there are, are offered and documented."""

import subprocess
import sys
from pathlib import Path

from tests.examination import __main__ as program

ROOT = Path(__file__).parents[1]
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
