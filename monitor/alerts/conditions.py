"""Conditions as they are watched: each takes the moments of a call one by one and says whether it holds.

`ease` is the hysteresis of a rule: 1 while the rule's finding stands, so that thresholds are eased by a margin and a value that
trembles around one does not raise and clear an alert again and again; 0 before; reversed inside `not`.
"""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from math import log2

from monitor.alerts.model import AffectCondition, Bounds, ChangePointCondition, Condition, EmotionCondition, OvertalkCondition
from monitor.alerts.moment import LegMoment, Moment
from monitor.alerts.verdict import UNKNOWN, Measure, Verdict, all_of, any_of, negated
from monitor.events import Leg
from monitor.timeline import TICK_RATE

MARGIN = 0.1
"""By which thresholds of probability, valence, arousal and share are eased."""
STEP = 0.15
"""Growth of one of these that is worth telling."""
DOUBLED = 1.0
"""Growth, in octaves, of a duration or a strength that is worth telling."""

Combine = Callable[[Sequence[Verdict]], Verdict]


class Watch(ABC):
    """A condition and what it remembers."""

    @abstractmethod
    def update(self, moment: Moment, ease: int) -> Verdict:
        """Take the next moment. Every moment is offered once, in order."""


class EmotionWatch(Watch):
    """A leg's emotion state, or the smoothed posterior of some labels."""

    def __init__(self, condition: EmotionCondition, leg: Leg, labels: Sequence[str]) -> None:
        self._condition = condition
        self._leg = leg
        self._columns = [labels.index(label) for label in dict.fromkeys(condition.is_) if label in labels]
        self._name = f"{leg}.{'+'.join(condition.is_)}"

    def update(self, moment: Moment, ease: int) -> Verdict:
        leg = moment.legs.get(self._leg)
        if leg is None or leg.affect is None:
            return UNKNOWN
        probability = sum(leg.affect.posterior[column] for column in self._columns)
        if self._condition.at_least is None:
            holds = leg.affect.emotion in self._condition.is_
        else:
            holds = probability >= self._condition.at_least - ease * MARGIN
        return Verdict(holds, leg.heard, (Measure(self._name, probability, probability, STEP, moment.tick),))


class AffectWatch(Watch):
    """A leg's valence and arousal, on the scale or relative to the speaker's normal."""

    def __init__(self, condition: AffectCondition, leg: Leg) -> None:
        self._relative = condition.relative
        self._leg = leg
        self._bounds = [(axis, b) for axis, b in enumerate((condition.valence, condition.arousal)) if b is not None]

    def update(self, moment: Moment, ease: int) -> Verdict:
        leg = moment.legs.get(self._leg)
        if leg is None or leg.affect is None or (self._relative and leg.affect.normal is None):
            return UNKNOWN
        zero = leg.affect.normal if self._relative and leg.affect.normal else (0.0, 0.0)
        now = (leg.affect.valence - zero[0], leg.affect.arousal - zero[1])
        return all_of([self._one(bounds, axis, now[axis], leg, moment, ease) for axis, bounds in self._bounds])

    def _one(self, bounds: Bounds, axis: int, value: float, leg: LegMoment, moment: Moment, ease: int) -> Verdict:
        sign, bound = (1, bounds.above) if bounds.above is not None else (-1, bounds.below)
        holds = sign * value > sign * (bound or 0.0) - ease * MARGIN
        name = f"{self._leg}.{('valence', 'arousal')[axis]}{'_change' if self._relative else ''}"
        return Verdict(holds, leg.heard, (Measure(name, value, sign * value, STEP, moment.tick),))


class ChangePointWatch(Watch):
    """A leg's change points of the last seconds."""

    def __init__(self, condition: ChangePointCondition, leg: Leg) -> None:
        self._condition = condition
        self._leg = leg
        self._last = round(condition.last * TICK_RATE)
        self._kept: dict[str, tuple[int, Measure]] = {}

    def update(self, moment: Moment, ease: int) -> Verdict:
        leg = moment.legs.get(self._leg)
        if leg is None or leg.affect is None:
            return UNKNOWN
        want = self._condition
        for change in leg.changes:
            self._kept.pop(change.id, None)
            if (change.status == "confirmed" or (change.status == "provisional" and not want.confirmed)) and self._matches(
                change.before, change.after, change.strength
            ):
                began = round(change.time * TICK_RATE)
                intensity = log2(max(change.strength, 1e-3))
                measure = Measure(f"{self._leg}.change", change.strength, intensity, DOUBLED, began)
                self._kept[change.id] = (moment.tick, measure)
        self._kept = {key: kept for key, kept in self._kept.items() if moment.tick - kept[0] < self._last}
        return Verdict(bool(self._kept), True, tuple(measure for _, measure in self._kept.values()))

    def _matches(self, before: str, after: str, strength: float) -> bool:
        want = self._condition
        same_wanted = before in (want.from_ or ()) and after in (want.to or ())
        return (
            strength >= want.strength
            and (want.from_ is None or before in want.from_)
            and (want.to is None or after in want.to)
            and (before != after or same_wanted)
        )


class SilenceWatch(Watch):
    """A leg has not spoken for some time."""

    def __init__(self, longer_than: float, leg: Leg) -> None:
        self._ticks = longer_than * TICK_RATE
        self._leg = leg

    def update(self, moment: Moment, ease: int) -> Verdict:
        leg = moment.legs.get(self._leg)
        if leg is None:
            return UNKNOWN
        return Verdict(leg.silent > self._ticks, leg.known, (_duration("silence", leg.silent, moment.tick),))


class OvertalkWatch(Watch):
    """Customer and agent speak at once."""

    def __init__(self, condition: OvertalkCondition) -> None:
        self._condition = condition
        self._window: deque[bool] = deque(maxlen=round((condition.window or 1) * TICK_RATE))
        self._together = 0

    def update(self, moment: Moment, ease: int) -> Verdict:
        if "customer" not in moment.legs or "agent" not in moment.legs:
            return UNKNOWN
        known = all(moment.legs[leg].known for leg in ("customer", "agent"))  # type: ignore[index]
        if self._condition.longer_than is not None:
            holds = moment.overtalk > self._condition.longer_than * TICK_RATE
            return Verdict(holds, known, (_duration("overtalk", moment.overtalk, moment.tick),))
        if len(self._window) == self._window.maxlen:
            self._together -= self._window[0]
        self._window.append(moment.overtalk > 0)
        self._together += self._window[-1]
        share = self._together / (self._window.maxlen or 1)
        holds = share >= (self._condition.share or 0.0) - ease * MARGIN
        began = max(0, moment.tick - len(self._window) + 1)
        return Verdict(holds, known, (Measure("overtalk_share", share, share, STEP, began),))


class Within(Watch):
    """A condition that counts for some time after it was last met."""

    def __init__(self, inner: Watch, seconds: float) -> None:
        self._inner = inner
        self._ticks = round(seconds * TICK_RATE)
        self._met: tuple[int, Verdict] | None = None

    def update(self, moment: Moment, ease: int) -> Verdict:
        verdict = self._inner.update(moment, ease)
        if verdict.holds:
            self._met = (moment.tick, verdict)
        elif self._met is not None and moment.tick - self._met[0] <= self._ticks:
            return self._met[1]
        return verdict


class Not(Watch):
    """A condition that must not hold."""

    def __init__(self, inner: Watch) -> None:
        self._inner = inner

    def update(self, moment: Moment, ease: int) -> Verdict:
        return negated(self._inner.update(moment, -ease))


class Combined(Watch):
    """Several conditions."""

    def __init__(self, combine: Combine, inner: Sequence[Watch]) -> None:
        self._combine = combine
        self._inner = tuple(inner)

    def update(self, moment: Moment, ease: int) -> Verdict:
        return self._combine([watch.update(moment, ease) for watch in self._inner])


def _duration(name: str, ticks: int, now: int) -> Measure:
    return Measure(name, ticks / TICK_RATE, log2(max(ticks, 1)), DOUBLED, max(0, now - ticks + 1))


def watch(condition: Condition, subject: Leg | None, legs: Sequence[Leg], labels: Sequence[str]) -> Watch:
    """A condition of a rule about `subject` (None: both) in a call of `legs`, with an engine of `labels`."""
    built = _build(condition, subject, legs, labels)
    return built if condition.within is None else Within(built, condition.within)


def _build(condition: Condition, subject: Leg | None, legs: Sequence[Leg], labels: Sequence[str]) -> Watch:
    if condition.all_of is not None:
        return Combined(all_of, [watch(inner, subject, legs, labels) for inner in condition.all_of])
    if condition.any_of is not None:
        return Combined(any_of, [watch(inner, subject, legs, labels) for inner in condition.any_of])
    if condition.not_ is not None:
        return Not(watch(condition.not_, subject, legs, labels))
    if condition.overtalk is not None:
        return OvertalkWatch(condition.overtalk)
    named, combine = _about(condition, subject, legs)
    return Combined(combine, [_of_a_leg(condition, leg, labels) for leg in named])


def _of_a_leg(condition: Condition, leg: Leg, labels: Sequence[str]) -> Watch:
    if condition.emotion is not None:
        return EmotionWatch(condition.emotion, leg, labels)
    if condition.affect is not None:
        return AffectWatch(condition.affect, leg)
    if condition.change_point is not None:
        return ChangePointWatch(condition.change_point, leg)
    if condition.silence is not None:
        return SilenceWatch(condition.silence.longer_than, leg)
    raise ValueError(f"no watch for a condition of kind {condition.kind}")


def _about(condition: Condition, subject: Leg | None, legs: Sequence[Leg]) -> tuple[Sequence[Leg], Combine]:
    """The legs that a condition is about, and how they combine. A leg that the call has not makes it unknown."""
    if condition.leg == "other":
        other: dict[Leg | None, Leg] = {"customer": "agent", "agent": "customer"}
        return [other.get(subject, "mixed")] if subject != "mixed" else ["agent"], all_of
    if condition.leg == "either":
        return legs, any_of
    if condition.leg == "both" or (condition.leg is None and subject is None):
        return legs, all_of
    return [condition.leg or subject or "mixed"], all_of
