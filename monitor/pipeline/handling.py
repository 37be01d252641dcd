"""What people do about alerts and moments: each deed is an event of the journal, and so outlives this process and goes with
the call. One who says the same again changes nothing: the answer is then the event that is there.
"""

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.alerts.notes import NOTE_TYPES, note_document, notes_of
from monitor.alerts.standing import AlertSpan, alerts_of
from monitor.errors import BusyError, ConfigError, MonitorError, NotFoundError
from monitor.events import (
    AlertAcknowledged,
    AlertAssigned,
    AlertJudged,
    AlertSnoozed,
    Event,
    Leg,
    NoteErased,
    NoteWritten,
)
from monitor.messages import Message, NoteWrittenMessage, recorded
from monitor.pipeline.open_alerts import OpenAlerts
from monitor.store.base import Store, no_such_leg
from monitor.store.call_id import check_call_id

MAX_NOTES = 1_000
"""Of a call."""
PATIENCE = 5.0
"""Seconds for which one waits for what another says."""
_JUDGED_BY = ("alert", "alert_judged", "call_ended")

Document = dict[str, Any]
"""A message of the journal."""


class Handling:
    """Writes what people say of alerts and calls. All methods may be called from any thread.

    All raise `NotFoundError` where there is no such alert, call or note, `StoreError` where the journal cannot be written, and
    `BusyError` where it hangs.
    """

    def __init__(self, store: Store, alerts: OpenAlerts, seconds: Callable[[str], float | None]) -> None:
        """`seconds` is how long a call has gone on; None of one that is not in progress."""
        self._store = store
        self._journal = store.journal
        self._alerts = alerts
        self._seconds = seconds
        self._deciding = threading.Lock()

    def acknowledge(self, alert: str, by: str, note: str = "") -> Document:
        """Note that a person has seen an open alert."""
        with self._decision():
            span = self._alerts.get(alert)
            if (before := span.acknowledged.get(by)) is not None and before.note == note:
                return before.as_message()
            return self._say(AlertAcknowledged(**self._about(span), by=by, note=note))

    def assign(self, alert: str, by: str, to: str) -> Document:
        """Give an open alert to somebody; to nobody where `to` is empty."""
        with self._decision():
            span = self._alerts.get(alert)
            before = span.assigned
            if before is not None and (before.by, before.to) == (by, to):
                return before.as_message()
            return self._say(AlertAssigned(**self._about(span), by=by, to=to))

    def snooze(self, alert: str, by: str, seconds: float, reason: str = "") -> Document:
        """Have an open alert rest for so long from now on."""
        until = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(timespec="seconds")
        with self._decision():
            return self._say(AlertSnoozed(**self._about(self._alerts.get(alert)), by=by, until=until, reason=reason))

    def judge(self, alert: str, by: str, right: bool, reason: str = "") -> Document:
        """Say whether an alert was right, whether it stands or not, during its call or after."""
        with self._decision():
            span, end = self._alerts.find(alert), 0.0
            if span is None:
                span, end = self._recorded(alert)
            before = span.judged.get(by)
            if before is not None and (before.right, before.reason) == (right, reason):
                return before.as_message()
            return self._say(AlertJudged(**self._about(span, end), by=by, right=right, reason=reason))

    def notes(self, call: str) -> list[Document]:
        """The notes on a call, in the order in which they were written."""
        self._store.open(call)
        return [note_document(note) for note in self._notes(call).values()]

    def write_note(
        self, call: str, by: str, text: str, time: float, *, leg: Leg | None = None, end: float | None = None, label: str = ""
    ) -> Document:
        """Write about a moment of a call, or a stretch, in seconds. Raises `ConfigError` where the call does not have it."""
        stored, live = self._store.open(call), self._seconds(call)
        if leg is not None and leg not in stored.record.legs:
            raise no_such_leg(call, leg, stored.record.legs)
        if end is not None and end <= time:
            raise ConfigError(f"end ({end:g}) must be above time ({time:g})")
        length = stored.summary().seconds
        if live is None and max(time, end or 0.0) > length:
            raise ConfigError(f"call {call} has {length:g} s, so nothing can be written about {max(time, end or 0.0):g} s")
        with self._decision():
            if len(self._notes(call)) >= MAX_NOTES:
                raise ConfigError(f"call {call} has {MAX_NOTES} notes, which is the most; erase one first")
            now = max(time, length if live is None else live)
            note_id = secrets.token_hex(6)
            said = NoteWritten(call=call, leg=leg, time=time, at=now, id=note_id, by=by, text=text, label=label, end=end)
            return self._say(said)

    def erase_note(self, call: str, note: str, by: str) -> Document:
        """Take a note back."""
        with self._decision():
            if (there := self._notes(call).get(note)) is None:
                raise NotFoundError(f"call {call} has no note {note}")
            return self._say(NoteErased(call=call, leg=there.leg, time=there.time, at=there.at, id=note, by=by))

    @contextmanager
    def _decision(self) -> Iterator[None]:
        """From looking at what was said to having said it, so that two at once say it once. A disk that hangs keeps one
        request waiting, not all. Raises `BusyError`."""
        if not self._deciding.acquire(timeout=PATIENCE):
            raise BusyError(f"the journal has not answered for {PATIENCE:g} s; try again")
        try:
            yield
        finally:
            self._deciding.release()

    def _notes(self, call: str) -> dict[str, NoteWrittenMessage]:
        said: list[Message] = [recorded(document) for document in self._journal.read(0, call=call, types=NOTE_TYPES)]
        return {key: note for key, note in notes_of(said).items() if isinstance(note, NoteWrittenMessage)}

    def _recorded(self, alert: str) -> tuple[AlertSpan, float]:
        """An alert that does not stand any more, from the journal, and the latest moment that is known of its call."""
        missing = NotFoundError(f"no alert {alert[:80]!r}; its call may have been erased")
        try:
            call = check_call_id(alert.partition(":")[0])
        except MonitorError:
            raise missing from None
        documents = self._journal.read(0, call=call, types=_JUDGED_BY)
        span = next((span for span in alerts_of(map(recorded, documents)) if span.latest.id == alert), None)
        if span is None:
            raise missing
        return span, max(document["at"] for document in documents)

    def _about(self, span: AlertSpan, end: float = 0.0) -> dict[str, Any]:
        """What every deed about an alert holds."""
        alert = span.latest
        now = max(alert.at, end, self._seconds(alert.call) or 0.0)
        return {"call": alert.call, "leg": alert.leg, "time": alert.time, "at": now, "id": alert.id}

    def _say(self, event: Event) -> Document:
        """Write it. A call that was erased meanwhile must not be spoken of again, so that is looked at afterwards."""
        message = self._journal.append(event)
        self._alerts.take(recorded(message))
        try:
            self._store.open(event.call)
        except NotFoundError:
            self._journal.erase(event.call)
            raise
        return message
