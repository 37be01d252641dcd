"""How right detected changes are, leg by leg. Everything here can be added up over legs and calls.

A detected change is one that was *confirmed*: what was suspected and taken back does not count. It is matched (`matching.py`)
to a true change of its leg by the moment at which it was located; its delay is from the true onset to the moment at which it
was confirmed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lab.calls.covering import covering
from lab.calls.matching import match
from monitor.events import ChangePoint, Event, Leg

TOLERANCES = (1.0, 2.0, 4.0)
"""Seconds between a true change and the place where it was found, at which figures are given."""
HEADLINE = 2.0
"""The tolerance of the pairs from which delays are taken."""


@dataclass(frozen=True, slots=True)
class DetectedChange:
    """A change of one leg that was found."""

    time: float
    """Where it is, seconds."""
    known: float
    """When it was confirmed."""
    suspected: float
    """When it was first said, provisionally."""


def detected_changes(events: Iterable[Event], leg: Leg) -> tuple[DetectedChange, ...]:
    """The confirmed changes of a leg, in the order in which they became known."""
    suspected: dict[str, float] = {}
    found = []
    for event in events:
        if isinstance(event, ChangePoint) and event.leg == leg:
            suspected.setdefault(event.id, event.at)
            if event.status == "confirmed":
                found.append(DetectedChange(event.time, event.at, suspected[event.id]))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class LegChanges:
    """What was found of one leg's changes."""

    leg: Leg
    seconds: float
    true: tuple[float, ...]
    found: tuple[DetectedChange, ...]
    matched: tuple[int, ...]
    """Pairs, a tolerance of `TOLERANCES`."""
    delays: tuple[float, ...]
    """Onset to known, seconds, of the pairs at the headline tolerance."""
    suspicions: tuple[float, ...]
    """Onset to first said, of the same pairs."""
    misplaced: tuple[float, ...]
    """Located minus onset, of the same pairs."""
    covering: float


def score_leg(leg: Leg, true: Sequence[float], found: Sequence[DetectedChange], seconds: float) -> LegChanges:
    """Compare what was found with what is true of a leg that is `seconds` long."""
    places = [change.time for change in found]
    pairs = {tolerance: match(true, places, tolerance) for tolerance in TOLERANCES}
    near = pairs[HEADLINE]
    return LegChanges(
        leg=leg,
        seconds=seconds,
        true=tuple(true),
        found=tuple(found),
        matched=tuple(len(pairs[tolerance]) for tolerance in TOLERANCES),
        delays=tuple(found[j].known - true[i] for i, j in near),
        suspicions=tuple(found[j].suspected - true[i] for i, j in near),
        misplaced=tuple(found[j].time - true[i] for i, j in near),
        covering=covering(true, places, seconds),
    )
