"""What alerts have come to: their messages, one after another, folded into the present, with what people did about them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from monitor.events import Alert, AlertAcknowledged, AlertAssigned, AlertJudged, AlertSnoozed, CallEnded, Event
from monitor.messages import (
    AlertAcknowledgedMessage,
    AlertAssignedMessage,
    AlertJudgedMessage,
    AlertMessage,
    AlertSnoozedMessage,
    CallEndedMessage,
    EventMessage,
    Message,
)

MAX_PEOPLE = 100
"""People of whom an alert keeps what they say; those silent for longest go."""

Acknowledged = AlertAcknowledged | AlertAcknowledgedMessage
Assigned = AlertAssigned | AlertAssignedMessage
Snoozed = AlertSnoozed | AlertSnoozedMessage
Judged = AlertJudged | AlertJudgedMessage


@dataclass(slots=True)
class AlertSpan:
    """One alert, from its raising on."""

    raised: Alert | AlertMessage
    """The first that was said of it."""
    latest: Alert | AlertMessage
    evidence: Any
    """The last that was given."""
    updates: int = 0
    acknowledged: dict[str, Acknowledged] = field(default_factory=dict)
    """Who took note of it, a person each, in the order of their last word."""
    assigned: Assigned | None = None
    """Whose it is; None where it is nobody's."""
    snoozed: Snoozed | None = None
    """The last of it, which may be over by now."""
    judged: dict[str, Judged] = field(default_factory=dict)
    """Who said whether it was right, a person each, in the order of their last word."""

    @property
    def over(self) -> bool:
        """Whether it was cleared."""
        return self.latest.status == "cleared"

    @property
    def cleared_at(self) -> float | None:
        """When that was said; None while it stands."""
        return self.latest.at if self.over else None

    @property
    def deeds(self) -> list[Acknowledged | Assigned | Snoozed | Judged]:
        """What people said that still counts."""
        single = [said for said in (self.assigned, self.snoozed) if said is not None]
        return [*self.acknowledged.values(), *single, *self.judged.values()]

    @property
    def verdict(self) -> bool | None:
        """Whether it was right, by most of those who judged it; by the last where they are even. None where nobody did."""
        votes = [said.right for said in self.judged.values()]
        right = sum(votes)
        return None if not votes else votes[-1] if 2 * right == len(votes) else 2 * right > len(votes)

    def handled(self, now: datetime | None = None) -> dict[str, Any]:
        """What people did about it, as the API tells it; a snooze that is over at `now` (aware; default: now) is none."""
        snoozed = self.snoozed
        awake = snoozed is None or datetime.fromisoformat(snoozed.until) <= (now or datetime.now(UTC))
        return {
            "acknowledged": [
                {"by": said.by, "at": said.at, "note": said.note, "recorded_at": _recorded_at(said)}
                for said in self.acknowledged.values()
            ],
            "assigned": None if self.assigned is None else {"to": self.assigned.to, "by": self.assigned.by},
            "snoozed": None
            if awake or snoozed is None
            else {"until": snoozed.until, "by": snoozed.by, "reason": snoozed.reason},
            "judged": [{"by": said.by, "right": said.right, "reason": said.reason} for said in self.judged.values()],
        }

    def take(self, said: Acknowledged | Assigned | Snoozed | Judged) -> None:
        """Follow what a person says of it."""
        match said:
            case AlertAcknowledged() | AlertAcknowledgedMessage():
                _of_person(self.acknowledged, said.by, said)
            case AlertAssigned() | AlertAssignedMessage():
                self.assigned = said if said.to else None
            case AlertSnoozed() | AlertSnoozedMessage():
                self.snoozed = said
            case AlertJudged() | AlertJudgedMessage():
                _of_person(self.judged, said.by, said)


@dataclass(slots=True)
class Alerts:
    """The alerts of one call or of many, by their ids, in the order in which they were raised. One thread at a time.

    Nothing is forgotten by itself: whoever follows for long says what may go.
    """

    spans: dict[str, AlertSpan] = field(default_factory=dict)

    def take(self, said: Event | Message) -> AlertSpan | None:
        """Follow what is said next, events or messages; the alert that it is about. What is about no alert is passed over."""
        if isinstance(said, Alert | AlertMessage):
            span = self.spans.setdefault(said.id, AlertSpan(said, said, said.evidence))
            span.latest = said
            span.evidence = said.evidence or span.evidence
            span.updates += said.status == "updated"
            return span
        if isinstance(said, Acknowledged | Assigned | Snoozed | Judged) and said.id in self.spans:
            self.spans[said.id].take(said)
            return self.spans[said.id]
        return None

    def follow(self, said: Event | Message) -> None:
        """Like `take`, and keep only what stands: of calls that go on, alerts that were not cleared."""
        span = self.take(said)
        if span is not None and span.over:
            self.forget(span)
        if isinstance(said, CallEnded | CallEndedMessage):
            self.spans = {key: span for key, span in self.spans.items() if span.latest.call != said.call}

    def forget(self, span: AlertSpan) -> None:
        """Drop one."""
        del self.spans[span.latest.id]

    def standing(self) -> list[AlertSpan]:
        """Those that were not cleared."""
        return [span for span in self.spans.values() if not span.over]


def alerts_of(said: Iterable[Event | Message]) -> list[AlertSpan]:
    """All alerts of what was said, in the order in which they were raised."""
    alerts = Alerts()
    for one in said:
        alerts.take(one)
    return list(alerts.spans.values())


_Said = TypeVar("_Said")


def _of_person(people: dict[str, _Said], person: str, said: _Said) -> None:
    people.pop(person, None)
    people[person] = said
    if len(people) > MAX_PEOPLE:
        del people[next(iter(people))]


def _recorded_at(said: Event | Message) -> str | None:
    return said.recorded_at if isinstance(said, EventMessage) else None
