"""Valence and arousal over time, as people traced them while they listened: reading their table, and what they say together.

Such traces are those of the MSP-Conversation corpus (Martinez-Lucas, Abdelwahab & Busso 2020, Interspeech): several annotators,
a joystick each, about 59 values a second from -100 to 100. The table is ours: a row a value, any rate.
"""

import csv
from array import array
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from monitor.errors import ConfigError
from monitor.events import LEGS
from monitor.timeline import TICK_RATE

Dimension = Literal["valence", "arousal"]
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
COLUMNS = ("file", "annotator", "time")


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """What one annotator said of one dimension of one leg."""

    times: NDArray[np.float64]
    """Seconds from the beginning of the recording, ascending, shape (n,)."""
    values: NDArray[np.float64]
    """-1 to 1, shape (n,)."""


Traces = Mapping[Dimension, Sequence[Trace]]
_Found: TypeAlias = "dict[tuple[str, str, Dimension, str], tuple[array[float], array[float]]]"
"""Times and values, by file, leg, dimension and annotator."""


@dataclass(frozen=True, slots=True, eq=False)
class Annotations:
    """All that a table says."""

    table: Path
    files: Mapping[str, Mapping[str, Traces]]
    """By the name of the recording and the leg; the leg is empty where the table does not name it."""

    def of(self, recording: Path) -> Mapping[str, Traces]:
        """The traces of each leg, by the recording's name with or without its ending; none where it is not annotated."""
        return self.files.get(recording.name) or self.files.get(recording.stem) or {}

    def check(self, recordings: Sequence[Path]) -> None:
        """Raises `ConfigError` where a recording is annotated that is not among these."""
        names = {name for recording in recordings for name in (recording.name, recording.stem)}
        if missing := sorted(set(self.files) - names):
            raise ConfigError(f"--affect {self.table}: {missing[0]} is not among the calls and recordings to be heard")


def read_annotations(table: Path, low: float, high: float) -> Annotations:
    """A table with the columns file, annotator, time (seconds), valence and arousal from `low` to `high`, or one of the two;
    leg, if the recordings have several. A cell of valence or arousal may be empty; other columns are ignored.

    Raises `ConfigError` with the line where a column is missing, a value is no number or out of range, or time goes back.
    """
    found: _Found = {}
    try:
        with table.open(newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            told = [dimension for dimension in DIMENSIONS if dimension in (rows.fieldnames or ())]
            missing = [column for column in COLUMNS if column not in (rows.fieldnames or ())]
            if missing or not told:
                raise ConfigError(
                    f"--affect {table}: lacks the column {', '.join(missing) or 'valence or arousal'}; "
                    "it needs file,annotator,time,valence,arousal"
                )
            for line, row in enumerate(rows, start=2):
                _add(found, row, told, low, high, f"--affect {table}:{line}")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"--affect {table}: cannot be read: {error}") from None
    if not found:
        raise ConfigError(f"--affect {table}: holds no value; it needs rows of file,annotator,time,valence,arousal")
    files: dict[str, dict[str, dict[Dimension, list[Trace]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for (name, leg, dimension, _), (times, values) in found.items():
        files[name][leg][dimension].append(Trace(np.array(times), np.array(values)))
    return Annotations(table, files)


def _add(
    found: _Found,
    row: Mapping[str, str | None],
    told: Sequence[Dimension],
    low: float,
    high: float,
    where: str,
) -> None:
    name, annotator, leg = ((row.get(column) or "").strip() for column in ("file", "annotator", "leg"))
    if not name or not annotator:
        raise ConfigError(f"{where}: {'annotator' if name else 'file'} is empty")
    if leg and leg not in LEGS:
        raise ConfigError(f"{where}: there is no leg {leg!r}; there are: {', '.join(LEGS)}")
    time = _number(row, "time", where)
    for dimension in told:
        if not (row.get(dimension) or "").strip():
            continue
        value = _number(row, dimension, where)
        if not low <= value <= high:
            raise ConfigError(
                f"{where}: {dimension} is {value:g}, outside of {low:g} to {high:g}; name the range: --affect-range=-100,100"
            )
        times, values = found.setdefault((name, leg, dimension, annotator), (array("d"), array("d")))
        if time < 0 or (times and time <= times[-1]):
            raise ConfigError(f"{where}: time is {time:g} s; those of an annotator must ascend from 0 s on")
        times.append(time)
        values.append(2 * (value - low) / (high - low) - 1)


def _number(row: Mapping[str, str | None], column: str, where: str) -> float:
    text = (row.get(column) or "").strip()
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not isfinite(number):
        raise ConfigError(f"{where}: {column} is {text!r}, not a number")
    return number


def together(traces: Sequence[Trace], ticks: int, lag: float) -> NDArray[np.float64]:
    """The mean of the annotators at the end of each of so many ticks, shape (ticks,); NaN where not all of them say something.

    Annotators say `lag` seconds later what they heard. Between two values of a trace the straight line counts.

    >>> rising = Trace(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    >>> together([rising, Trace(np.array([0.1, 1.0]), np.array([0.5, 0.5]))], ticks=2, lag=0.2).round(2).tolist()
    [0.4, 0.45]
    """
    times = np.arange(1, ticks + 1) / TICK_RATE + lag
    said = [np.interp(times, trace.times, trace.values, left=np.nan, right=np.nan) for trace in traces]
    return np.asarray(np.mean(said, axis=0))
