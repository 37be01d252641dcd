"""Where reports are printed."""

import pytest

from monitor.cli.tables import WIDE, report_console, table


def test_a_report_in_a_file_is_wide_enough_for_its_tables(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    row = {f"column_{number}": "a cell" for number in range(12)}

    report_console().print(table("a wide table", [row]))

    lines = capsys.readouterr().out.splitlines()
    assert "column 11" in "".join(lines)
    assert 80 < max(map(len, lines)) <= WIDE
    assert sum("a cell" in line for line in lines) == 1


def test_columns_decide_where_they_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert report_console().width == 100
