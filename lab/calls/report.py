"""What was measured of some labelled calls: kept for plots, written as JSON, and as tables for a terminal."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from lab.calls.alerts import AlertAim
from lab.calls.baselines import Baseline
from lab.calls.changes import HEADLINE, TOLERANCES
from lab.calls.eder import Eder
from lab.calls.figures import (
    NAMES,
    CallsFigures,
    ChangeFigures,
    always_neutral,
    percentile,
    ratio,
    summarise,
)
from lab.calls.score import CallScore
from lab.document import Document
from monitor.events import Leg

Row = dict[str, Any]


class AlertsMeasured(Document):
    """Which alerts were held against the labels."""

    rules: list[str]
    emotion: str
    grace: float


class CallRow(Document):
    """One call."""

    call: str
    dataset: str
    language: str
    speaker: str
    seconds: float
    eder: float | None = None
    changes: int = Field(description="that there are")
    found: int
    right_2s: int = Field(description="found within 2 s")
    f1_2s: float | None = None
    blocks: int = Field(description="stretches that alerts are to tell of")
    hits: int
    false: int
    delay: float | None = Field(default=None, description="median, of the alerts that are right")


class CallsPart(CallsFigures):
    """Figures of all calls, of parts of them, and each call in a line."""

    intervals: dict[str, tuple[float, float]] = Field(description="95 % bootstrap bounds over speakers")
    alerts_of: AlertsMeasured
    by_dataset: dict[str, CallsFigures]
    by_language: dict[str, CallsFigures]
    by_joy: dict[str, CallsFigures] = Field(description="`joy`: calls in which somebody is happy; `no joy`: the others")
    by_leg: dict[str, CallsFigures] = Field(description="alerts are those of all legs")
    rows: list[CallRow]


class BaselinePart(Document):
    """Another way to say something of the same calls."""

    about: str
    eder: float | None = None
    changes: ChangeFigures | None = None


@dataclass(frozen=True, slots=True)
class CallsResult:
    """Everything about the calls of one run."""

    aim: AlertAim
    scores: tuple[CallScore, ...]
    figures: CallsFigures
    intervals: Mapping[str, tuple[float, float]]
    """Bootstrap bounds (`bootstrap.py`) of the figures named in `NAMES`."""
    baselines: tuple[Baseline, ...]

    def calls_part(self) -> CallsPart:
        """The figures, to be written."""
        return CallsPart(
            **dict(self.figures),
            intervals=dict(self.intervals),
            alerts_of=AlertsMeasured(rules=list(self.aim.rules), emotion=self.aim.emotion, grace=self.aim.grace),
            by_dataset={name: summarise(part) for name, part in _split(self.scores, lambda score: score.call.dataset).items()},
            by_language={
                name: summarise(part) for name, part in _split(self.scores, lambda score: score.call.lang or "not told").items()
            },
            by_joy={name: summarise(part) for name, part in _split(self.scores, _joy).items()},
            by_leg={leg: summarise(self.scores, [leg]) for leg in _legs(self.scores)},
            rows=[row(score) for score in self.scores],
        )

    def baselines_part(self) -> dict[str, BaselinePart]:
        """The baselines by name, to be written."""
        neutral = BaselinePart(about="neutral is shown all the time", eder=always_neutral(self.scores))
        return {"always_neutral": neutral} | {
            one.name: BaselinePart(about=one.about, changes=one.changes) for one in self.baselines
        }


def row(score: CallScore) -> CallRow:
    """One call, to be written."""
    true = sum(len(leg.true) for leg in score.changes)
    found = sum(len(leg.found) for leg in score.changes)
    right = sum(leg.matched[TOLERANCES.index(HEADLINE)] for leg in score.changes)
    errors = sum(score.shown.values(), Eder())
    return CallRow(
        call=score.call.name,
        dataset=score.call.dataset,
        language=score.call.lang,
        speaker=score.call.speaker,
        seconds=score.call.seconds,
        eder=errors.rate if errors.labelled else None,
        changes=true,
        found=found,
        right_2s=right,
        f1_2s=ratio(2 * right, true + found),
        blocks=len(score.alerts.blocks),
        hits=len(score.alerts.hits),
        false=len(score.alerts.false),
        delay=percentile(score.alerts.delays, 50),
    )


def tables(result: CallsResult, real: Row | None = None) -> list[tuple[str, list[Row]]]:
    """Title and rows of each table: figures, baselines, joy, datasets.

    `real`, the alerts an hour of calls without labels, stands below what these alerts catch: neither says anything alone.
    """
    summary = result.figures
    rules = ", ".join(result.aim.rules)
    figures = [*_figures(result), real or UNHEARD]
    found = [
        (f"{summary.calls} calls, {summary.hours:.2f} h, legs {', '.join(summary.legs)}; alerts of {rules}", figures),
        ("Change points beside baselines, whose settings (seconds, penalties) are the best in hindsight", _baselines(result)),
    ]
    joy = _split(result.scores, _joy)
    if len(joy) > 1:
        found.append(("By whether somebody is happy: EDER, F1 of changes at 2 s, and alerts", _parts("calls with", joy)))
    datasets = _split(result.scores, lambda score: score.call.dataset)
    if len(datasets) > 1:
        found.append(("By dataset: EDER, F1 of changes at 2 s, and alerts", _parts("dataset", datasets)))
    return found


def _figures(result: CallsResult) -> list[Row]:
    values = result.figures.by_name()
    neutral = number(always_neutral(result.scores))
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
        _changes("emotion-monitor", result.figures.changes),
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


def _parts(about: str, parts: Mapping[str, Sequence[CallScore]]) -> list[Row]:
    return [_part(about, name, scores) for name, scores in parts.items()]


def _part(about: str, name: str, scores: Sequence[CallScore]) -> Row:
    summary = summarise(scores)
    return {
        about: name,
        "calls": summary.calls,
        "EDER": number(summary.eder),
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


def of_real_calls(per_hour: float, about: str) -> Row:
    """How often one is warned of emotion in calls of which nobody knows that anything is wrong."""
    return {"figure": "real calls: alerts of emotion an hour", "value": number(per_hour), "95 % of resampled speakers": about}


UNHEARD: Row = of_real_calls(0.0, "name recordings without labels, too") | {"value": "-"}


def _joy(score: CallScore) -> str:
    return "joy" if score.has_joy else "no joy"


def _legs(scores: Sequence[CallScore]) -> list[Leg]:
    return sorted({leg for score in scores for leg in score.legs}, reverse=True)


def _split(scores: Sequence[CallScore], key: Callable[[CallScore], str]) -> dict[str, list[CallScore]]:
    """Scores by a key, in the order of the key."""
    parts: dict[str, list[CallScore]] = {}
    for score in sorted(scores, key=key):
        parts.setdefault(key(score), []).append(score)
    return parts
