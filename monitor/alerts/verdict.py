"""What a condition says of a moment, and how such answers combine (Kleene's three-valued logic: None is `not known`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from monitor.events import Leg


@dataclass(frozen=True, slots=True)
class Measure:
    """A value that met a condition."""

    name: str
    """Key in an alert's evidence."""
    value: float
    intensity: float
    """Grows with what the condition warns of."""
    step: float
    """Growth of the intensity that is worth telling."""
    text: str = ""
    """The value as people read it, such as `angry 0.82`."""
    leg: Leg | None = None
    """Whose it is; None where it is the call's."""
    words: Mapping[str, str] = field(default_factory=dict)
    """What fields of a message are about once this is the evidence, in place of the leg's state at that moment."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of one condition at one moment."""

    holds: bool | None
    fresh: bool = True
    """Whether the moment brought evidence; else the answer is only carried on, and no hold time passes."""
    measures: tuple[Measure, ...] = ()
    """What made it hold; none where it does not."""
    began: int = 0
    """Tick at which what is found began; of a finding that holds."""


UNKNOWN = Verdict(None, fresh=False)
# Most conditions do not hold at most ticks, and these say nothing more: they are made once.
_UNKNOWN_FRESH = Verdict(None)
_FALSE = Verdict(False)
_FALSE_CARRIED_ON = Verdict(False, fresh=False)


def unmet(fresh: bool) -> Verdict:
    """Does not hold."""
    return _FALSE if fresh else _FALSE_CARRIED_ON


def unknown(fresh: bool) -> Verdict:
    """Is not known."""
    return _UNKNOWN_FRESH if fresh else UNKNOWN


def all_of(verdicts: Sequence[Verdict]) -> Verdict:
    """Holds where all do; unknown where one is, and none is false."""
    met, fresh, began = True, False, 0
    for verdict in verdicts:
        fresh = fresh or verdict.fresh
        if verdict.holds is False:
            return unmet(fresh or _fresh(verdicts))
        met = met and verdict.holds is not None
        began = max(began, verdict.began)
    return Verdict(True, fresh, _measures(verdicts), began) if met else unknown(fresh)


def any_of(verdicts: Sequence[Verdict]) -> Verdict:
    """Holds where one does; unknown where one is, and none is true."""
    fresh, known = False, True
    for verdict in verdicts:
        if verdict.holds:
            met = [each for each in verdicts if each.holds]
            return Verdict(True, _fresh(met), _measures(met), min(each.began for each in met))
        fresh = fresh or verdict.fresh
        known = known and verdict.holds is not None
    return unmet(fresh) if known else unknown(fresh)


def negated(verdict: Verdict, now: int) -> Verdict:
    """Holds where it does not; from the tick `now` on, as far as is known."""
    return Verdict(None if verdict.holds is None else not verdict.holds, verdict.fresh, (), now)


def _measures(verdicts: Sequence[Verdict]) -> tuple[Measure, ...]:
    return tuple(measure for verdict in verdicts for measure in verdict.measures)


def _fresh(verdicts: Sequence[Verdict]) -> bool:
    return any(verdict.fresh for verdict in verdicts)
