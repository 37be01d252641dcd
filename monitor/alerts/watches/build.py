"""From the condition of a rule to the watches that follow it."""

from collections.abc import Sequence

from monitor.alerts.model import Condition
from monitor.alerts.verdict import all_of, any_of
from monitor.alerts.watches.base import Watch
from monitor.alerts.watches.change import ChangePointWatch
from monitor.alerts.watches.combined import Combine, Combined, Not, Within
from monitor.alerts.watches.likeness import LabelWatch, TemplateWatch
from monitor.alerts.watches.turns import OvertalkWatch, SilenceWatch
from monitor.alerts.watches.voice import AffectWatch, EmotionWatch
from monitor.events import Leg
from monitor.learned.learned import Learned

OTHER: dict[Leg | None, Leg] = {"customer": "agent", "agent": "customer", "mixed": "agent"}
"""The other party. A call whose one leg is `mixed` has no other: what is asked of it is not known."""


def watch(condition: Condition, subject: Leg | None, legs: Sequence[Leg], labels: Sequence[str], learned: Learned) -> Watch:
    """A condition of a rule about `subject` (None: both) in a call of `legs`, with an engine of `labels`.

    `learned` has the templates and heads that it names.
    """
    built = _build(condition, subject, legs, labels, learned)
    return built if condition.within is None else Within(built, condition.within)


def legs_of(condition: Condition, subject: Leg | None, legs: Sequence[Leg]) -> frozenset[Leg]:
    """The legs of a call that a condition, and what is inside it, looks at."""
    looked_at: set[Leg] = set()
    for inner in condition.walk():
        if inner.overtalk is not None:
            looked_at.update(legs)
        elif not (inner.all_of or inner.any_of or inner.not_):
            looked_at.update(_about(inner, subject, legs)[0])
    return frozenset(looked_at & set(legs))


def timed(condition: Condition) -> bool:
    """Whether a condition that does not hold may come to do so as time goes by, without evidence of how anybody sounds."""
    for inner in condition.walk():
        if inner.silence or inner.overtalk or inner.within:
            return True
        if inner.not_ and any(denied.change_point for denied in inner.not_.walk()):  # a change is forgotten after a while
            return True
    return False


def _build(condition: Condition, subject: Leg | None, legs: Sequence[Leg], labels: Sequence[str], learned: Learned) -> Watch:
    if condition.all_of is not None:
        return _combined(all_of, [watch(inner, subject, legs, labels, learned) for inner in condition.all_of])
    if condition.any_of is not None:
        return _combined(any_of, [watch(inner, subject, legs, labels, learned) for inner in condition.any_of])
    if condition.not_ is not None:
        return Not(watch(condition.not_, subject, legs, labels, learned))
    if condition.overtalk is not None:
        return OvertalkWatch(condition.overtalk)
    named, combine = _about(condition, subject, legs)
    return _combined(combine, [_of_a_leg(condition, leg, labels, learned) for leg in named])


def _combined(combine: Combine, inner: Sequence[Watch]) -> Watch:
    """One alone needs no combining."""
    return inner[0] if len(inner) == 1 else Combined(combine, inner)


def _of_a_leg(condition: Condition, leg: Leg, labels: Sequence[str], learned: Learned) -> Watch:
    if condition.emotion is not None:
        return EmotionWatch(condition.emotion, leg, labels)
    if condition.affect is not None:
        return AffectWatch(condition.affect, leg)
    if condition.change_point is not None:
        return ChangePointWatch(condition.change_point, leg)
    if condition.silence is not None:
        return SilenceWatch(condition.silence.longer_than, leg)
    if condition.template is not None:
        return TemplateWatch(condition.template, leg, learned.templates[condition.template.name])
    if condition.label is not None:
        return LabelWatch(condition.label, leg, learned.heads[condition.label.head])
    raise ValueError(f"no watch for a condition of kind {condition.kind}")


def _about(condition: Condition, subject: Leg | None, legs: Sequence[Leg]) -> tuple[Sequence[Leg], Combine]:
    """The legs that a condition is about, and how they combine. A leg that the call has not makes it unknown."""
    if condition.leg == "other":
        return [OTHER[subject]], all_of
    if condition.leg == "either":
        return legs, any_of
    if condition.leg == "both" or (condition.leg is None and subject is None):
        return legs, all_of
    named = condition.leg or subject
    if named is None:
        raise ValueError("a condition about no leg")
    return [named], all_of
