"""The journal on a disk: an event is there before anybody is told.

Several processes may append (`ledger.py`), and several threads of each: those that do so at the same time share one
confirmation by the disk.
"""

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from threading import Lock

from monitor.errors import StoreError
from monitor.events import Event
from monitor.store.disk import refusals, takes_a_byte
from monitor.store.journal import Journal, Message, chosen, encoded
from monitor.store.zarr.ledger import Ledger


@dataclass
class _Ticket:
    """An event on its way to the disk."""

    body: bytes
    message: Message | None = None
    error: StoreError | None = None


class FileJournal(Journal):
    """The journal in `folder`, which is made at the first append.

    Raises `StoreError` where the folder cannot be read.
    """

    def __init__(self, folder: Path, fsync: bool) -> None:
        super().__init__()
        self._folder = folder
        self._pending: deque[_Ticket] = deque()
        self._writing = Lock()
        """Guards the ledger."""
        self._ledger = Ledger(folder, fsync)
        self.refresh()

    @property
    def last(self) -> int:
        """See `Journal`."""
        self.refresh()
        return self._ledger.last

    def takes_events(self) -> bool:
        """See `Journal`. The folder is made with the first event."""
        try:
            takes_a_byte(self._folder)
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return True

    def append(self, event: Event) -> Message:
        """Number an event and have it on the disk; then tell the listeners. Raises `StoreError` where that cannot be done."""
        ticket = _Ticket(encoded(event))
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
        messages = self._ledger.read(max(since, 0), last) if recent is None else recent
        with refusals(f"cannot read the journal {self._folder}"):
            return list(chosen(messages, call, types, limit))

    def refresh(self) -> None:
        """Take in what other processes appended, and tell the listeners. Cheap where there is nothing new."""
        with self._writing, refusals(f"cannot read the journal {self._folder}"):
            self._ledger.catch_up()
            self._line_up(self._ledger.news())
        self._tell()

    def erase(self, call: str) -> int:
        """Overwrite the events of a call by `{"seq": n, "type": "erased"}`; how many they were."""
        with self._writing, refusals(f"cannot erase call {call} from the journal {self._folder}"):
            erased = self._ledger.erase(call)
            self._line_up(self._ledger.news())
        self._tell()
        return erased

    def tidy(self) -> None:
        """At start: remove what a dead process had begun to write."""
        with self._writing, refusals(f"cannot tidy the journal {self._folder}"):
            self._ledger.tidy()

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
        self._line_up(self._ledger.news())
