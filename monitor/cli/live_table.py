"""The live view of `watch`: a table of the legs in progress and one of the latest alerts, made from messages alone."""

from collections import deque
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from monitor.server.event_line import clock

SEVERITY_STYLE = {"critical": "bold red", "warning": "yellow", "info": "cyan"}
LATEST_ALERTS = 12


class LiveTable:
    """What is known of the calls, as it changes."""

    def __init__(self) -> None:
        self._legs: dict[tuple[str, str], dict[str, Any]] = {}
        self._alerts: dict[str, dict[str, Any]] = {}
        self._order: deque[str] = deque(maxlen=LATEST_ALERTS)

    def take(self, message: dict[str, Any]) -> None:
        """Follow one message. Replayed calls are left out: they are not happening."""
        kind = message["type"]
        if message.get("replay"):
            return
        if kind == "call_started":
            for leg in message["legs"]:
                self._legs[message["call"], leg] = {"emotion": "unknown", "valence": 0.0, "arousal": 0.0, "time": 0.0}
        elif kind == "call_ended":
            self._legs = {key: row for key, row in self._legs.items() if key[0] != message["call"]}
        elif kind == "frames":
            row = {"valence": message["valence"][-1], "arousal": message["arousal"][-1]}
            self._update(message, emotion=message["emotion"], speaking=message["speech"][-1] >= 0.5, **row)
        elif kind == "state":
            self._update(message, emotion=message["emotion"], valence=message["valence"], arousal=message["arousal"])
        elif kind == "alert":
            if message["id"] not in self._alerts:
                self._order.append(message["id"])
            self._alerts[message["id"]] = message
            self._alerts = {key: self._alerts[key] for key in self._order}
        elif kind == "alert_acknowledged" and message["id"] in self._alerts:
            self._alerts[message["id"]] = {**self._alerts[message["id"]], "acknowledged_by": message["by"]}

    def render(self) -> RenderableType:
        """The two tables as they are now."""
        legs = Table("call", "leg", "time", "", "emotion", "valence", "arousal", title="live calls", title_justify="left")
        for (call, leg), row in self._legs.items():
            speaking = "speaks" if row.get("speaking") else ""
            legs.add_row(
                call, leg, clock(row["time"]), speaking, row["emotion"], f"{row['valence']:+.2f}", f"{row['arousal']:+.2f}"
            )
        alerts = Table("call", "leg", "at", "severity", "what", "", title="latest alerts", title_justify="left")
        for alert_id in reversed(self._order):
            alert = self._alerts[alert_id]
            over = alert["status"] == "cleared"
            alerts.add_row(
                alert["call"],
                alert["leg"] or "",
                clock(alert["time"]),
                alert["severity"],
                escape(alert["rule"] if over else alert["message"]),
                "over" if over else escape(f"seen by {alert['acknowledged_by']}" if "acknowledged_by" in alert else "open"),
                style="dim" if over else SEVERITY_STYLE[alert["severity"]],
            )
        return Group(legs, alerts)

    def _update(self, message: dict[str, Any], **values: Any) -> None:
        key = (message["call"], message["leg"])
        if key in self._legs:
            self._legs[key] = {**self._legs[key], **values, "time": message["time"]}
