"""The journal on a disk: an event is there before anybody is told.

Several processes may append (`ledger.py`), and several threads of each: what they have offered by the time that one of them
settles shares one write and one confirmation by the disk.
"""

import json
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from threading import Lock

from monitor.errors import StoreError
from monitor.events import Event
from monitor.store.disk import refusals, takes_a_byte
from monitor.store.journal import Journal, Message, Offer, chosen, encoded
from monitor.store.zarr.ledger import Ledger
from monitor.store.zarr.places import Places
from monitor.store.zarr.segment import naming


class _Batch(Offer):
    """Events on their way to the disk, all of them or none."""

    def __init__(self, journal: "FileJournal", bodies: Sequence[bytes]) -> None:
        super().__init__(len(bodies))
        self.bodies = bodies
        self.messages: Sequence[Message] = ()
        """Once they are there."""
        self.error: StoreError | None = None
        """Why they are not, where that was tried."""
        self._journal = journal

    def settle(self) -> None:
        """See `Offer`."""
        self._journal.settle(self)


class FileJournal(Journal):
    """The journal in `folder`, which is made at the first append; `index` is where to keep which calls are where, if anywhere.

    Raises `StoreError` where the folder cannot be read.
    """

    def __init__(self, folder: Path, fsync: bool, index: Path | None = None) -> None:
        super().__init__()
        self._folder = folder
        self._pending: deque[_Batch] = deque()
        self._writing = Lock()
        """Guards the ledger."""
        self._ledger = Ledger(folder, fsync, Places(index))
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
        batch = self.offer([event])
        self.settle(batch)
        return batch.messages[0]

    def offer(self, events: Sequence[Event]) -> _Batch:
        """See `Journal`."""
        bodies = [encoded(events[0])]
        with suppress(StoreError):  # what cannot be said is the first of the next offer
            for event in events[1:]:
                bodies.append(encoded(event))
        batch = _Batch(self, bodies)
        self._pending.append(batch)
        return batch

    def settle(self, batch: _Batch) -> None:
        """Have a batch on the disk, with all that is offered by now; then tell the listeners. Raises `StoreError`."""
        if not batch.messages:
            with self._writing:
                if batch.error is not None:
                    batch.error = None
                    self._pending.append(batch)
                if not batch.messages:
                    self._commit()
        self._tell()
        if batch.error is not None:
            raise batch.error

    def read(
        self, since: int, *, call: str | None = None, types: Collection[str] | None = None, limit: int | None = None
    ) -> list[Message]:
        """Messages with `seq` greater than `since`, oldest first; only of a call or of some types, `limit` at most."""
        self.refresh()
        since = max(since, 0)
        with self._writing:
            last = self._ledger.last
            known = last - len(self._ledger.recent)
            """Messages after this one are in memory."""
            lines = self._ledger.recent.newest(last - since) if call is not None or since >= known else []
        messages: Iterable[Message] = map(json.loads, lines if call is None else naming(lines, call))
        if since < known:
            on_disk = self._ledger.read(since, last) if call is None else self._ledger.read_call(call, since, known)
            messages = chain(on_disk, messages)
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
        doing = f"cannot erase call {call} from the journal {self._folder}"
        with refusals(doing):
            without = self._ledger.without(call)
        with self._writing, refusals(doing):
            erased = self._ledger.erase(call, without)
            self._line_up(self._ledger.news())
        self._tell()
        return erased

    def drop_before(self, moment: datetime) -> int:
        """See `Journal`: segments go whole, the newest never, and numbers stay as they are."""
        with self._writing, refusals(f"cannot drop old events of the journal {self._folder}"):
            return self._ledger.drop_before(moment)

    def tidy(self) -> None:
        """At start: remove what a dead process had begun to write."""
        with self._writing, refusals(f"cannot tidy the journal {self._folder}"):
            self._ledger.tidy()

    def _commit(self) -> None:
        """Write all that is pending, together."""
        batches = [self._pending.popleft() for _ in range(len(self._pending))]
        try:
            with refusals(f"cannot write the journal {self._folder}"):
                messages = iter(self._ledger.append([body for batch in batches for body in batch.bodies]))
        except StoreError as error:
            for batch in batches:
                batch.error = StoreError(str(error))
        else:
            for batch in batches:
                batch.messages = list(islice(messages, batch.count))
        self._line_up(self._ledger.news())
