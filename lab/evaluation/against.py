"""Two runs of `evaluate` against each other: what one gained over the other, and whether other people might say otherwise.

Runs are paired: only what both heard counts, and each resample draws the same people for both (paired bootstrap over speakers:
Efron & Tibshirani 1993, chapter 8; Davison & Hinkley 1997, section 3.8). A difference is often surer than the figures
themselves, because who is hard to hear is so for both.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from lab.calls.bootstrap import LEVEL, RESAMPLES
from lab.calls.report import CallRow
from lab.evaluation.report import Against, Difference, Report
from monitor.errors import ConfigError
from monitor.validation import first_sentence

Item = TypeVar("Item")
Pair = tuple[Item, Item]
Figures = Mapping[str, float | None]


def read_report(file: Path) -> Report:
    """What `evaluate --json` wrote. Raises `ConfigError` where it did not."""
    try:
        return Report.model_validate_json(file.read_bytes())
    except OSError as error:
        raise ConfigError(f"--against {file}: cannot be read: {error.strerror}") from None
    except ValidationError as error:
        told = first_sentence(error.errors(), "the file")
        raise ConfigError(f"--against {file}: is not what evaluate --json of this version writes: {told}") from None


def against(this: Report, other: Report, file: Path) -> Against:
    """Raises `ConfigError` where the two have heard nothing in common."""
    calls = _calls(this, other)
    clips = _clips(this, other)
    if not calls and not clips:
        raise ConfigError(f"--against {file}: no call and no clip was heard in both runs")
    found = {**_differences(calls, _of_calls), **_differences(clips, _of_clips)}
    heard = sum(int(mine.sum()) for group in clips.values() for mine, _ in group)
    return Against(
        file=str(file),
        version=other.engine.version,
        calls=sum(map(len, calls.values())),
        clips=heard,
        people=len(calls.keys() | clips.keys()),
        figures=found,
    )


def _calls(this: Report, other: Report) -> dict[str, list[Pair[CallRow]]]:
    """Calls with the same labels in both runs, by person; one whose labels name nobody is a person."""
    before = {(row.dataset, row.call): row for row in (other.calls.rows if other.calls else [])}
    people: dict[str, list[Pair[CallRow]]] = {}
    for row in this.calls.rows if this.calls else []:
        same = before.get((row.dataset, row.call))
        if same is not None and (same.seconds, same.changes, same.blocks) == (row.seconds, row.changes, row.blocks):
            people.setdefault(f"{row.dataset}/{row.speaker or row.call}", []).append((row, same))
    return people


def _clips(this: Report, other: Report) -> dict[str, list[Pair[NDArray[np.int64]]]]:
    """Confusions of people of whom both runs heard the same clips, as far as counts tell."""
    if this.people is None or other.people is None or this.classes != other.classes:
        return {}
    both = {name: (np.array(this.people[name]), np.array(other.people[name])) for name in this.people if name in other.people}
    return {name: [pair] for name, pair in both.items() if (pair[0].sum(1) == pair[1].sum(1)).all()}


def _differences(
    people: Mapping[str, Sequence[Pair[Item]]], figures: Callable[[Sequence[tuple[str, Item]]], Figures]
) -> dict[str, Difference]:
    named = [[(name, pair) for pair in pairs] for name, pairs in people.items()]
    if not named:
        return {}

    def told(groups: Sequence[Sequence[tuple[str, Pair[Item]]]]) -> tuple[Figures, Figures]:
        flat = [(name, pair) for group in groups for name, pair in group]
        return figures([(name, pair[0]) for name, pair in flat]), figures([(name, pair[1]) for name, pair in flat])

    mine, theirs = told(named)
    gains: dict[str, list[float]] = {name: [] for name in mine}
    generator = np.random.default_rng(0)
    for _ in range(RESAMPLES if len(named) > 1 else 0):
        one, two = told([named[index] for index in generator.integers(len(named), size=len(named))])
        for name, gain in _gained(one, two):
            gains[name].append(gain)
    tail = 50 * (1 - LEVEL)
    bounds = {
        name: np.percentile(found, [tail, 100 - tail]).tolist() if found else (None, None) for name, found in gains.items()
    }
    return {name: Difference(other=theirs[name], this=mine[name], low=bounds[name][0], high=bounds[name][1]) for name in mine}


def _gained(one: Figures, two: Figures) -> Iterator[tuple[str, float]]:
    for name, value in one.items():
        before = two[name]
        if value is not None and before is not None:
            yield name, value - before


def _of_calls(rows: Sequence[tuple[str, CallRow]]) -> Figures:
    """As `lab.calls.figures` has them: counts are added up first."""
    calls = [row for _, row in rows]
    errors = [call.eder for call in calls if call.eder is not None]
    blocks, hits, false = (sum(getattr(call, name) for call in calls) for name in ("blocks", "hits", "false"))
    right, changes = sum(call.right_2s for call in calls), sum(call.changes + call.found for call in calls)
    return {
        "eder": float(np.mean(errors)) if errors else None,
        "changes.f1_2s": 2 * right / changes if changes else None,
        "alerts.recall": hits / blocks if blocks else None,
        "alerts.precision": hits / (hits + false) if hits + false else None,
    }


def _of_clips(confusions: Sequence[tuple[str, NDArray[np.int64]]]) -> Figures:
    """The mean of the datasets' unweighted average recall, as `uar_mean_of_datasets`."""
    datasets: dict[str, NDArray[np.int64]] = {}
    for name, confusion in confusions:
        dataset = name.partition("/")[0]
        datasets[dataset] = datasets.get(dataset, np.zeros_like(confusion)) + confusion
    recalls = []
    for confusion in datasets.values():
        there = confusion.sum(1) > 0
        recalls.append(float((np.diag(confusion)[there] / confusion.sum(1)[there]).mean()))
    return {"clips.uar": float(np.mean(recalls)) if recalls else None}
