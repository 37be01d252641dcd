"""Recordings without labels: how often the monitor would warn, and what it would show."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from lab.calls.alerts import raised_rules
from lab.evaluation.report import LegShares, Recordings
from lab.hearing.hearing import Hearing, LegHeard
from monitor.events import LEGS, ChangePoint, Event, Leg
from monitor.timeline import TICK_RATE


def account(hearings: Iterable[Hearing], speech_threshold: float, emotional: Collection[str] = ()) -> Recordings:
    """Add up hearings; speech are ticks whose probability reaches `speech_threshold`, `emotional` the rules about emotion."""
    recordings = warned = 0
    seconds = 0.0
    rules: Counter[str] = Counter()
    changes: Counter[Leg | None] = Counter()
    shown: dict[Leg, Counter[str]] = {}
    for hearing in hearings:
        recordings += 1
        seconds += hearing.seconds
        raised = raised_rules(hearing.events)
        rules.update(raised)
        warned += any(rule in emotional for rule in raised)
        changes.update(event.leg for event in hearing.events if _confirmed(event))
        for leg, heard in hearing.legs.items():
            shown.setdefault(leg, Counter()).update(_shown_in_speech(heard, speech_threshold))
    hours = seconds / 3600 or float("inf")  # of nothing heard there is nothing an hour
    return Recordings(
        recordings=recordings,
        hours=seconds / 3600,
        alerts_per_hour=rules.total() / hours,
        emotion_alerts_per_hour=sum(rules[rule] for rule in emotional) / hours,
        recordings_with_emotion_alerts=warned,
        alerts_per_hour_by_rule={rule: count / hours for rule, count in rules.most_common()},
        change_points_per_hour=changes.total() / hours,
        legs={leg: _leg_shares(shown[leg], changes[leg] / hours) for leg in LEGS if leg in shown},
    )


def _confirmed(event: Event) -> bool:
    return isinstance(event, ChangePoint) and event.status == "confirmed"


def _shown_in_speech(leg: LegHeard, threshold: float) -> Iterable[str]:
    return (emotion for emotion, tick in zip(leg.emotion, leg.ticks(), strict=True) if tick.speech >= threshold)


def _leg_shares(shown: Mapping[str, int], changes_per_hour: float) -> LegShares:
    ticks = sum(shown.values())
    return LegShares(
        speech_hours=ticks / TICK_RATE / 3600,
        emotions={emotion: count / ticks for emotion, count in sorted(shown.items(), key=lambda item: (-item[1], item[0]))},
        change_points_per_hour=changes_per_hour,
    )
