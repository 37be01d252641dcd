"""One call: what is true of it against what the monitor said of it. A pure function, cheap enough to search settings with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise

import numpy as np

from lab.calls.alerts import AlertAim, AlertScore, blocks, raised_alerts, score_alerts
from lab.calls.changes import LegChanges, detected_changes, score_leg
from lab.calls.eder import NOTHING, Eder, eder
from lab.calls.judged import NOTHING_JUDGED, JudgedScore, score_judged
from lab.calls.labelled import LabelledCall
from lab.hearing.hearing import Hearing, LegHeard
from monitor.affect.baseline import NEUTRAL
from monitor.events import ABSTAIN, Leg
from monitor.timeline import FRAME_RATE, TICK_FRAMES, TICK_RATE

JOY = "happy"
Run = tuple[float, float, str]
"""From and to (seconds), and the emotion shown in between."""


@dataclass(frozen=True, slots=True)
class CallScore:
    """What was right and wrong about one call. Scores of calls are added up by `summarise`."""

    call: LabelledCall
    legs: tuple[Leg, ...]
    """Labelled legs whose emotion was inferred: those that are scored."""
    shown: Mapping[Leg, Eder]
    """Errors of the emotion that was shown."""
    argmax: Mapping[Leg, Eder]
    """Errors of the likeliest emotion of each frame by itself: of the engine, before smoothing, hysteresis and abstention."""
    changes: tuple[LegChanges, ...]
    """In the order of `legs`."""
    alerts: AlertScore
    flicker: Mapping[Leg, int] = field(default_factory=dict)
    """Times that the emotion shown became another, after the first."""
    unknown: Mapping[Leg, float] = field(default_factory=dict)
    """Share of labelled time in which `unknown` was shown."""
    runs: Mapping[Leg, tuple[Run, ...]] = field(default_factory=dict)
    """What was shown, from beginning to end."""
    judged: JudgedScore = NOTHING_JUDGED
    """Of its judged alerts."""

    @property
    def has_joy(self) -> bool:
        """Whether somebody is happy for a while, which an engine may take for anger."""
        return any(segment.emotion == JOY for segment in self.call.segments)

    @property
    def stays_neutral(self) -> bool:
        """Whether something is known of the call's legs, and that none ever leaves neutral."""
        return bool(self.call.segments) and all(segment.emotion == NEUTRAL for segment in self.call.segments)


def score_call(call: LabelledCall, hearing: Hearing, labels: Sequence[str], aim: AlertAim | None = None) -> CallScore:
    """Score a hearing of the call; `labels` are the engine's, in the order of its logits."""
    aim = aim or AlertAim()
    legs = tuple(leg for leg in call.labelled_legs if leg in hearing.legs and hearing.legs[leg].format.classes)
    shown = {leg: shown_frames(hearing.legs[leg]) for leg in legs}
    watched = tuple(block for block in blocks(call, aim) if block.leg in legs)
    raised = raised_alerts(hearing.events, aim) if call.segments else ()
    return CallScore(
        call=call,
        legs=legs,
        shown={leg: eder(call.of_leg(leg), shown[leg], 1 / FRAME_RATE) for leg in legs},
        argmax={leg: eder(call.of_leg(leg), likeliest(hearing.legs[leg], labels), 1 / FRAME_RATE) for leg in legs},
        changes=tuple(
            score_leg(leg, call.changes_of(leg), detected_changes(hearing.events, leg), call.seconds) for leg in legs
        ),
        alerts=score_alerts(watched, raised, aim.grace),
        flicker={leg: flicker(hearing.legs[leg].emotion) for leg in legs},
        unknown={leg: _share_unknown(call, leg, shown[leg]) for leg in legs},
        runs={leg: runs(hearing.legs[leg].emotion) for leg in legs},
        judged=NOTHING_JUDGED if call.judged is None else score_judged(call.judged, hearing.events, aim.rules, call.seconds),
    )


def shown_frames(leg: LegHeard) -> list[str]:
    """The emotion shown, frame by frame."""
    return [emotion for emotion in leg.emotion for _ in range(TICK_FRAMES)][: len(leg)]


def likeliest(leg: LegHeard, labels: Sequence[str]) -> list[str]:
    """The label with the highest logit, frame by frame; `NOTHING` where a frame has no result."""
    logits = leg.frames.logits
    known = np.isfinite(logits).all(axis=1)
    best = np.where(known, np.nan_to_num(logits).argmax(axis=1), len(labels))
    return [(*labels, NOTHING)[index] for index in best.tolist()]


def runs(emotions: Sequence[str]) -> tuple[Run, ...]:
    """Stretches of the same emotion shown, of emotions a tick each.

    >>> runs(["unknown", "neutral", "neutral"])
    ((0.0, 0.1, 'unknown'), (0.1, 0.3, 'neutral'))
    """
    stretches = []
    first = 0
    for emotion, same in groupby(emotions):
        stop = first + sum(1 for _ in same)
        stretches.append((first / TICK_RATE, stop / TICK_RATE, emotion))
        first = stop
    return tuple(stretches)


def flicker(emotions: Sequence[str]) -> int:
    """Times that the emotion becomes another; the first one shown is not a change.

    >>> flicker(["unknown", "unknown", "neutral", "angry", "angry", "unknown"])
    2
    """
    first = next((index for index, emotion in enumerate(emotions) if emotion != ABSTAIN), len(emotions))
    return sum(one != other for one, other in pairwise(emotions[first:]))


def _share_unknown(call: LabelledCall, leg: Leg, shown: Sequence[str]) -> float:
    unknown = np.array([emotion == ABSTAIN for emotion in shown], dtype=bool)
    stretches = [unknown[round(part.start * FRAME_RATE) : round(part.end * FRAME_RATE)] for part in call.of_leg(leg)]
    whole = np.concatenate(stretches) if stretches else unknown[:0]
    return float(whole.mean()) if len(whole) else 0.0
