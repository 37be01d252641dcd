"""Help flows with the width of the terminal, shows what stands in brackets, and has examples that a shell takes."""

import io
import shlex
from itertools import pairwise

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from typer import rich_utils
from typer.main import get_command

from monitor.cli.help_text import EXAMPLE_WIDTH, broken, mend_help
from monitor.cli.laboratory import COMMANDS, _load
from monitor.cli.main import app

WORDS = st.lists(st.from_regex(r"(--)?[a-z]{1,12}|'[a-z]{1,9} [a-z]{1,9}'", fullmatch=True), min_size=1, max_size=30)


def commands(command: object, path: tuple[str, ...] = ()) -> dict[str, object]:
    """Every command by its words."""
    below = getattr(command, "commands", {})
    found = {" ".join(path): command}
    for name, each in below.items():
        found |= commands(_mended(name) if not path and name in COMMANDS else each, (*path, name))
    return found


def _mended(name: str) -> object:
    command = _load(name)
    mend_help(command)
    return command


ALL = commands(get_command(app))


def shown(command: object, width: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    out = io.StringIO()
    monkeypatch.setattr(rich_utils, "_get_rich_console", lambda stderr=False: Console(file=out, width=width))
    with typer.Context(command) as context:  # type: ignore[arg-type]
        rich_utils.rich_format_help(obj=command, ctx=context, markup_mode="rich")  # type: ignore[arg-type]
    return [line.strip() for line in out.getvalue().splitlines()]


@pytest.mark.parametrize("name", ["capacity", "run", "benchmark", "embeddings trajectory"])
@pytest.mark.parametrize("width", [80, 120])
def test_a_paragraph_fills_the_lines_that_it_has(name: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = shown(ALL[name], width, monkeypatch)
    prose = lines[: next((place for place, line in enumerate(lines) if line.startswith(("Examples:", "╭"))), None)]
    for line, following in pairwise(prose):
        if line and following:
            assert len(line) + 1 + len(following.split()[0]) > width - 2, f"{line!r} had room for {following!r}"


@pytest.mark.parametrize("name", ["serve", "capacity"])
def test_what_is_the_default_is_shown(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = " ".join(shown(ALL[name], 200, monkeypatch))
    assert text.count("[default: ") >= 3


@pytest.mark.parametrize("name", ["calls list", "serve"])
def test_examples_are_indented(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    out = ALL[name].help  # type: ignore[attr-defined]
    assert "  emotion-monitor" in out
    assert any(line.endswith(" \\") for line in shown(ALL[name], 80, monkeypatch))


@given(WORDS)
def test_an_example_that_is_broken_is_the_same_command(words: list[str]) -> None:
    example = "  emotion-monitor " + " ".join(words)
    lines = broken(example)
    assert all(line.endswith(" \\") for line in lines[:-1])
    assert shlex.split("\n".join(lines).replace("\\\n", "")) == shlex.split(example)
    assert all(len(line) <= EXAMPLE_WIDTH for line in lines)


def test_every_example_of_every_command_fits_a_narrow_terminal() -> None:
    long = [line for command in ALL.values() for line in command.help.splitlines() if line.startswith("  ") and len(line) > 78]  # type: ignore[attr-defined]
    assert long == []
