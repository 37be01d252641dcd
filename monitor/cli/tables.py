"""Tables for the terminal, and for files."""

import os
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDE = 160
"""Columns of what goes into a file or a pipe, unless COLUMNS says otherwise: no table is squeezed then."""


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Let it be known, where rich would end the program from wherever it stands."""
        raise


def report_console(*, stderr: bool = False, quiet: bool = False) -> Console:
    """Where a report is printed: as wide as the terminal; `WIDE` where there is none."""
    console = _Console(stderr=stderr, quiet=quiet, highlight=False, emoji=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = WIDE
    return console


def table(title: str, rows: Sequence[dict[str, Any]]) -> Table:
    """Rows of equal keys, the keys as the heads; numbers to the right. Brackets and colons in texts are what they are."""
    result = Table(title=Text(title), title_justify="left", header_style="bold")
    for key, value in (rows[0] if rows else {"(none)": ""}).items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        result.add_column(key.replace("_", " "), justify="right" if number else "left")
    for row in rows:
        result.add_row(*(Text(_cell(value)) for value in row.values()))
    return result


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, dict):
        return ", ".join(f"{key} {item}" for key, item in value.items())
    return "" if value is None else str(value)
