"""Keeps the index up to what is stored and said: the catalogue and the journal are the truth, and it only knows them by heart.

Whoever asks brings it up to date first, in steps that may be taken by any process; a service does so in between, too. What
is in a step is in the index wholly or not at all, with the number of the journal up to which it goes.
"""

import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from threading import Lock

import structlog

from monitor.errors import MonitorError
from monitor.events import Leg
from monitor.history.account import FOLDED, CallAccount
from monitor.history.tables import SCHEMA, VERSION, empty, number_of, put_account, put_line, put_progress, remove
from monitor.messages import recorded
from monitor.store.base import Store
from monitor.store.index_file import IndexFile, T, Work
from monitor.store.journal import Message

log = structlog.get_logger(__name__)

STEP_MESSAGES = 5_000
STEP_CALLS = 500
"""What is taken in at a time: for so long other processes wait, and questions of this one."""
PATIENCE = 1.0
"""Seconds for which whoever asks waits for what is new."""
LIVE_EVERY = 1.0
"""Seconds after which figures of calls in progress are taken again."""
MAX_ACCOUNTS = 5_000
"""Calls whose folds are kept in memory; those of more are made again from the journal."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a call in progress is."""

    seconds: float
    frames: Mapping[Leg, int]


Live = Callable[[], Mapping[str, Progress]]
"""The calls in progress in this process, by their ids."""


class History:
    """The index of one store. All methods may be called from any thread.

    `live` says which calls this process takes: what goes on in them is known here before it is stored.
    """

    def __init__(self, store: Store, live: Live = dict) -> None:
        self._store, self._live = store, live
        self._index = IndexFile(_path(store), SCHEMA, VERSION)
        self._accounts: dict[str, CallAccount] = {}
        """Of calls that had not ended, as of `_followed`."""
        self._followed = 0
        self._ids: frozenset[str] | None = None
        self._made = -1
        self._going_on: Mapping[str, Progress] = {}
        """The calls in progress when it was brought up to date last."""
        self._live_at = float("-inf")
        self._erased = False
        """Whether calls went whose words may still be in the file's log."""
        self._unreadable: set[str] = set()
        self._told: set[str] = set()
        """Calls of which the log says that they cannot be read."""
        self._catching_up = Lock()

    def catch_up(self, patience: float = PATIENCE) -> bool:
        """Take in what was said and stored since, for so many seconds at most; whether that was all. Raises `StoreError`."""
        give_up = time.monotonic() + patience
        with self._catching_up:
            self._going_on = self._live()
            while not (self._index.read(self._is_current) or self._index.write(self._step)):
                if time.monotonic() > give_up:
                    return False
            if self._erased:
                self._index.scrub()
                self._erased = False
            self._note_live()
        return True

    def read(self, work: Work[T]) -> T:
        """Ask the tables (`tables.py`), as they are. Raises `StoreError`."""
        return self._index.read(work)

    def forget(self, call: str) -> None:
        """Leave nothing of a call that was erased from the store."""
        with self._catching_up:
            self._accounts.pop(call, None)
            self._index.erase(lambda database: remove(database, call))

    def close(self) -> None:
        """Let go of the file."""
        self._index.close()

    def _is_current(self, database: sqlite3.Connection) -> bool:
        (position,) = database.execute("SELECT seq FROM position").fetchone()
        current = self._made == self._index.made and position == self._followed == self._store.journal.last
        return current and self._ids == self._store.ids() and not self._open(database)

    def _step(self, database: sqlite3.Connection) -> bool:
        """Take in some of what is new; whether that was all."""
        position = self._position(database)
        start = self._followed if self._accounts and self._followed < position else position
        messages = self._store.journal.read(start, limit=STEP_MESSAGES)
        ids = self._store.ids()
        for call, began in self._follow([message for message in messages if message.get("call") in ids]).items():
            if began:
                remove(database, call)  # an erased one may have had this id
            self._put(database, call)
        if messages:
            self._followed = messages[-1]["seq"]
            if self._followed > position:
                said = (self._followed, messages[-1].get("recorded_at", ""))
                database.execute("UPDATE position SET seq = ?, recorded_at = ?", said)
        if len(messages) == STEP_MESSAGES:
            return False
        if self._ids is not None and ids != self._ids:
            self._unreadable.clear()  # what could not be read may be now, as descriptors are free again
        complete = ids == self._ids or self._census(database, ids)
        self._ids = ids if complete else None
        self._look_at_open(database)
        return complete

    def _position(self, database: sqlite3.Connection) -> int:
        """The last message that is taken in. Begins anew where the index is not of this journal, as after a restore."""
        position, recorded_at = database.execute("SELECT seq, recorded_at FROM position").fetchone()
        if self._made != self._index.made:
            self._made, self._ids, self._accounts, self._followed = self._index.made, None, {}, 0
            there = self._store.journal.read(position - 1, limit=1) if position else []
            other = bool(there) and there[0]["seq"] == position and there[0].get("recorded_at", recorded_at) != recorded_at
        else:
            other = False
        if other or position > self._store.journal.last:
            log.warning("history_of_another_journal_made_anew", position=position)
            empty(database)
            self._ids, self._accounts, self._followed = None, {}, 0
            return 0
        return int(position)

    def _follow(self, messages: list[Message]) -> dict[str, bool]:
        """Fold messages into the accounts of their calls; the calls, and whether they began with these."""
        touched: dict[str, bool] = {}
        if len(self._accounts) > MAX_ACCOUNTS:
            self._accounts = {}
        for message in messages:
            if message["type"] not in FOLDED:
                continue
            call = message["call"]
            touched.setdefault(call, False)
            if message["type"] == "call_started":
                self._accounts[call], touched[call] = CallAccount(), True
            elif call not in self._accounts:
                self._accounts[call] = self._account_of(call)
            self._accounts[call].take(recorded(message))
        return touched

    def _account_of(self, call: str) -> CallAccount:
        return CallAccount.of(map(recorded, self._store.journal.read(0, call=call)))

    def _put(self, database: sqlite3.Connection, call: str) -> None:
        account = self._accounts[call]
        number = (
            self._put_line(database, call) if account.ended else number_of(database, call) or self._put_line(database, call)
        )
        if number is not None:
            put_account(database, number, account)
        if account.ended:
            del self._accounts[call]

    def _census(self, database: sqlite3.Connection, ids: frozenset[str]) -> bool:
        """Have in the index what is in the store, and nothing else; False where there is more to take in."""
        known = {call for (call,) in database.execute("SELECT call FROM calls")}
        for call in known - ids:
            self._accounts.pop(call, None)
            remove(database, call)
            self._erased = True
        missing = ids - known - self._unreadable
        for call in islice(missing, STEP_CALLS):
            number = self._put_line(database, call)
            if number is not None:  # its events may have been passed over while it could not be read
                put_account(database, number, self._account_of(call))
        return len(missing) <= STEP_CALLS

    def _look_at_open(self, database: sqlite3.Connection) -> None:
        """Ask the store again for them."""
        for call in self._open(database):
            self._put_line(database, call)

    def _open(self, database: sqlite3.Connection) -> list[str]:
        """Calls that were not over when they were looked at, but for those that this process takes."""
        live = self._going_on
        return [call for (call,) in database.execute("SELECT call FROM calls WHERE settled = 0") if call not in live]

    def _put_line(self, database: sqlite3.Connection, call: str) -> int | None:
        """Put the line of a call in as the store has it now; the number of its row, None where it cannot be read."""
        try:
            over = not self._store.is_written(call)
            line = self._store.line(call)
        except MonitorError as error:
            if call not in self._told:
                log.warning("call_left_out_of_catalogue", call=call, error=str(error))
            self._unreadable.add(call)
            self._told.add(call)
            remove(database, call)
            return None
        return put_line(database, line, settled=over and line.status != "live")

    def _note_live(self) -> None:
        """Take the figures of calls in progress again, where it is time."""
        live = self._going_on
        if not live or time.monotonic() - self._live_at < LIVE_EVERY:
            return

        def note(database: sqlite3.Connection) -> None:
            for call, progress in live.items():
                put_progress(database, call, progress.seconds, progress.frames)
                number, account = number_of(database, call), self._accounts.get(call)
                if number is not None and account is not None:
                    put_account(database, number, account, progress.seconds)

        self._index.write(note)
        self._live_at = time.monotonic()


def forget_call(store: Store, call: str) -> None:
    """Leave nothing of an erased call in the file of a store's history. Raises `StoreError`."""
    path = _path(store)
    if path is not None and path.exists():
        history = History(store)
        history.forget(call)
        history.close()


def _path(store: Store) -> Path | None:
    folder = store.beside("index")
    return None if folder is None else folder / "history.sqlite"
