"""Figures of many calls: counts are added up first and divided then, so long calls weigh more than short ones.

A figure that cannot be given, because what it divides by is nothing, is None. Shares are 0 to 1, times seconds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from pydantic import Field

from lab.calls.alerts import AlertScore
from lab.calls.changes import LegChanges
from lab.calls.eder import Eder
from lab.calls.judged import JudgedFigures, total
from lab.calls.score import CallScore
from lab.document import Document
from monitor.affect.baseline import NEUTRAL
from monitor.events import Leg

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
"""Figures by which calls are judged, and what a reader calls them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFigures:
    """Of change points. F1 = 2 TP / (true + found), without the change at 0 s that TCPDBench gives to everybody."""

    true: int
    found: int
    precision_1s: float | None = None
    recall_1s: float | None = None
    f1_1s: float | None = None
    precision_2s: float | None = None
    recall_2s: float | None = None
    f1_2s: float | None = None
    precision_4s: float | None = None
    recall_4s: float | None = None
    f1_4s: float | None = None
    covering: float | None = None
    """Mean over legs."""
    delay_median: float | None = None
    """Seconds from the onset to the moment at which the change was known, of pairs at most 2 s apart."""
    delay_p95: float | None = None
    suspected_median: float | None = None
    """As `delay_median`, to the moment at which it was first said, provisionally."""
    misplaced_median: float | None = None
    """Distance of place and onset, of the same pairs."""
    false_alarms_per_hour: float | None = None
    """Changes found in calls without any, all scored legs together, an hour of those calls."""
    quiet_hours: float
    """Of calls without change."""
    false_alarms_per_leg_hour: float | None = None
    """Changes found in legs without any, an hour of those legs, also where the call's other leg changes."""
    quiet_leg_hours: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFigures:
    """Of alerts; what counts as which is defined in `alerts.py`."""

    blocks: int
    hits: int
    repeats: int
    false: int
    recall: float | None = None
    """Share of blocks that were hit."""
    recall_calls: float | None = None
    """Share of calls with a block in which one was hit."""
    precision: float | None = None
    f1: float | None = None
    delay_median: float | None = None
    """Seconds from the onset of a block to its alert."""
    delay_p95: float | None = None
    false_per_hour: float | None = None
    """False alerts in calls that stay neutral, an hour of those calls."""
    neutral_hours: float
    false_per_hour_all: float | None = None
    """All false alerts, an hour of all calls."""
    flicker_per_minute: float | None = None
    """Changes of the emotion shown, a minute of leg."""
    true_flicker_per_minute: float | None = None
    """True changes, a minute of leg: what a perfect monitor would have."""


class EderParts(Document):
    """Kinds of error; they add up to the rate."""

    missed: float | None = None
    false: float | None = None
    confused: float | None = None


class CallsFigures(Document):
    """Figures of some calls. Definitions: docs/evaluate-calls.md."""

    calls: int
    hours: float
    legs: list[str] = Field(description="that were scored")
    eder: float | None = Field(default=None, description="emotion diarization error rate of the emotion shown; mean over calls")
    eder_parts: EderParts
    eder_argmax: float | None = Field(default=None, description="the same of the likeliest emotion of each frame by itself")
    unknown: float | None = Field(default=None, description="share of labelled time in which `unknown` was shown")
    changes: ChangeFigures
    alerts: AlertFigures
    judged: JudgedFigures | None = Field(default=None, description="of alerts that people judged, where there are any")

    def by_name(self) -> dict[str, float | None]:
        """All figures by the names that people use: `eder`, `changes.f1_2s`, `alerts.recall`, ..."""
        judged = dict.fromkeys(JudgedFigures.model_fields) if self.judged is None else self.judged.model_dump()
        parts = {"changes": asdict(self.changes), "alerts": asdict(self.alerts), "judged": judged}
        eder = {"eder": self.eder, "eder_argmax": self.eder_argmax, "unknown": self.unknown}
        return eder | {f"{part}.{name}": value for part, values in parts.items() for name, value in values.items()}


def summarise(scores: Sequence[CallScore], legs: Sequence[Leg] | None = None) -> CallsFigures:
    """Add the scores of calls up; with `legs`, what is told leg by leg is that of these legs alone.

    The error rate is the mean over calls, as SpeechBrain's recipe has it.
    """
    wanted = {leg for score in scores for leg in score.legs} if legs is None else set(legs)
    changes = [tuple(leg for leg in score.changes if leg.leg in wanted) for score in scores]
    flickers = sum(count for score in scores for leg, count in score.flicker.items() if leg in wanted)
    labelled = [score for score in scores if score.call.segments]
    shown = [error for score in scores if (error := _sum(score.shown[leg] for leg in score.legs if leg in wanted)).labelled]
    plain = [error for score in scores if (error := _sum(score.argmax[leg] for leg in score.legs if leg in wanted)).labelled]
    return CallsFigures(
        calls=len(scores),
        hours=sum(score.call.seconds for score in scores) / 3600,
        legs=sorted(wanted, reverse=True),
        eder=mean([error.rate for error in shown]),
        eder_parts=EderParts(
            missed=mean([error.missed / error.labelled for error in shown]),
            false=mean([error.false / error.labelled for error in shown]),
            confused=mean([error.confused / error.labelled for error in shown]),
        ),
        eder_argmax=mean([error.rate for error in plain]),
        unknown=mean([share for score in scores for leg, share in score.unknown.items() if leg in wanted]),
        changes=change_figures(changes),
        alerts=alert_figures(
            [score.alerts for score in labelled],
            [score.call.seconds for score in labelled],
            [score.stays_neutral for score in labelled],
            flickers,
            sum(len(leg.true) for call in changes for leg in call),
            sum(leg.seconds for call in changes for leg in call) / 60,
        ),
        judged=total([score.judged for score in scores]).figures(),
    )


def headline(scores: Sequence[CallScore]) -> dict[str, float | None]:
    """The figures of `NAMES`."""
    figures = summarise(scores).by_name()
    return {name: figures[name] for name in NAMES}


def always_neutral(scores: Sequence[CallScore]) -> float | None:
    """The error rate of who shows `neutral` all the time."""
    return mean([share for score in scores if (share := _not_neutral(score)) is not None])


def change_figures(calls: Sequence[Sequence[LegChanges]]) -> ChangeFigures:
    """Of some calls, each given by its legs."""
    legs = [leg for call in calls for leg in call]
    true = sum(len(leg.true) for leg in legs)
    found = sum(len(leg.found) for leg in legs)
    matched = [sum(leg.matched[index] for leg in legs) for index in range(3)]
    quiet_calls = [call for call in calls if call and not any(leg.true for leg in call)]
    quiet_hours = sum(max(leg.seconds for leg in call) for call in quiet_calls) / 3600
    quiet_legs = [leg for leg in legs if not leg.true]
    leg_hours = sum(leg.seconds for leg in quiet_legs) / 3600
    delays = [delay for leg in legs for delay in leg.delays]
    precision = [ratio(pairs, found) for pairs in matched]
    recall = [ratio(pairs, true) for pairs in matched]
    f1 = [ratio(2 * pairs, true + found) for pairs in matched]
    return ChangeFigures(
        true=true,
        found=found,
        precision_1s=precision[0],
        recall_1s=recall[0],
        f1_1s=f1[0],
        precision_2s=precision[1],
        recall_2s=recall[1],
        f1_2s=f1[1],
        precision_4s=precision[2],
        recall_4s=recall[2],
        f1_4s=f1[2],
        covering=mean([leg.covering for leg in legs]),
        delay_median=percentile(delays, 50),
        delay_p95=percentile(delays, 95),
        suspected_median=percentile([delay for leg in legs for delay in leg.suspicions], 50),
        misplaced_median=percentile([abs(distance) for leg in legs for distance in leg.misplaced], 50),
        false_alarms_per_hour=ratio(sum(len(leg.found) for call in quiet_calls for leg in call), quiet_hours),
        quiet_hours=quiet_hours,
        false_alarms_per_leg_hour=ratio(sum(len(leg.found) for leg in quiet_legs), leg_hours),
        quiet_leg_hours=leg_hours,
    )


def alert_figures(
    calls: Sequence[AlertScore], seconds: Sequence[float], neutral: Sequence[bool], flickers: int, changes: int, minutes: float
) -> AlertFigures:
    """Of some calls: their alerts, their length, whether they stay neutral; and of their legs together: changes of the emotion
    shown, true changes, minutes."""
    blocks, hits = sum(len(call.blocks) for call in calls), sum(len(call.hits) for call in calls)
    false = sum(len(call.false) for call in calls)
    of_neutral = [(len(call.false), length) for call, length, calm in zip(calls, seconds, neutral, strict=True) if calm]
    neutral_hours = sum(length for _, length in of_neutral) / 3600
    with_block = [call for call in calls if call.blocks]
    delays = [delay for call in calls for delay in call.delays]
    return AlertFigures(
        blocks=blocks,
        hits=hits,
        repeats=sum(len(call.repeats) for call in calls),
        false=false,
        recall=ratio(hits, blocks),
        recall_calls=ratio(sum(bool(call.hits) for call in with_block), len(with_block)),
        precision=ratio(hits, hits + false),
        f1=ratio(2 * hits, blocks + hits + false),
        delay_median=percentile(delays, 50),
        delay_p95=percentile(delays, 95),
        false_per_hour=ratio(sum(count for count, _ in of_neutral), neutral_hours),
        neutral_hours=neutral_hours,
        false_per_hour_all=ratio(false, sum(seconds) / 3600),
        flicker_per_minute=ratio(flickers, minutes),
        true_flicker_per_minute=ratio(changes, minutes),
    )


def ratio(part: float, whole: float) -> float | None:
    """A share; None where there is nothing to share."""
    return part / whole if whole else None


def mean(values: Sequence[float]) -> float | None:
    """The mean; None of nothing."""
    return sum(values) / len(values) if values else None


def percentile(values: Sequence[float], share: float) -> float | None:
    """A percentile, interpolated; None of nothing. Values that are not finite (known too late to say when) are left out."""
    finite = [value for value in values if np.isfinite(value)]
    return float(np.percentile(finite, share)) if finite else None


def _not_neutral(score: CallScore) -> float | None:
    parts = [part for part in score.call.segments if part.leg in score.legs]
    emotional = sum(part.end - part.start for part in parts if part.emotion != NEUTRAL)
    return ratio(emotional, sum(part.end - part.start for part in parts))


def _sum(errors: Iterable[Eder]) -> Eder:
    return sum(errors, Eder())
