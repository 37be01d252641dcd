"""The tables of a result, as rows for a terminal."""

from collections.abc import Sequence
from typing import Any

from lab.calls.figures import ChangeFigures
from lab.calls.result import CallsResult, headline, split
from lab.calls.score import CallScore
from lab.calls.summary import summarise

Row = dict[str, Any]

NAMES = {
    "eder": "EDER",
    "changes.precision_2s": "changes: precision at 2 s",
    "changes.recall_2s": "changes: recall at 2 s",
    "changes.f1_1s": "changes: F1 at 1 s",
    "changes.f1_2s": "changes: F1 at 2 s",
    "changes.f1_4s": "changes: F1 at 4 s",
    "changes.covering": "changes: covering",
    "changes.delay_median": "changes: median delay (s)",
    "changes.false_alarms_per_hour": "changes: false alarms an hour, calls without change",
    "alerts.recall": "alerts: recall",
    "alerts.precision": "alerts: precision",
    "alerts.delay_median": "alerts: median delay (s)",
    "alerts.false_per_hour": "alerts: false an hour, neutral calls",
    "alerts.flicker_per_minute": "emotion shown changes a minute",
}
"""What a reader calls the figures of `headline`."""


def tables(result: CallsResult) -> list[tuple[str, list[Row]]]:
    """Title and rows of each table: figures, baselines, datasets."""
    summary = result.summary
    rules = ", ".join(result.aim.rules)
    found = [
        (f"{summary.calls} calls, {summary.hours:.2f} h, legs {', '.join(summary.legs)}; alerts of {rules}", _figures(result)),
        ("Change points beside baselines, whose settings (seconds, penalties) are the best in hindsight", _baselines(result)),
    ]
    datasets = split(result.scores, lambda score: score.call.dataset)
    if len(datasets) > 1:
        found.append(
            ("By dataset: EDER, F1 of changes at 2 s, and alerts", [_part(name, scores) for name, scores in datasets.items()])
        )
    return found


def _figures(result: CallsResult) -> list[Row]:
    values = headline(result.scores)
    neutral = number(result.summary.eder.always_neutral)
    return [
        {"figure": "EDER of `always neutral`", "value": neutral, "95 % of resampled speakers": ""},
        *(
            {"figure": name, "value": number(values[key]), "95 % of resampled speakers": _bounds(result, key)}
            for key, name in NAMES.items()
        ),
    ]


def _bounds(result: CallsResult, key: str) -> str:
    bounds = result.intervals.get(key)
    return f"{bounds[0]:.2f} to {bounds[1]:.2f}" if bounds else ""


def _baselines(result: CallsResult) -> list[Row]:
    return [
        _changes("emotion-monitor", result.summary.changes),
        *(_changes(f"{baseline.name} {baseline.setting}".rstrip(), baseline.changes) for baseline in result.baselines),
    ]


def _changes(name: str, figures: ChangeFigures) -> Row:
    return {
        "detector": name,
        "F1 1s": number(figures.f1_1s),
        "F1 2s": number(figures.f1_2s),
        "F1 4s": number(figures.f1_4s),
        "cover": number(figures.covering),
        "false/h": number(figures.false_alarms_per_hour),
        "delay": number(figures.delay_median),
    }


def _part(name: str, scores: Sequence[CallScore]) -> Row:
    summary = summarise(scores)
    return {
        "dataset": name,
        "calls": summary.calls,
        "EDER": number(summary.eder.rate),
        "F1 2s": number(summary.changes.f1_2s),
        "blocks": summary.alerts.blocks,
        "recall": number(summary.alerts.recall),
        "prec.": number(summary.alerts.precision),
        "delay": number(summary.alerts.delay_median),
        "false/h": number(summary.alerts.false_per_hour_all),
    }


def number(value: float | None) -> str:
    """Two digits, or a dash for what cannot be given."""
    return "-" if value is None else f"{value:.2f}"
