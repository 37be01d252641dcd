"""The event journal: every event of every call, numbered from 1 without a hole, on the disk before anybody is told.

Several processes may append (`ledger.py`), and several threads of each: those that do so at the same time share one
confirmation by the disk.
"""

from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from threading import Lock

import structlog

from monitor.errors import StoreError
from monitor.events import Event
from monitor.store.disk import refusals
from monitor.store.ledger import Ledger
from monitor.store.segment import Message, encode

_LOG = structlog.get_logger(__name__)
Listener = Callable[[Message], None]


@dataclass
class _Ticket:
    """An event on its way to the disk."""

    body: bytes
    message: Message | None = None
    error: StoreError | None = None


class Journal:
    """The journal in `folder`, which is made at the first append. Messages that it hands out are not to be changed.

    Raises `StoreError` where the folder cannot be read.
    """

    def __init__(self, folder: Path, fsync: bool) -> None:
        self._folder = folder
        self._pending: deque[_Ticket] = deque()
        self._outbox: deque[Message] = deque()
        self._listeners: list[Listener] = []
        self._telling = Lock()
        self._writing = Lock()
        """Guards the ledger."""
        self._ledger = Ledger(folder, fsync)
        self.refresh()

    @property
    def last(self) -> int:
        """The newest `seq`; 0 where there is none."""
        self.refresh()
        return self._ledger.last

    def append(self, event: Event) -> Message:
        """Number an event and have it on the disk; then tell the listeners. Raises `StoreError` where that cannot be done."""
        ticket = _Ticket(self._encoded(event))
        self._pending.append(ticket)
        with self._writing:
            if ticket.message is None and ticket.error is None:
                self._commit()
        self._tell()
        if ticket.message is None:
            raise ticket.error or StoreError(f"cannot write the journal {self._folder}")
        return ticket.message

    def read(
        self, since: int, *, call: str | None = None, types: Collection[str] | None = None, limit: int | None = None
    ) -> list[Message]:
        """Messages with `seq` greater than `since`, oldest first; only of a call or of some types, `limit` at most."""
        self.refresh()
        with self._writing:
            last, memory, recent = self._ledger.last, self._ledger.recent, None
            if since >= last - len(memory):
                recent = list(islice(memory, max(len(memory) - (last - since), 0), None))
        chosen = (
            message
            for message in (self._ledger.read(max(since, 0), last) if recent is None else recent)
            if (call is None or message.get("call") == call) and (types is None or message["type"] in types)
        )
        with refusals(f"cannot read the journal {self._folder}"):
            return list(islice(chosen, limit))

    def listen(self, callback: Listener) -> Callable[[], None]:
        """Have every further message told to `callback`, in order, from whichever thread appends; returns how to stop it.

        The callback must be quick: hand the message over and return. What it raises is logged.
        """
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback) if callback in self._listeners else None

    def refresh(self) -> None:
        """Take in what other processes appended, and tell the listeners. Cheap where there is nothing new."""
        with self._writing, refusals(f"cannot read the journal {self._folder}"):
            self._ledger.catch_up()
            self._outbox.extend(self._ledger.news())
        self._tell()

    def erase(self, call: str) -> int:
        """Overwrite the events of a call by `{"seq": n, "type": "erased"}`; how many they were."""
        with self._writing, refusals(f"cannot erase call {call} from the journal {self._folder}"):
            erased = self._ledger.erase(call)
            self._outbox.extend(self._ledger.news())
        self._tell()
        return erased

    def tidy(self) -> None:
        """At start: remove what a dead process had begun to write."""
        with self._writing, refusals(f"cannot tidy the journal {self._folder}"):
            self._ledger.tidy()

    def _encoded(self, event: Event) -> bytes:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        try:
            return encode({"recorded_at": now, **event.as_message()})
        except (TypeError, ValueError) as error:
            raise StoreError(f"cannot write a {event.type} event of call {event.call} to the journal: {error}") from error

    def _commit(self) -> None:
        """Write all that is pending, together."""
        batch = [self._pending.popleft() for _ in range(len(self._pending))]
        try:
            with refusals(f"cannot write the journal {self._folder}"):
                messages = self._ledger.append([ticket.body for ticket in batch])
        except StoreError as error:
            for ticket in batch:
                ticket.error = StoreError(str(error))
        else:
            for ticket, message in zip(batch, messages, strict=True):
                ticket.message = message
        self._outbox.extend(self._ledger.news())

    def _tell(self) -> None:
        """Tell the listeners what is in the outbox, in order; one thread does it for all, also for what comes meanwhile."""
        while self._outbox and self._telling.acquire(blocking=False):
            try:
                while self._outbox:
                    message = self._outbox.popleft()
                    for listener in tuple(self._listeners):
                        _tell_one(listener, message)
            finally:
                self._telling.release()


def _tell_one(listener: Listener, message: Message) -> None:
    try:
        listener(message)
    except Exception:  # noqa: BLE001 - a client's fault must not stop the call
        _LOG.exception("a listener of the journal failed", seq=message["seq"])
