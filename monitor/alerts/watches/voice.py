"""Conditions on how a leg sounds: its emotion, its valence and arousal."""

from collections.abc import Sequence

from monitor.affect.speaker import Affect
from monitor.alerts.model import AffectCondition, Bounds, EmotionCondition
from monitor.alerts.moment import LegMoment, Moment
from monitor.alerts.verdict import UNKNOWN, Measure, Verdict, all_of, unmet
from monitor.alerts.watches.base import MARGIN, STEP, Watch
from monitor.events import Leg


class EmotionWatch(Watch):
    """A leg's emotion state, or the smoothed posterior of some labels."""

    def __init__(self, condition: EmotionCondition, leg: Leg, labels: Sequence[str]) -> None:
        self._condition = condition
        self._leg = leg
        self._labels = labels
        self._columns = [labels.index(label) for label in dict.fromkeys(condition.is_) if label in labels]
        self._name = f"{leg}.{'+'.join(condition.is_)}"

    def update(self, moment: Moment, ease: int) -> Verdict:
        """See `Watch.update`."""
        leg = moment.legs.get(self._leg)
        if leg is None or leg.affect is None:
            return UNKNOWN
        probability = sum([leg.affect.posterior[column] for column in self._columns])
        if self._condition.at_least is None:
            holds = leg.affect.emotion in self._condition.is_
        else:
            holds = probability >= self._condition.at_least - ease * MARGIN
        if not holds:
            return unmet(leg.heard)
        text = f"{' or '.join(self._condition.is_)} {probability:.2f}"
        words = {"emotion": self._found(leg.affect), "probability": f"{probability:.2f}"}
        measure = Measure(self._name, probability, probability, STEP, text, self._leg, words)
        return Verdict(True, leg.heard, (measure,), moment.tick)

    def _found(self, affect: Affect) -> str:
        """Which of the labels it is: the leg's state where that was asked for, else the one believed most."""
        if self._condition.at_least is None or not self._columns:
            return affect.emotion
        return self._labels[max(self._columns, key=lambda column: affect.posterior[column])]


class AffectWatch(Watch):
    """A leg's valence and arousal, on the scale or relative to the speaker's normal."""

    def __init__(self, condition: AffectCondition, leg: Leg) -> None:
        self._relative = condition.relative
        self._leg = leg
        self._bounds = [(axis, b) for axis, b in enumerate((condition.valence, condition.arousal)) if b is not None]

    def update(self, moment: Moment, ease: int) -> Verdict:
        """See `Watch.update`."""
        leg = moment.legs.get(self._leg)
        if leg is None or leg.affect is None or (self._relative and leg.affect.normal is None):
            return UNKNOWN
        zero = leg.affect.normal if self._relative and leg.affect.normal else (0.0, 0.0)
        now = (leg.affect.valence - zero[0], leg.affect.arousal - zero[1])
        return all_of([self._one(bounds, axis, now[axis], leg, moment, ease) for axis, bounds in self._bounds])

    def _one(self, bounds: Bounds, axis: int, value: float, leg: LegMoment, moment: Moment, ease: int) -> Verdict:
        sign, bound = (1, bounds.above) if bounds.above is not None else (-1, bounds.below)
        if sign * value <= sign * (bound or 0.0) - ease * MARGIN:
            return unmet(leg.heard)
        name = f"{self._leg}.{('valence', 'arousal')[axis]}{'_change' if self._relative else ''}"
        text = f"{name.removeprefix(f'{self._leg}.').replace('_', ' ')} {value:+.2f}"
        return Verdict(True, leg.heard, (Measure(name, value, sign * value, STEP, text, self._leg),), moment.tick)
