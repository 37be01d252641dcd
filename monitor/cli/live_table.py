"""The live view of `watch`: a table of the legs in progress and one of the latest alerts, made from messages alone."""

from collections import Counter
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from monitor.alerts.standing import Alerts
from monitor.events import Alert
from monitor.messages import (
    AlertMessage,
    CallEndedMessage,
    CallStartedMessage,
    EventMessage,
    FramesMessage,
    Message,
    StateMessage,
)
from monitor.server.event_line import WORTH_TELLING, clock, key_values

SEVERITY_STYLE = {"critical": "bold red", "warning": "yellow", "info": "cyan"}
LATEST_ALERTS = 12
SPEAKING = 0.5
"""Probability of speech from which a leg is shown as speaking."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A leg as it is now."""

    emotion: str = "unknown"
    valence: float | None = None
    arousal: float | None = None
    """None where nothing was heard yet, or may be inferred."""
    speaking: bool = False
    time: float = 0.0


class LiveTable:
    """What is known of the calls, as it changes."""

    def __init__(self) -> None:
        self._legs: dict[tuple[str, str], _Row] = {}
        self._about: dict[str, str] = {}
        self._alerts = Alerts()

    def take(self, message: Message) -> None:
        """Follow one message. Replayed calls are left out: they are not happening."""
        if not isinstance(message, EventMessage | FramesMessage) or message.replay:
            return
        key = (message.call, message.leg or "")
        if isinstance(message, CallStartedMessage):
            self._about[message.call] = key_values(message.metadata)
            self._legs |= {(message.call, leg): _Row() for leg in message.legs}
        elif isinstance(message, CallEndedMessage):
            self._legs = {key: row for key, row in self._legs.items() if key[0] != message.call}
            self._about.pop(message.call, None)
        elif isinstance(message, FramesMessage) and key in self._legs:
            speaking = (message.speech[-1] or 0.0) >= SPEAKING
            self._legs[key] = _Row(message.emotion, message.valence[-1], message.arousal[-1], speaking, message.time)
        elif isinstance(message, StateMessage) and key in self._legs:
            state = (message.emotion, message.valence, message.arousal)
            self._legs[key] = _Row(*state, self._legs[key].speaking, message.time)
        elif not isinstance(message, FramesMessage):
            self._alerts.take(message)
            self._forget_old_alerts()

    def render(self) -> RenderableType:
        """The two tables as they are now."""
        legs = Table(title="live calls", title_justify="left")
        for head in ("call", "about", "leg", "time", "", "emotion", "valence", "arousal", "alerts"):
            legs.add_column(head, justify="right" if head == "alerts" else "left")
        standing = Counter(alert.latest.call for alert in self._alerts.standing())
        for (call, leg), row in self._legs.items():
            legs.add_row(
                call,
                escape(self._about[call]),
                leg,
                clock(row.time),
                "speaks" if row.speaking else "",
                row.emotion,
                _signed(row.valence),
                _signed(row.arousal),
                str(standing[call] or ""),
            )
        alerts = Table("call", "leg", "at", "ago", "severity", "what", "", title="latest alerts", title_justify="left")
        for span in reversed(list(self._alerts.spans.values())[-LATEST_ALERTS:]):
            alert = span.latest
            seen = escape(f"seen by {', '.join(span.acknowledged)}") if span.acknowledged else "open"
            alerts.add_row(
                alert.call,
                alert.leg or "",
                _moment(alert),
                self._ago(alert),
                alert.severity,
                escape(alert.rule if span.over else alert.message),
                "over" if span.over else seen,
                style="dim" if span.over else SEVERITY_STYLE[alert.severity],
            )
        return Group(legs, alerts)

    def _forget_old_alerts(self) -> None:
        """Keep the latest, and of the others those that stand in calls that go on."""
        for span in list(self._alerts.spans.values())[:-LATEST_ALERTS]:
            if span.over or span.latest.call not in self._about:
                self._alerts.forget(span)

    def _ago(self, alert: Alert | AlertMessage) -> str:
        """How long ago it was said; of a call that is over there is no now."""
        now = max((row.time for (call, _), row in self._legs.items() if call == alert.call), default=None)
        return "" if now is None else f"{max(0.0, now - alert.at):.0f} s"


def _moment(alert: Alert | AlertMessage) -> str:
    """When it was said, and what it is about where that is longer ago."""
    about = f", about {clock(alert.time).strip()}" if alert.at - alert.time >= WORTH_TELLING else ""
    return f"{clock(alert.at)}{about}"


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.2f}"
