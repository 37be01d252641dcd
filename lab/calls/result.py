"""What was measured of some labelled calls, before it is printed, drawn or written."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lab.calls.alerts import AlertAim
from lab.calls.baselines import Baseline
from lab.calls.changes import HEADLINE, TOLERANCES
from lab.calls.document import AlertsMeasured, BaselinePart, CallRow, CallsFigures, CallsPart, EderParts
from lab.calls.eder import Eder
from lab.calls.figures import percentile, ratio
from lab.calls.score import CallScore
from lab.calls.summary import CallsSummary, summarise


@dataclass(frozen=True, slots=True)
class CallsResult:
    """Everything about the calls of one run."""

    aim: AlertAim
    scores: tuple[CallScore, ...]
    summary: CallsSummary
    intervals: Mapping[str, tuple[float, float]]
    """Bootstrap bounds (`bootstrap.py`) of the figures named as in `headline`."""
    baselines: tuple[Baseline, ...]

    def calls_part(self) -> CallsPart:
        """The figures, to be written."""
        return CallsPart(
            **dict(figures(self.summary)),
            intervals=dict(self.intervals),
            alerts_of=AlertsMeasured(rules=list(self.aim.rules), emotion=self.aim.emotion, grace=self.aim.grace),
            by_dataset=self._split(lambda score: score.call.dataset),
            by_language=self._split(lambda score: score.call.lang or "not told"),
            by_leg={leg: figures(summarise(self.scores, [leg])) for leg in self.summary.legs},
            rows=[row(score) for score in self.scores],
        )

    def baselines_part(self) -> dict[str, BaselinePart]:
        """The baselines by name, to be written."""
        neutral = BaselinePart(about="neutral is shown all the time", eder=self.summary.eder.always_neutral)
        return {"always_neutral": neutral} | {
            one.name: BaselinePart(about=one.about, changes=one.changes) for one in self.baselines
        }

    def _split(self, key: Callable[[CallScore], str]) -> dict[str, CallsFigures]:
        return {name: figures(summarise(part)) for name, part in split(self.scores, key).items()}


def split(scores: Sequence[CallScore], key: Callable[[CallScore], str]) -> dict[str, list[CallScore]]:
    """Scores by a key, in the order of the key."""
    parts: dict[str, list[CallScore]] = {}
    for score in sorted(scores, key=key):
        parts.setdefault(key(score), []).append(score)
    return parts


def figures(summary: CallsSummary) -> CallsFigures:
    """A summary, to be written."""
    eder = summary.eder
    return CallsFigures(
        calls=summary.calls,
        hours=summary.hours,
        legs=list(summary.legs),
        eder=eder.rate,
        eder_parts=EderParts(missed=eder.missed, false=eder.false, confused=eder.confused),
        eder_argmax=eder.argmax,
        unknown=eder.unknown,
        changes=summary.changes,
        alerts=summary.alerts,
    )


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
