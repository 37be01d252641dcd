"""Closes in the journal what a dead process left open: clients must not wait for the end of a call that nobody follows."""

from typing import Any

import structlog

from monitor.errors import StoreError
from monitor.events import Alert, CallEnded
from monitor.store.zarr_store import ZarrStore
from monitor.timeline import frame_seconds

log = structlog.get_logger(__name__)


RECENT = 10_000
"""Messages at the end of the journal among which a call is looked for that was stored whole but never said to have ended."""


def close_interrupted(store: ZarrStore) -> list[str]:
    """Mark calls whose writer is dead as interrupted; clear their alerts and say that they ended. Their ids."""
    interrupted = store.recover()
    calls = list(dict.fromkeys([*interrupted, *_never_ended(store)]))
    for call in calls:
        try:
            stored = store.open(call)
        except StoreError as error:
            log.error("interrupted_call_unreadable", call=call, error=str(error))
            continue
        if stored.status == "live":  # another process follows it
            continue
        frames = {leg: stored.committed(leg) for leg in stored.record.legs}
        end = frame_seconds(max(frames.values(), default=0))
        messages = store.journal.read(0, call=call)
        for alert in _open(messages):
            fields = {key: alert[key] for key in ("leg", "time", "id", "rule", "severity")}
            store.journal.append(Alert(call=call, at=end, status="cleared", message="the call was interrupted", **fields))
        if not any(message["type"] == "call_ended" for message in messages):
            legs: dict[str, dict[str, int]] = {leg: {"frames": count} for leg, count in frames.items()}
            reason = stored.reason if stored.status == "complete" else "interrupted"
            store.journal.append(CallEnded(call=call, time=end, at=end, reason=reason, legs=legs))
        log.warning("call_was_interrupted", call=call, seconds=end)
    return calls


def _never_ended(store: ZarrStore) -> list[str]:
    since = max(0, store.journal.last - RECENT)
    messages = store.journal.read(since, types=("call_started", "call_ended"))
    ended = {message["call"] for message in messages if message["type"] == "call_ended"}
    return [message["call"] for message in messages if message["type"] == "call_started" and message["call"] not in ended]


def _open(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    alerts = {message["id"]: message for message in messages if message["type"] == "alert"}
    return [alert for alert in alerts.values() if alert["status"] != "cleared"]
