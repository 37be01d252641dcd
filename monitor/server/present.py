"""The events that make up the present, for clients that have just come: live calls, their states, their alerts."""

from dataclasses import dataclass, field

from monitor.alerts.standing import Alerts
from monitor.messages import CallEndedMessage, CallStartedMessage, EventMessage, HearingMessage, Message, StateMessage

MAX_ALERTS = 200
"""Alerts kept of one call; the oldest go first."""


@dataclass(slots=True)
class _LiveCall:
    started: CallStartedMessage
    states: dict[str | None, StateMessage] = field(default_factory=dict)
    unheard: dict[str | None, HearingMessage] = field(default_factory=dict)
    """Legs whose sender is not understood."""
    alerts: Alerts = field(default_factory=Alerts)

    def take(self, message: EventMessage) -> None:
        if isinstance(message, StateMessage):
            self.states[message.leg] = message
        elif isinstance(message, HearingMessage):
            self.unheard.pop(message.leg, None)
            if not message.heard:
                self.unheard[message.leg] = message
        self.alerts.take(message)
        if len(self.alerts.spans) > MAX_ALERTS:
            self.alerts.forget(next(iter(self.alerts.spans.values())))

    def messages(self) -> list[Message]:
        spans = self.alerts.spans.values()
        alerts = [*(span.latest for span in spans), *(said for span in spans for said in span.deeds)]
        legs = [*self.states.values(), *self.unheard.values()]
        return [self.started, *legs, *(said for said in alerts if isinstance(said, Message))]


class Present:
    """Folds the journal's events into the few that a new client needs to draw what is going on."""

    def __init__(self) -> None:
        self._calls: dict[str, _LiveCall] = {}

    def update(self, message: Message) -> None:
        """Take the next event of the journal."""
        if isinstance(message, CallStartedMessage):
            self._calls[message.call] = _LiveCall(message)
        elif isinstance(message, CallEndedMessage):
            self._calls.pop(message.call, None)
        elif isinstance(message, EventMessage) and (call := self._calls.get(message.call)) is not None:
            call.take(message)

    def forget(self, call: str) -> None:
        """Drop an erased call."""
        self._calls.pop(call, None)

    def messages(self) -> list[Message]:
        """The events, call by call: its start, the last state of each leg, legs that are not heard, its alerts and what people
        did about them."""
        return [message for call in self._calls.values() for message in call.messages()]
