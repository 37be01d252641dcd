"""Tables for the terminal."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table


def table(title: str, rows: Sequence[dict[str, Any]]) -> Table:
    """Rows of equal keys, the keys as the heads; numbers to the right."""
    result = Table(title=title, title_justify="left", header_style="bold")
    for key, value in (rows[0] if rows else {"(none)": ""}).items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        result.add_column(key.replace("_", " "), justify="right" if number else "left")
    for row in rows:
        result.add_row(*(_cell(value) for value in row.values()))
    return result


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, dict):
        return ", ".join(f"{key} {item}" for key, item in value.items())
    return "" if value is None else str(value)
