"""The greatest number of which something holds, where it holds of all smaller ones and a trial is dear."""

from collections.abc import Callable

PRECISION = 0.05
"""The answer is at most this share below the truth."""


def largest(holds: Callable[[int], bool], start: int, most: int) -> int:
    """The greatest number from 1 to `most` of which `holds` is true, within `PRECISION`; 0 where there is none.

    >>> largest(lambda calls: calls <= 7, start=4, most=1000)
    7
    """
    if not 1 <= start <= most:
        raise ValueError(f"the search must start between 1 and {most}, got {start}")
    low, high, number = 0, most + 1, start
    while True:
        if holds(number):
            low = number
        else:
            high = number
        if high - low <= max(1, round(PRECISION * low)):
            return low
        number = min(2 * low, most) if high > most else (low + high) // 2
        if number == low:
            return low
