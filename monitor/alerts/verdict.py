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
    """What made it hold."""
    began: int = 0
    """Tick at which what is found began; of a finding that holds."""


UNKNOWN = Verdict(None, fresh=False)


def all_of(verdicts: Sequence[Verdict]) -> Verdict:
    """Holds where all do; unknown where one is, and none is false."""
    if any(verdict.holds is False for verdict in verdicts):
        return Verdict(False, _fresh(verdicts))
    if any(verdict.holds is None for verdict in verdicts):
        return Verdict(None, _fresh(verdicts))
    began = max((verdict.began for verdict in verdicts), default=0)
    return Verdict(True, _fresh(verdicts), _measures(verdicts), began)


def any_of(verdicts: Sequence[Verdict]) -> Verdict:
    """Holds where one does; unknown where one is, and none is true."""
    met = [verdict for verdict in verdicts if verdict.holds]
    if met:
        return Verdict(True, _fresh(met), _measures(met), min(verdict.began for verdict in met))
    unknown = any(verdict.holds is None for verdict in verdicts)
    return Verdict(None if unknown else False, _fresh(verdicts))


def negated(verdict: Verdict, now: int) -> Verdict:
    """Holds where it does not; from the tick `now` on, as far as is known."""
    return Verdict(None if verdict.holds is None else not verdict.holds, verdict.fresh, (), now)


def _measures(verdicts: Sequence[Verdict]) -> tuple[Measure, ...]:
    return tuple(measure for verdict in verdicts for measure in verdict.measures)


def _fresh(verdicts: Sequence[Verdict]) -> bool:
    return any(verdict.fresh for verdict in verdicts)
