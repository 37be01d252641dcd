"""Events of a call gathered by what they are about: one entry a change point, one an alert."""

from collections.abc import Iterable
from typing import Any

from monitor.events import Alert, ChangePoint, Event


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
    found: dict[str, dict[str, Any]] = {}
    for event in events:
        if not isinstance(event, Alert):
            continue
        entry = found.setdefault(
            event.id,
            {
                "id": event.id,
                "leg": event.leg,
                "rule": event.rule,
                "severity": event.severity,
                "message": event.message,
                "evidence": dict(event.evidence),
                "time": event.time,
                "raised_at": event.at,
                "cleared_at": None,
                "updates": 0,
            },
        )
        if event.status == "updated":
            entry["updates"] += 1
        if event.status == "cleared":
            entry["cleared_at"] = event.at
    return sorted(found.values(), key=lambda entry: (entry["raised_at"], entry["id"]))
