"""The alerts that stand: kept from the journal's messages as they come."""

import threading
from typing import Any

from monitor.errors import NotFoundError


class OpenAlerts:
    """Raised and not yet cleared."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._alerts: dict[str, dict[str, Any]] = {}

    def take(self, message: dict[str, Any]) -> None:
        """Follow one message of the journal."""
        kind = message["type"]
        with self._lock:
            if kind == "alert" and message["status"] == "cleared":
                self._alerts.pop(message["id"], None)
            elif kind == "alert":
                self._alerts[message["id"]] = {"acknowledged_by": None, **self._alerts.get(message["id"], {}), **message}
            elif kind == "alert_acknowledged" and message["id"] in self._alerts:
                self._alerts[message["id"]]["acknowledged_by"] = message["by"]
            elif kind == "call_ended":
                self._alerts = {key: alert for key, alert in self._alerts.items() if alert["call"] != message["call"]}

    def all(self) -> list[dict[str, Any]]:
        """Copies, in the order in which they were raised."""
        with self._lock:
            return [dict(alert) for alert in self._alerts.values()]

    def get(self, alert_id: str) -> dict[str, Any]:
        """One of them. Raises `NotFoundError`."""
        with self._lock:
            if alert_id not in self._alerts:
                raise NotFoundError(f"no open alert {alert_id}; it may have been cleared")
            return dict(self._alerts[alert_id])
