"""How urgent a leg is: who is heard first, and who waits, when the engine cannot keep up with everybody.

The policy, whole: each kind of leg has a patience, and the leg whose wait is longest *in units of its patience* is heard
next. Between equally urgent legs this is earliest deadline first. Between others it shares the engine: in a lasting overload
an urgent leg has twice as many turns as one that merely speaks, and that one twice as many as a silent one. A wait only ever
grows, so every leg's turn comes: none is starved. (Strict priority would starve the silent, and nobody would notice when
they begin to speak; plain earliest deadline first collapses under overload: Buttazzo, Hard Real-Time Computing Systems.
A wait in units of what was expected is the idea of highest response ratio next.)
"""

from collections.abc import Mapping, Sequence
from enum import IntEnum

from monitor.alerts.standing import Alerts
from monitor.events import Event, Frames, Leg, Mark
from monitor.timeline import frames_for

QUIET_AFTER = frames_for(5.0)
"""Frames heard without speech after which a leg counts as quiet: longer than a pause for thought."""
HEATED_VALENCE = -0.2
HEATED_AROUSAL = 0.2
"""At most, and at least: on the way into the quadrant of anger (Russell, A circumplex model of affect, 1980)."""


class Urgency(IntEnum):
    """Least urgent first."""

    BACKGROUND = 0
    """Not live: a file, which can wait and is never given up."""
    QUIET = 1
    SPEAKING = 2
    URGENT = 3
    """An alert stands, anger rises, or somebody looks."""


PATIENCE: Mapping[Urgency, float] = {
    Urgency.URGENT: 0.5,
    Urgency.SPEAKING: 1.0,
    Urgency.QUIET: 2.0,
    Urgency.BACKGROUND: 16.0,
}
"""How long a leg can wait, in units of `engine.latency`."""


def lateness(waited: float, urgency: Urgency, latency: float) -> float:
    """A wait of some seconds in units of what the leg has patience for: 1 is the deadline, and the greatest comes first.

    >>> lateness(3.0, Urgency.SPEAKING, latency=1.5), lateness(3.0, Urgency.URGENT, latency=1.5)
    (2.0, 4.0)
    """
    return waited / (PATIENCE[urgency] * latency)


_SKIPPED = int(Mark.SKIPPED)


class CallUrgency:
    """Follows the legs of one live call: what was heard of them, and which alerts stand."""

    def __init__(self, legs: Sequence[Leg], speech_threshold: float) -> None:
        self._threshold = speech_threshold
        self._silent = dict.fromkeys(legs, 0)
        self._alerts = Alerts()

    def hear(self, frames: Frames) -> None:
        """Take what was heard of a leg. Of skipped frames nothing is known, so they make nobody quiet."""
        speech = (frames.speech >= self._threshold).nonzero()[0]
        after = int(speech[-1]) + 1 if len(speech) else 0
        silent = int((frames.marks[after:] & _SKIPPED == 0).sum())
        self._silent[frames.leg] = silent if len(speech) else self._silent[frames.leg] + silent

    def follow(self, event: Event) -> None:
        """Take an event of the call."""
        self._alerts.follow(event)

    def of(self, leg: Leg, *, valence: float, arousal: float, watched: bool) -> Urgency:
        """How urgent a leg is now. An alert on the whole call is one on each of its legs."""
        alerted = any(alert.latest.leg in (leg, None) for alert in self._alerts.standing())
        if alerted or watched or (valence <= HEATED_VALENCE and arousal >= HEATED_AROUSAL):
            return Urgency.URGENT
        return Urgency.QUIET if self._silent[leg] >= QUIET_AFTER else Urgency.SPEAKING
