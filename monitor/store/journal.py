"""The event journal: every event of every call, numbered from 1 without a hole, on the disk before anybody is told.

Messages are lines of JSON in segments (`segment.py`). Several threads and several processes may append: a file lock orders
them, and whoever appends first takes in what the others wrote, so that `seq` grows by one for all. Threads that append at the
same time share one confirmation by the disk.
"""

import json
import os
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from threading import Lock

import structlog

from monitor.errors import StoreError
from monitor.events import Event
from monitor.store.disk import exclusively, refusals, replacing, sharing, sync_path, write_all
from monitor.store.segment import Message, damaged, encode, first_seq, line, scan, segment_path, segments, without_call

SEGMENT_BYTES = 4 * 1024 * 1024
"""A segment that is longer is followed by a new one."""
RECENT = 10_000
"""Messages kept in memory, for clients that reconnect."""

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
        self._folder, self._fsync = folder, fsync
        self._lock_path, self._erasures_path = folder / "journal.lock", folder / "erasures.log"
        self._pending: deque[_Ticket] = deque()
        self._outbox: deque[Message] = deque()
        self._listeners: list[Listener] = []
        self._telling = Lock()
        self._writing = Lock()
        """Guards what follows."""
        self._recent: deque[Message] = deque(maxlen=RECENT)
        self._last = self._told = 0
        self._segment: Path | None = None
        self._position = 0
        """End of the last good message in the segment."""
        self._erasures = 0
        """Size of the record of erasures when the segment was read."""
        self.refresh()

    @property
    def last(self) -> int:
        """The newest `seq`; 0 where there is none."""
        self.refresh()
        return self._last

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
            last, recent = self._last, None
            if since >= last - len(self._recent):
                recent = list(islice(self._recent, max(len(self._recent) - (last - since), 0), None))
        chosen = (
            message
            for message in (self._from_disk(max(since, 0), last) if recent is None else recent)
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
            if self._is_behind():
                with sharing(self._lock_path):
                    self._take_in()
        self._tell()

    def erase(self, call: str) -> int:
        """Overwrite the events of a call by `{"seq": n, "type": "erased"}`; how many they were."""
        erased = 0
        with self._writing, refusals(f"cannot erase call {call} from the journal {self._folder}"):
            if not segments(self._folder):
                return 0
            with exclusively(self._lock_path):
                for segment in segments(self._folder):
                    content, found = without_call(segment.read_bytes(), call)
                    if found:
                        self._note_erasure()
                        with replacing(segment, self._fsync) as descriptor:
                            write_all(descriptor, content, 0)
                    erased += found
                self._take_in()
        self._tell()
        return erased

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
                self._folder.mkdir(parents=True, exist_ok=True)
                with exclusively(self._lock_path):
                    self._take_in()
                    self._write(batch)
        except StoreError as error:
            for ticket in batch:
                ticket.error = StoreError(str(error))

    def _write(self, batch: list[_Ticket]) -> None:
        segment, position = self._segment, self._position
        if segment is None or position >= SEGMENT_BYTES:
            segment, position = segment_path(self._folder, self._last + 1), 0
        lines = [line(self._last + 1 + index, ticket.body) for index, ticket in enumerate(batch)]
        descriptor = os.open(segment, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)
        try:
            _cut(descriptor, position, segment)
            try:
                write_all(descriptor, b"".join(lines), position)
                if self._fsync:
                    os.fsync(descriptor)
                    if position == 0:
                        sync_path(self._folder)
            except OSError:
                os.ftruncate(descriptor, position)
                raise
        finally:
            os.close(descriptor)
        self._segment, self._position = segment, position + sum(map(len, lines))
        for ticket, text in zip(batch, lines, strict=True):
            ticket.message = json.loads(text)
            self._accept(json.loads(text))

    def _accept(self, message: Message) -> None:
        self._recent.append(message)
        self._last = message["seq"]
        if self._last > self._told:
            self._told = self._last
            self._outbox.append(message)

    def _is_behind(self) -> bool:
        if self._segment is None:
            return bool(segments(self._folder))
        return (
            self._segment.stat().st_size != self._position
            or _size(self._erasures_path) != self._erasures
            or segment_path(self._folder, self._last + 1).exists()
        )

    def _take_in(self) -> None:
        """Read what others wrote since; all of the newest segment where some of it was erased. Needs the file lock."""
        erasures = _size(self._erasures_path)
        if self._segment is None or erasures != self._erasures:
            self._recent.clear()
            self._segment, self._position = next(reversed(segments(self._folder)), None), 0
            self._last = first_seq(self._segment) - 1 if self._segment else 0
            self._erasures = erasures
        while self._segment is not None:
            self._read_on(self._segment)
            following = segment_path(self._folder, self._last + 1)
            if following == self._segment or not following.exists():
                break
            self._segment, self._position = following, 0

    def _read_on(self, segment: Path) -> None:
        with segment.open("rb") as file:
            start = self._position
            file.seek(start)
            for position, message in scan(file, self._last + 1):
                self._accept(message)
                self._position = start + position

    def _from_disk(self, since: int, last: int) -> Iterator[Message]:
        found = segments(self._folder)
        firsts = [first_seq(segment) for segment in found]
        following = max([since + 1, *firsts[:1]])
        for segment in found[max(bisect_right(firsts, since + 1) - 1, 0) :]:
            with segment.open("rb") as file:
                for _, message in scan(file, first_seq(segment), since):
                    if message["seq"] > last:
                        return
                    yield from map(damaged, range(following, message["seq"]))
                    yield message
                    following = message["seq"] + 1
        yield from map(damaged, range(following, last + 1))

    def _note_erasure(self) -> None:
        """Before a segment changes, so that every process reads it anew."""
        with self._erasures_path.open("a") as file:
            file.write(datetime.now(UTC).isoformat(timespec="seconds") + "\n")
            file.flush()
            os.fsync(file.fileno())

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


def _cut(descriptor: int, position: int, segment: Path) -> None:
    """Remove what a process that died in the middle of a line left behind the last good one."""
    torn = os.fstat(descriptor).st_size - position
    if torn > 0:
        preview = os.pread(descriptor, 120, position)
        _LOG.warning("torn end of the journal cut", segment=segment.name, bytes=torn, preview=repr(preview))
        os.ftruncate(descriptor, position)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
