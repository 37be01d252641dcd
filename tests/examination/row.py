"""A line of the table of examinations."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """What was tried, and what came of it."""

    tried: str
    figure: str
    expected: str
    good: bool

    def line(self) -> str:
        """In Markdown."""
        return f"| {self.tried} | {self.figure} | {self.expected} | {'holds' if self.good else 'FALLS SHORT'} |"


HEAD = "| tried | figure | expected | verdict |\n|---|---|---|---|"


def fell_short(rows: Sequence[Row]) -> bool:
    """Whether there is nothing to show, or something that is not as it must be."""
    return not rows or not all(row.good for row in rows)
