"""The live view of `watch`: a table of the legs in progress and one of the latest alerts, made from messages alone."""

from collections import deque
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from monitor.server.event_line import WORTH_TELLING, clock, key_values

SEVERITY_STYLE = {"critical": "bold red", "warning": "yellow", "info": "cyan"}
LATEST_ALERTS = 12


class LiveTable:
    """What is known of the calls, as it changes."""

    def __init__(self) -> None:
        self._legs: dict[tuple[str, str], dict[str, Any]] = {}
        self._about: dict[str, str] = {}
        self._open: dict[str, str] = {}
        """Calls of the alerts that are raised and not cleared, by the alert's id."""
        self._alerts: dict[str, dict[str, Any]] = {}
        self._order: deque[str] = deque(maxlen=LATEST_ALERTS)

    def take(self, message: dict[str, Any]) -> None:
        """Follow one message. Replayed calls are left out: they are not happening."""
        kind = message["type"]
        if message.get("replay"):
            return
        if kind == "call_started":
            self._about[message["call"]] = key_values(message.get("metadata", {}))
            for leg in message["legs"]:
                self._legs[message["call"], leg] = {"emotion": "unknown", "valence": 0.0, "arousal": 0.0, "time": 0.0}
        elif kind == "call_ended":
            self._forget(message["call"])
        elif kind == "frames":
            row = {"valence": message["valence"][-1], "arousal": message["arousal"][-1]}
            self._update(message, emotion=message["emotion"], speaking=message["speech"][-1] >= 0.5, **row)
        elif kind == "state":
            self._update(message, emotion=message["emotion"], valence=message["valence"], arousal=message["arousal"])
        elif kind == "alert":
            self._take_alert(message)
        elif kind == "alert_acknowledged" and message["id"] in self._alerts:
            self._alerts[message["id"]] = {**self._alerts[message["id"]], "acknowledged_by": message["by"]}

    def render(self) -> RenderableType:
        """The two tables as they are now."""
        legs = Table(title="live calls", title_justify="left")
        for head in ("call", "about", "leg", "time", "", "emotion", "valence", "arousal", "alerts"):
            legs.add_column(head, justify="right" if head == "alerts" else "left")
        open_alerts = list(self._open.values())
        for (call, leg), row in self._legs.items():
            legs.add_row(
                call,
                escape(self._about[call]),
                leg,
                clock(row["time"]),
                "speaks" if row.get("speaking") else "",
                row["emotion"],
                f"{row['valence']:+.2f}",
                f"{row['arousal']:+.2f}",
                str(open_alerts.count(call) or ""),
            )
        alerts = Table("call", "leg", "at", "ago", "severity", "what", "", title="latest alerts", title_justify="left")
        for alert_id in reversed(self._order):
            alert = self._alerts[alert_id]
            over = alert["status"] == "cleared"
            alerts.add_row(
                alert["call"],
                alert["leg"] or "",
                _moment(alert),
                self._ago(alert),
                alert["severity"],
                escape(alert["rule"] if over else alert["message"]),
                "over" if over else escape(f"seen by {alert['acknowledged_by']}" if "acknowledged_by" in alert else "open"),
                style="dim" if over else SEVERITY_STYLE[alert["severity"]],
            )
        return Group(legs, alerts)

    def _take_alert(self, message: dict[str, Any]) -> None:
        if message["id"] not in self._alerts:
            self._order.append(message["id"])
        kept = self._alerts.get(message["id"], {})
        self._alerts[message["id"]] = {**kept, **message}
        self._alerts = {key: self._alerts[key] for key in self._order}
        if message["status"] == "cleared":
            self._open.pop(message["id"], None)
        else:
            self._open[message["id"]] = message["call"]

    def _ago(self, alert: dict[str, Any]) -> str:
        """How long ago it was said; of a call that is over there is no now."""
        now = max((row["time"] for (call, _), row in self._legs.items() if call == alert["call"]), default=None)
        return "" if now is None else f"{max(0.0, now - alert['at']):.0f} s"

    def _forget(self, call: str) -> None:
        self._legs = {key: row for key, row in self._legs.items() if key[0] != call}
        self._open = {key: of for key, of in self._open.items() if of != call}
        self._about.pop(call, None)

    def _update(self, message: dict[str, Any], **values: Any) -> None:
        key = (message["call"], message["leg"])
        if key in self._legs:
            self._legs[key] = {**self._legs[key], **values, "time": message["time"]}


def _moment(alert: dict[str, Any]) -> str:
    """When it was said, and what it is about where that is longer ago."""
    about = f", about {clock(alert['time']).strip()}" if alert["at"] - alert["time"] >= WORTH_TELLING else ""
    return f"{clock(alert['at'])}{about}"
