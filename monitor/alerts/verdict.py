"""What a condition says of a moment, and how such answers combine (Kleene's three-valued logic: None is `not known`)."""

from collections.abc import Sequence
from dataclasses import dataclass


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
    began: int
    """Tick at which what it measures began."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of one condition at one moment."""

    holds: bool | None
    fresh: bool = True
    """Whether the moment brought evidence; else the answer is only carried on, and no hold time passes."""
    measures: tuple[Measure, ...] = ()
    """What made it hold."""


UNKNOWN = Verdict(None, fresh=False)


def all_of(verdicts: Sequence[Verdict]) -> Verdict:
    """Holds where all do; unknown where one is, and none is false."""
    if any(verdict.holds is False for verdict in verdicts):
        return Verdict(False, _fresh(verdicts))
    if any(verdict.holds is None for verdict in verdicts):
        return Verdict(None, _fresh(verdicts))
    return Verdict(True, _fresh(verdicts), tuple(measure for verdict in verdicts for measure in verdict.measures))


def any_of(verdicts: Sequence[Verdict]) -> Verdict:
    """Holds where one does; unknown where one is, and none is true."""
    met = [verdict for verdict in verdicts if verdict.holds]
    if met:
        return Verdict(True, _fresh(met), tuple(measure for verdict in met for measure in verdict.measures))
    unknown = any(verdict.holds is None for verdict in verdicts)
    return Verdict(None if unknown else False, _fresh(verdicts))


def negated(verdict: Verdict) -> Verdict:
    """Holds where it does not."""
    return Verdict(None if verdict.holds is None else not verdict.holds, verdict.fresh)


def _fresh(verdicts: Sequence[Verdict]) -> bool:
    return any(verdict.fresh for verdict in verdicts)
