"""What the rules see: all legs of a call at one tick."""

from collections.abc import Mapping
from dataclasses import dataclass

from monitor.affect.speaker import Affect
from monitor.events import ChangePoint, Leg
from monitor.learned.voice import Likeness

NOTHING_LEARNED = Likeness()


# Neither is frozen: they are made for every tick, and that would be most of the cost.
@dataclass(slots=True)
class LegMoment:
    """One leg at one tick."""

    affect: Affect | None = None
    """None where the leg's emotion may not be inferred."""
    heard: bool = False
    """Whether this tick said anything about the emotion: speech that an engine has seen."""
    known: bool = True
    """False where no engine has seen the tick (overload): whether there was speech is not known."""
    silent: int = 0
    """Ticks since the leg last spoke; 0 while it speaks."""
    changes: tuple[ChangePoint, ...] = ()
    """What became known of change points in this tick."""
    change: ChangePoint | None = None
    """The last change point that was not retracted."""
    likeness: Likeness = NOTHING_LEARNED
    """What templates and heads say of the last seconds of speech."""
    late: int = 0
    """Seconds by which this tick became known after its moment."""


@dataclass(slots=True)
class Moment:
    """A call at one tick."""

    tick: int
    at: float
    """Seconds from the start of the call to the end of the tick."""
    legs: Mapping[Leg, LegMoment]
    """Of all legs of the call, in the order of `LEGS`."""
    overtalk: int = 0
    """Ticks for which customer and agent have both been speaking."""
