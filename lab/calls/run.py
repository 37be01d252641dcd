"""Hears labelled calls and scores them: the part that takes time, apart from the part that counts."""

from collections.abc import Callable, Sequence

from lab.calls.alerts import AlertAim
from lab.calls.baselines import change_baselines
from lab.calls.bootstrap import intervals
from lab.calls.evidence import Evidence, evidence
from lab.calls.figures import headline, summarise
from lab.calls.labelled import LabelledCall
from lab.calls.read import check_length
from lab.calls.report import CallsResult
from lab.calls.score import CallScore, score_call
from lab.hearing.hearing import Hearing
from lab.hearing.listeners import Listeners, Unheard
from lab.hearing.takes import Take
from monitor.config import Settings
from monitor.errors import SourceError


def plain_take(call: LabelledCall) -> Take:
    """A call as it is."""
    return Take(call.audio, call.legs)


def _nobody(*what: object) -> None:
    """Tell nobody."""


def evaluate_calls(
    calls: Sequence[LabelledCall],
    listeners: Listeners,
    settings: Settings,
    *,
    aim: AlertAim | None = None,
    take: Callable[[LabelledCall], Take] = plain_take,
    baselines: bool = True,
    heard: Callable[[LabelledCall, Hearing | Unheard], object] = _nobody,
    stage: Callable[[str], object] = _nobody,
) -> CallsResult:
    """Hear all calls with `listeners`, which were opened with `settings`, and measure what was said of them.

    `take` says how a call is heard (over which line); `heard` is told of each call as it is done; `stage` of what is
    being counted. A call that cannot be heard is left out.

    Raises `SourceError` where none can be heard, and `ConfigError` where the settings forbid to hear one or it is not as long
    as its labels say.
    """
    aim = aim or AlertAim()
    scores: list[CallScore] = []
    kept: list[Evidence] = []
    reason = "there is none"
    for call, (_, hearing) in zip(calls, listeners.hear(map(take, calls), embeddings=baselines), strict=True):
        if isinstance(hearing, Unheard):
            reason = hearing.reason
            heard(call, hearing)
            continue
        check_length(call, hearing.seconds)
        scores.append(score_call(call, hearing, listeners.info.labels, aim))
        if baselines:
            kept.append(evidence(hearing, scores[-1].legs, settings.state.speech_threshold))
        heard(call, hearing)
    if not scores:
        raise SourceError(f"none of {len(calls)} calls could be heard; the last: {reason}")
    stage("confidence intervals")
    bounds = intervals(scores, headline)
    found = change_baselines(scores, kept, stage) if baselines else []
    return CallsResult(aim, tuple(scores), summarise(scores), bounds, tuple(found))
