"""The alerts that stand, as operators ask for them: kept from the journal's messages as they come."""

import threading
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from monitor.alerts.standing import Alerts, AlertSpan
from monitor.errors import NotFoundError
from monitor.messages import RecordedMessage


class OpenAlerts:
    """Raised and not yet cleared. All methods may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._alerts = Alerts()

    def take(self, message: RecordedMessage) -> None:
        """Follow one message of the journal."""
        with self._lock:
            self._alerts.follow(message)

    def all(self) -> list[dict[str, Any]]:
        """Their last messages, with what people did about them, in the order in which they were raised."""
        with self._lock:
            return [_document(span) for span in self._alerts.standing()]

    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """How many there are of each severity, by call."""
        counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        with self._lock:
            for span in self._alerts.standing():
                counts[span.latest.call][span.latest.severity] += 1
        return counts

    def find(self, alert_id: str) -> AlertSpan | None:
        """One of them; None where it does not stand."""
        with self._lock:
            return self._alerts.spans.get(alert_id)

    def get(self, alert_id: str) -> AlertSpan:
        """One of them. Raises `NotFoundError`."""
        if (span := self.find(alert_id)) is None:
            raise NotFoundError(f"no open alert {alert_id}; it may have been cleared")
        return span


def _document(span: AlertSpan) -> dict[str, Any]:
    return {"acknowledged_by": next(reversed(span.acknowledged), None), **span.handled(), **span.latest.as_message()}
