"""The events that make up the present, for clients that have just come: live calls, their states, their alerts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_ALERTS = 200
"""Alerts kept of one call; the oldest go first."""


@dataclass(slots=True)
class _LiveCall:
    started: Mapping[str, Any]
    states: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    alerts: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    acknowledged: dict[str, Mapping[str, Any]] = field(default_factory=dict)


class Present:
    """Folds the journal's events into the few that a new client needs to draw what is going on."""

    def __init__(self) -> None:
        self._calls: dict[str, _LiveCall] = {}

    def update(self, message: Mapping[str, Any]) -> None:
        """Take the next event of the journal."""
        name = message.get("call", "")
        if message["type"] == "call_started":
            self._calls[name] = _LiveCall(message)
        elif message["type"] == "call_ended":
            self._calls.pop(name, None)
        elif (call := self._calls.get(name)) is not None:
            _fold(call, message)

    def forget(self, call: str) -> None:
        """Drop an erased call."""
        self._calls.pop(call, None)

    def messages(self) -> list[Mapping[str, Any]]:
        """The events, call by call: its start, the last state of each leg, its alerts and who took note of them."""
        return [
            message
            for call in self._calls.values()
            for message in (call.started, *call.states.values(), *call.alerts.values(), *call.acknowledged.values())
        ]


def _fold(call: _LiveCall, message: Mapping[str, Any]) -> None:
    if message["type"] == "state":
        call.states[message["leg"]] = message
    elif message["type"] == "alert":
        call.alerts[message["id"]] = message
        if len(call.alerts) > MAX_ALERTS:
            oldest = next(iter(call.alerts))
            del call.alerts[oldest]
            call.acknowledged.pop(oldest, None)
    elif message["type"] == "alert_acknowledged" and message["id"] in call.alerts:
        call.acknowledged[message["id"]] = message
