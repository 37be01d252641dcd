"""The door to the laboratory: what it says, and what it says where the laboratory is not installed."""

import importlib.metadata
import sys
from importlib.metadata import EntryPoint, EntryPoints

import pytest
from typer.main import get_command

from monitor.cli.laboratory import COMMANDS, GROUP
from monitor.cli.main import app, main
from monitor.extras import EXTRAS, LAB, install_command


def said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[object, str]:
    """Exit code and standard error of a command."""
    monkeypatch.setattr(sys, "argv", ["emotion-monitor", *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    return stopped.value.code, capsys.readouterr().err


def entries(monkeypatch: pytest.MonkeyPatch, *entries: EntryPoint) -> None:
    """These alone are installed."""
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda **wanted: EntryPoints(entries).select(**wanted))


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_of_each_what_its_own_help_says(name: str) -> None:
    group = get_command(app)
    _, command, _ = group.resolve_command(
        group.make_context("emotion-monitor", [name, "--help"], resilient_parsing=True), [name]
    )
    assert " ".join(command.help.split("\n\n")[0].split()) == COMMANDS[name]


def test_without_the_laboratory_one_line_says_how_to_get_it(monkeypatch, capsys) -> None:
    entries(monkeypatch)
    line = f"evaluate is a command of the laboratory, which is not installed: {install_command(LAB)}"
    assert said(capsys, monkeypatch, "evaluate", "calls") == (2, f"emotion-monitor: {line}\n")


def test_a_laboratory_that_was_announced_and_is_gone_is_not_installed(monkeypatch, capsys) -> None:
    entries(monkeypatch, EntryPoint("evaluate", "no_such_lab.cli:evaluate", GROUP))
    code, error = said(capsys, monkeypatch, "evaluate", "calls")
    assert (code, error.count("\n"), "which is not installed" in error) == (2, 1, True)


@pytest.mark.parametrize(
    "command",
    [["evaluate", "x"], ["tune", "x"], ["benchmark"], ["train", "compact", "--clips", "x"]],
    ids=lambda command: command[0],
)
def test_a_command_whose_packages_are_missing_names_them(command: list[str], monkeypatch, capsys) -> None:
    monkeypatch.setitem(EXTRAS, LAB, ("json", "no_such_package"))
    code, error = said(capsys, monkeypatch, *command)
    assert (code, error.count("\n")) == (2, 1)
    assert f"needs no_such_package, which is not installed: {install_command(LAB)}" in error


def test_an_unknown_command_is_still_unknown(monkeypatch, capsys) -> None:
    code, error = said(capsys, monkeypatch, "evaluat")
    assert (code, "No such command" in error, "evaluate" in error) == (2, True, True)
