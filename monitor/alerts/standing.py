"""What alerts have come to: their messages, one after another, folded into the present."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from monitor.events import Alert, AlertAcknowledged, CallEnded, Event
from monitor.messages import AlertAcknowledgedMessage, AlertMessage, CallEndedMessage, Message


@dataclass(slots=True)
class AlertSpan:
    """One alert, from its raising on."""

    raised: Alert | AlertMessage
    """The first that was said of it."""
    latest: Alert | AlertMessage
    evidence: Any
    """The last that was given."""
    updates: int = 0
    acknowledged: AlertAcknowledged | AlertAcknowledgedMessage | None = None
    """Who took note of it, the last one."""

    @property
    def over(self) -> bool:
        """Whether it was cleared."""
        return self.latest.status == "cleared"

    @property
    def cleared_at(self) -> float | None:
        """When that was said; None while it stands."""
        return self.latest.at if self.over else None


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
        if isinstance(said, AlertAcknowledged | AlertAcknowledgedMessage) and said.id in self.spans:
            self.spans[said.id].acknowledged = said
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
