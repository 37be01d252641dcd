"""The figures of many calls, and how sure they are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lab.calls.eder import Eder
from lab.calls.figures import AlertFigures, ChangeFigures, alert_figures, change_figures, mean, ratio
from lab.calls.labelled import NEUTRAL
from lab.calls.score import CallScore
from monitor.events import Leg


@dataclass(frozen=True, slots=True)
class EderFigures:
    """Of the emotion diarization error rate: means over calls, as SpeechBrain's recipe has it. Parts add up to the rate."""

    rate: float | None
    missed: float | None
    false: float | None
    confused: float | None
    argmax: float | None
    """The rate of the likeliest emotion of each frame by itself."""
    unknown: float | None
    """Share of labelled time in which `unknown` was shown."""
    always_neutral: float | None
    """The rate of who shows `neutral` all the time."""


@dataclass(frozen=True, slots=True)
class CallsSummary:
    """All figures of some calls."""

    calls: int
    hours: float
    legs: tuple[Leg, ...]
    """That were scored in some call."""
    eder: EderFigures
    changes: ChangeFigures
    alerts: AlertFigures


def summarise(scores: Sequence[CallScore], legs: Sequence[Leg] | None = None) -> CallsSummary:
    """Add the scores of calls up; with `legs`, what is told leg by leg is that of these legs alone."""
    wanted = {leg for score in scores for leg in score.legs} if legs is None else set(legs)
    changes = [tuple(leg for leg in score.changes if leg.leg in wanted) for score in scores]
    flickers = sum(count for score in scores for leg, count in score.flicker.items() if leg in wanted)
    alerts = alert_figures(
        [score.alerts for score in scores],
        [score.call.seconds for score in scores],
        [score.stays_neutral for score in scores],
        flickers,
        sum(len(leg.true) for call in changes for leg in call),
        sum(leg.seconds for call in changes for leg in call) / 60,
    )
    return CallsSummary(
        calls=len(scores),
        hours=sum(score.call.seconds for score in scores) / 3600,
        legs=tuple(sorted(wanted, reverse=True)),
        eder=_eder(scores, wanted),
        changes=change_figures(changes),
        alerts=alerts,
    )


def _eder(scores: Sequence[CallScore], legs: set[Leg]) -> EderFigures:
    shown = [error for score in scores if (error := _sum(score.shown[leg] for leg in score.legs if leg in legs)).labelled]
    plain = [error for score in scores if (error := _sum(score.argmax[leg] for leg in score.legs if leg in legs)).labelled]
    return EderFigures(
        rate=mean([error.rate for error in shown]),
        missed=mean([error.missed / error.labelled for error in shown]),
        false=mean([error.false / error.labelled for error in shown]),
        confused=mean([error.confused / error.labelled for error in shown]),
        argmax=mean([error.rate for error in plain]),
        unknown=mean([share for score in scores for leg, share in score.unknown.items() if leg in legs]),
        always_neutral=mean([share for score in scores if (share := _not_neutral(score, legs)) is not None]),
    )


def _not_neutral(score: CallScore, legs: set[Leg]) -> float | None:
    parts = [part for part in score.call.segments if part.leg in legs and part.leg in score.legs]
    emotional = sum(part.end - part.start for part in parts if part.emotion != NEUTRAL)
    return ratio(emotional, sum(part.end - part.start for part in parts))


def _sum(errors: Iterable[Eder]) -> Eder:
    total = Eder()
    for error in errors:
        total += error
    return total
