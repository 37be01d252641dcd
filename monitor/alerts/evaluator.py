"""The life of alerts: a rule's condition is met, has held, is warned of, grows, is gone, is cleared, rests.

    idle --met--> pending --met for `hold`--> raised --gone for `release`--> idle, no alert for `cool_down`

Hold time is counted in ticks that brought evidence: for a condition on emotion, in speech. While pending or raised, thresholds
are eased (`watches/base.py`). An alert is updated when a measure has grown markedly since it was last told of, or when its
sentence names a duration that has doubled since; at most every `UPDATE_EVERY` seconds. All of it is a pure function of
the moments.
"""

from collections.abc import Sequence

from monitor.alerts.message import RUNNING, fill, named, seconds_text
from monitor.alerts.model import Rule
from monitor.alerts.moment import LegMoment, Moment
from monitor.alerts.rules import RuleSet
from monitor.alerts.verdict import Measure, Verdict
from monitor.alerts.watches.build import legs_of, timed, watch
from monitor.events import Alert, Leg
from monitor.learned.learned import Learned
from monitor.timeline import TICK_RATE, clock

UPDATE_EVERY = 5.0
"""Seconds between two messages of one alert, its end excepted."""
_SPOKEN = {"customer": "customer", "agent": "agent", "mixed": "caller", None: "both"}


class RuleWatch:
    """One rule, for one leg or for the call as a whole."""

    def __init__(
        self, rule: Rule, call: str, subject: Leg | None, legs: Sequence[Leg], labels: Sequence[str], learned: Learned
    ) -> None:
        self._rule = rule
        self._call = call
        self._subject = subject
        self._labels = tuple(labels)
        self._watch = watch(rule.when, subject, legs, labels, learned)
        self._timed = timed(rule.when)
        self._idle = False
        """Nothing was found at the last moment, and nothing will be without further evidence."""
        self._hold = round(rule.hold * TICK_RATE)
        self._release = max(1, round(rule.release * TICK_RATE))
        self._cool_down = round(rule.cool_down * TICK_RATE)
        self._quiet_until = 0
        self._tells_duration = bool(named(rule.message) & RUNNING)
        self._number = 0
        self._began: int | None = None
        self._held = 0
        self._raised = False
        self._gone = 0
        self._told_at = 0
        self._told: dict[str, float] = {}
        self._peaks: dict[str, Measure] = {}

    def update(self, moment: Moment, moved: bool) -> Sequence[Alert]:
        """Take the next moment; what is to be told. `moved`: it has evidence that the one before had not."""
        if self._idle and not moved:
            return ()
        verdict = self._watch.update(moment, ease=0 if self._began is None else 1)
        if self._raised:
            return self._follow(verdict, moment)
        self._idle = not (verdict.holds or self._timed)
        if not verdict.holds:
            self._began = None
            return ()
        if self._began is None:
            self._began = verdict.began
            self._held = 0
            self._peaks = {}
        self._held += verdict.fresh
        self._note_peaks(verdict)
        if self._held < self._hold or not verdict.fresh or moment.tick < self._quiet_until:
            return []
        self._raised = True
        self._number += 1
        self._gone = 0
        return [self._tell("raised", verdict.measures, moment)]

    def finish(self, moment: Moment) -> list[Alert]:
        """The call is over at `moment`; what was raised is cleared."""
        if not self._raised:
            return []
        self._raised = False
        return [self._tell("cleared", tuple(self._peaks.values()), moment)]

    def _follow(self, verdict: Verdict, moment: Moment) -> list[Alert]:
        if verdict.holds:
            self._gone = 0
            self._note_peaks(verdict)
            due = moment.tick - self._told_at >= UPDATE_EVERY * TICK_RATE
            if due and (any(self._grown(measure) for measure in verdict.measures) or self._outdated(moment)):
                return [self._tell("updated", verdict.measures, moment)]
            return []
        self._gone += 1
        if self._gone < self._release:
            return []
        alert = self._tell("cleared", tuple(self._peaks.values()), moment)
        self._raised, self._began = False, None
        self._quiet_until = moment.tick + 1 + self._cool_down
        return [alert]

    def _note_peaks(self, verdict: Verdict) -> None:
        for measure in verdict.measures:
            if measure.name not in self._peaks or measure.intensity > self._peaks[measure.name].intensity:
                self._peaks[measure.name] = measure

    def _grown(self, measure: Measure) -> bool:
        return measure.name not in self._told or measure.intensity >= self._told[measure.name] + measure.step

    def _outdated(self, moment: Moment) -> bool:
        """Whether the sentence last said names a duration that is twice as long by now."""
        began = (self._began or 0) - 1
        return self._tells_duration and moment.tick - began >= 2 * (self._told_at - began)

    def _tell(self, status: str, measures: Sequence[Measure], moment: Moment) -> Alert:
        for measure in measures:
            self._told[measure.name] = max(measure.intensity, self._told.get(measure.name, measure.intensity))
        if status == "raised":
            self._told = {measure.name: measure.intensity for measure in measures}
        self._told_at = moment.tick
        time = (self._began or 0) / TICK_RATE
        return Alert(
            call=self._call,
            leg=self._subject,
            time=time,
            at=moment.at,
            id=f"{self._call}:{self._rule.name}:{self._subject or 'both'}:{self._number}",
            rule=self._rule.name,
            severity=self._rule.severity,
            status=status,  # type: ignore[arg-type]
            message=fill(self._rule.message, self._fields(moment, measures)),
            evidence={measure.name: round(measure.value, 3) for measure in measures},
            delay=float(max((leg.late for leg in moment.legs.values()), default=0)),
        )

    def _fields(self, moment: Moment, measures: Sequence[Measure]) -> dict[str, str]:
        """What the sentence may name: of what is the evidence, the evidence; else the state at this moment."""
        legs = [leg for name, leg in moment.legs.items() if self._subject in (None, name)]
        began = (self._began or 0) / TICK_RATE
        fields = {
            "leg": _SPOKEN[self._subject],
            "since": clock(began),
            "seconds": seconds_text(max(0.0, moment.at - began - self._gone / TICK_RATE)),
            "evidence": ", ".join(dict.fromkeys(map(self._said, measures))) or "nothing measured",
            "silence": seconds_text(min((leg.silent for leg in legs), default=0) / TICK_RATE),
            "overtalk": seconds_text(moment.overtalk / TICK_RATE),
        }
        if self._subject is not None:
            fields |= self._fields_of(moment.legs[self._subject])
        mine = [measure for measure in measures if self._subject is None or measure.leg in (None, self._subject)]
        for measure in reversed(mine):
            fields |= measure.words
        if silences := [measure.value for measure in mine if "silence" in measure.words]:
            fields["silence"] = seconds_text(min(silences))
        return fields

    def _said(self, measure: Measure) -> str:
        return measure.text if measure.leg in (None, self._subject) else f"{measure.leg} {measure.text}"

    def _fields_of(self, leg: LegMoment) -> dict[str, str]:
        affect, change = leg.affect, leg.change
        fields = {"emotion": "unknown", "probability": "0", "valence": "0", "arousal": "0"}
        if affect is not None:
            probability = affect.posterior[self._labels.index(affect.emotion)] if affect.emotion in self._labels else 0.0
            fields = {
                "emotion": affect.emotion,
                "probability": f"{probability:.2f}",
                "valence": f"{affect.valence:+.2f}",
                "arousal": f"{affect.arousal:+.2f}",
            }
        return fields | {
            "before": change.before if change else "unknown",
            "after": change.after if change else "unknown",
            "strength": f"{change.strength:.1f}" if change else "0",
            "changed": clock(change.time) if change else "no moment",
        }


def looks_at(rule: Rule, subject: Leg | None, legs: Sequence[Leg]) -> frozenset[Leg]:
    """Whose frames a rule needs: those of its subject alone, or those of all `legs` at one moment."""
    needed = legs_of(rule.when, subject, legs)
    if subject is None or "overtalk" in named(rule.message) or needed - {subject}:
        return frozenset(legs)
    return frozenset({subject})


class Evaluator:
    """The rules of a call.

    >>> Evaluator(RuleSet(()), "c1", ("customer",), ("angry", "neutral")).update(Moment(0, 0.1, {"customer": LegMoment()}))
    []
    """

    def __init__(
        self,
        rules: RuleSet,
        call: str,
        legs: Sequence[Leg],
        labels: Sequence[str],
        about: frozenset[Leg] | None = None,
    ) -> None:
        """`rules` have what they name (`RuleSet.heard_with`).

        `about`: take only the rules that look at these legs, at one alone or at all; None takes every rule.
        """
        self._last: Moment | None = None
        self._watches = [
            RuleWatch(rule, call, subject, legs, labels, rules.learned)
            for rule in rules.rules
            for subject in rule.subjects(tuple(legs))
            if about in (None, looks_at(rule, subject, legs))
        ]

    def update(self, moment: Moment) -> list[Alert]:
        """Take the next moment; what is to be told, in the order of the rules."""
        last, self._last = self._last, moment
        moved = last is None or _moved(last, moment)
        return [alert for one in self._watches for alert in one.update(moment, moved)]

    def finish(self, moment: Moment) -> list[Alert]:
        """The call is over; alerts that are open are cleared."""
        return [alert for one in self._watches for alert in one.finish(moment)]


def _moved(last: Moment, moment: Moment) -> bool:
    """Whether there is evidence that the last moment had not. What is carried on through silence is the same object."""
    for name, now in moment.legs.items():
        before = last.legs.get(name)
        if before is None or now.affect is not before.affect or now.likeness is not before.likeness or now.changes:
            return True
    return False
