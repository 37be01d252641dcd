"""Events of a call gathered by what they are about: one entry a change point, one an alert."""

from collections.abc import Iterable
from typing import Any

from monitor.alerts.standing import alerts_of
from monitor.events import ChangePoint, Event


def change_points(events: Iterable[Event]) -> list[dict[str, Any]]:
    """In the order of their place; `known_at` is when first said, `settled_at` when confirmed or retracted, null if never."""
    found: dict[str, dict[str, Any]] = {}
    for event in events:
        if not isinstance(event, ChangePoint):
            continue
        entry = found.setdefault(event.id, {"id": event.id, "leg": event.leg, "known_at": event.at, "settled_at": None})
        entry |= {
            "time": event.time,
            "status": event.status,
            "before": event.before,
            "after": event.after,
            "strength": event.strength,
        }
        if event.status != "provisional":
            entry["settled_at"] = event.at
    return sorted(found.values(), key=lambda entry: (entry["time"], entry["id"]))


def alerts(events: Iterable[Event]) -> list[dict[str, Any]]:
    """In the order in which they were raised, worded and proved as they were then; `cleared_at` is null if it never was."""
    entries = [
        {
            "id": alert.raised.id,
            "leg": alert.raised.leg,
            "rule": alert.raised.rule,
            "severity": alert.raised.severity,
            "message": alert.raised.message,
            "evidence": dict(alert.raised.evidence),
            "time": alert.raised.time,
            "raised_at": alert.raised.at,
            "cleared_at": alert.cleared_at,
            "updates": alert.updates,
        }
        for alert in alerts_of(events)
    ]
    return sorted(entries, key=lambda entry: (entry["raised_at"], entry["id"]))
