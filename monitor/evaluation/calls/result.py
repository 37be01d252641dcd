"""What was measured of some labelled calls, as JSON and as rows of tables."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from monitor.evaluation.calls.alerts import AlertAim
from monitor.evaluation.calls.baselines import Baseline
from monitor.evaluation.calls.figures import percentile, ratio
from monitor.evaluation.calls.score import CallScore
from monitor.evaluation.calls.summary import CallsSummary, summarise


@dataclass(frozen=True, slots=True)
class CallsResult:
    """Everything about the calls of one run."""

    aim: AlertAim
    scores: tuple[CallScore, ...]
    unheard: Mapping[str, str]
    """Calls that could not be heard, and why."""
    summary: CallsSummary
    intervals: Mapping[str, tuple[float, float]]
    """Bootstrap bounds (`bootstrap.py`) of the figures named as in `headline`."""
    baselines: tuple[Baseline, ...]

    def as_json(self) -> dict[str, Any]:
        """`{"calls": {...}, "baselines": {...}}`."""
        return {
            "calls": {
                **summary_json(self.summary),
                "intervals": {name: list(bounds) for name, bounds in self.intervals.items()},
                "alerts_of": {"rules": list(self.aim.rules), "emotion": self.aim.emotion, "grace": self.aim.grace},
                "by_dataset": self._split(lambda score: score.call.dataset),
                "by_language": self._split(lambda score: score.call.lang or "not told"),
                "by_leg": {leg: summary_json(summarise(self.scores, [leg])) for leg in self.summary.legs},
                "rows": [call_row(score) for score in self.scores],
                "unheard": dict(self.unheard),
            },
            "baselines": {
                "always_neutral": {"about": "neutral is shown all the time", "eder": self.summary.eder.always_neutral},
                **{
                    baseline.name: {"about": baseline.about, "changes": asdict(baseline.changes)} for baseline in self.baselines
                },
            },
        }

    def _split(self, key: Callable[[CallScore], str]) -> dict[str, Any]:
        return {name: summary_json(summarise(part)) for name, part in split(self.scores, key).items()}


def split(scores: Sequence[CallScore], key: Callable[[CallScore], str]) -> dict[str, list[CallScore]]:
    """Scores by a key, in the order of the key."""
    parts: dict[str, list[CallScore]] = {}
    for score in sorted(scores, key=key):
        parts.setdefault(key(score), []).append(score)
    return parts


def summary_json(summary: CallsSummary) -> dict[str, Any]:
    """All figures of a summary; those that cannot be given are null."""
    eder = summary.eder
    return {
        "calls": summary.calls,
        "hours": summary.hours,
        "legs": list(summary.legs),
        "eder": eder.rate,
        "eder_parts": {"missed": eder.missed, "false": eder.false, "confused": eder.confused},
        "eder_argmax": eder.argmax,
        "unknown": eder.unknown,
        "changes": asdict(summary.changes),
        "alerts": asdict(summary.alerts),
    }


def headline(scores: Sequence[CallScore]) -> dict[str, float | None]:
    """The figures by which calls are judged, for the bootstrap and the first table."""
    summary = summarise(scores)
    changes, alerts = summary.changes, summary.alerts
    return {
        "eder": summary.eder.rate,
        "changes.precision_2s": changes.precision_2s,
        "changes.recall_2s": changes.recall_2s,
        "changes.f1_1s": changes.f1_1s,
        "changes.f1_2s": changes.f1_2s,
        "changes.f1_4s": changes.f1_4s,
        "changes.covering": changes.covering,
        "changes.delay_median": changes.delay_median,
        "changes.false_alarms_per_hour": changes.false_alarms_per_hour,
        "alerts.recall": alerts.recall,
        "alerts.precision": alerts.precision,
        "alerts.delay_median": alerts.delay_median,
        "alerts.false_per_hour": alerts.false_per_hour,
        "alerts.flicker_per_minute": alerts.flicker_per_minute,
    }


def call_row(score: CallScore) -> dict[str, Any]:
    """One call in a line."""
    true = sum(len(leg.true) for leg in score.changes)
    found = sum(len(leg.found) for leg in score.changes)
    right = sum(leg.matched[1] for leg in score.changes)
    labelled = sum(errors.labelled for errors in score.shown.values())
    return {
        "call": score.call.name,
        "dataset": score.call.dataset,
        "language": score.call.lang,
        "speaker": score.call.speaker,
        "seconds": score.call.seconds,
        "eder": ratio(sum(errors.rate * errors.labelled for errors in score.shown.values()), labelled),
        "changes": true,
        "found": found,
        "right_2s": right,
        "f1_2s": ratio(2 * right, true + found),
        "blocks": len(score.alerts.blocks),
        "hits": len(score.alerts.hits),
        "false": len(score.alerts.false),
        "delay": percentile(score.alerts.delays, 50),
    }
