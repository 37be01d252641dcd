"""Closes in the journal what a dead process left open: clients must not wait for the end of a call that nobody follows."""

from contextlib import suppress

import structlog

from monitor.alerts.standing import alerts_of
from monitor.errors import BusyError, StoreError
from monitor.events import Alert, CallEnded
from monitor.messages import CallEndedMessage, CallStartedMessage, recorded
from monitor.store.base import Store
from monitor.timeline import frame_seconds

log = structlog.get_logger(__name__)


RECENT = 10_000
"""Messages at the end of the journal among which a call is looked for that was stored whole but never said to have ended."""


def close_interrupted(store: Store) -> list[str]:
    """Mark calls whose writer is dead as interrupted; clear their alerts and say that they ended. The ids of those closed.

    Calls that another living process has are its own to end, and several processes may start at a time.
    """
    if not store.exists():
        return []
    with store.recovering():
        candidates = list(dict.fromkeys([*store.recover(), *_never_ended(store)]))
        return [call for call in candidates if not store.is_written(call) and _close(store, call)]


def _close(store: Store, call: str) -> bool:
    """Say what was left unsaid of a call that nobody writes any more; whether there was anything.

    Its writer lets go of it after the last word, so what the journal has by now is all that will come.
    """
    try:
        stored = store.open(call)
    except StoreError as error:
        log.error("interrupted_call_unreadable", call=call, error=str(error))
        return False
    messages = [recorded(document) for document in store.journal.read(0, call=call)]
    if any(isinstance(message, CallEndedMessage) for message in messages):
        return False
    frames = {leg: stored.committed(leg) for leg in stored.record.legs}
    if not messages and not any(frames.values()):
        with suppress(BusyError):  # somebody has it erased already
            store.delete(call)  # its process died between the store and the journal: nobody heard that it began
        return False
    end = frame_seconds(max(frames.values(), default=0))
    for alert in (span.latest for span in alerts_of(messages) if not span.over):
        store.journal.append(
            Alert(
                call=call,
                leg=alert.leg,
                time=alert.time,
                at=end,
                id=alert.id,
                rule=alert.rule,
                severity=alert.severity,
                status="cleared",
                message="the call was interrupted",
            )
        )
    legs: dict[str, dict[str, int]] = {leg: {"frames": count} for leg, count in frames.items()}
    store.journal.append(CallEnded(call=call, time=end, at=end, reason=stored.reason or "interrupted", legs=legs))
    event = "call_was_interrupted" if stored.status == "interrupted" else "end_of_call_said_late"
    log.warning(event, call=call, status=stored.status, seconds=end)
    return True


def _never_ended(store: Store) -> list[str]:
    since = max(0, store.journal.last - RECENT)
    messages = [recorded(document) for document in store.journal.read(since, types=("call_started", "call_ended"))]
    ended = {message.call for message in messages if isinstance(message, CallEndedMessage)}
    started = [message.call for message in messages if isinstance(message, CallStartedMessage)]
    return [call for call in started if call not in ended]
