"""What a call came to: its messages folded into the figures by which it is found and counted."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from monitor.affect.dimensions import PLACES
from monitor.alerts.notes import NOTE_TYPES, notes_of
from monitor.alerts.standing import Alerts
from monitor.events import ABSTAIN
from monitor.messages import CallEndedMessage, EventMessage, RecordedMessage, StateMessage

FOLDED = frozenset(
    {"call_started", "call_ended", "state", "alert"}
    | {f"alert_{deed}" for deed in ("acknowledged", "assigned", "snoozed", "judged")}
    | set(NOTE_TYPES)
)
"""Types of messages that bear on it."""
ANGRY = "angry"
TROUBLED = frozenset(label for label, (valence, _) in PLACES.items() if valence < 0)
"""Emotions in which nobody has recovered from anger yet: angry, disgusted, fearful, sad."""


@dataclass(slots=True)
class Recovery:
    """A spell of anger of a leg."""

    begun: float
    """Second of the call in which the leg's believed emotion became angry."""
    seconds: float | None = None
    """Until the first state after it that is neither troubled nor unknown; None where there was none."""


@dataclass(slots=True)
class Beliefs:
    """What was believed of one leg, and for how long."""

    emotion: str = ABSTAIN
    since: float = 0.0
    seconds: dict[str, float] = field(default_factory=dict)
    """By emotion, of the states that are over."""
    recoveries: list[Recovery] = field(default_factory=list)

    def take(self, message: StateMessage) -> None:
        """Follow the next state."""
        self.seconds = self.until(message.time)
        self.emotion, self.since = message.emotion, message.time
        spell = self.recoveries[-1] if self.recoveries and self.recoveries[-1].seconds is None else None
        if spell is None and message.emotion == ANGRY:
            self.recoveries.append(Recovery(message.time))
        elif spell is not None and message.emotion not in TROUBLED | {ABSTAIN}:
            spell.seconds = max(message.time - spell.begun, 0.0)

    def until(self, end: float) -> dict[str, float]:
        """Seconds by emotion up to `end`, without those in which nothing was believed."""
        if self.emotion == ABSTAIN or end <= self.since:
            return dict(self.seconds)
        return {**self.seconds, self.emotion: self.seconds.get(self.emotion, 0.0) + end - self.since}


class CallAccount:
    """The fold of one call. One thread at a time."""

    def __init__(self) -> None:
        self.seq = 0
        """The last message that was taken."""
        self.end = 0.0
        """Second of the call up to which anything was said."""
        self.ended = False
        self.alerts = Alerts()
        self.beliefs: dict[str, Beliefs] = {}
        self._notes: list[EventMessage] = []

    @classmethod
    def of(cls, messages: Iterable[RecordedMessage]) -> "CallAccount":
        """Of messages of one call, in their order."""
        account = cls()
        for message in messages:
            account.take(message)
        return account

    @property
    def notes(self) -> int:
        """How many stand."""
        return len(notes_of(self._notes))

    def take(self, message: RecordedMessage) -> None:
        """Follow the next message of the call; one that was taken before is passed over."""
        if message.seq <= self.seq or not isinstance(message, EventMessage):
            return
        self.seq = message.seq
        if isinstance(message, CallEndedMessage):
            self.ended, self.end = True, message.time
        elif not self.ended:
            self.end = max(self.end, message.at)
        if isinstance(message, StateMessage) and message.leg is not None:
            self.beliefs.setdefault(message.leg, Beliefs()).take(message)
        elif message.type in NOTE_TYPES:
            self._notes.append(message)
        else:
            self.alerts.take(message)

    def seconds(self, end: float | None = None) -> dict[str, dict[str, float]]:
        """Seconds by leg and believed emotion, up to `end` where the call goes on."""
        until = self.end if self.ended or end is None else max(end, self.end)
        return {leg: beliefs.until(until) for leg, beliefs in self.beliefs.items()}
