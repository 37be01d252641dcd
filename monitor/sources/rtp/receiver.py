"""The receive thread: one for the whole process, over the sockets of all calls.

It only takes datagrams from the kernel, with the time at which they arrived there, and puts them into their call's inbox. An
inbox is bounded, so a call that is not taken in time loses its oldest audio, which is counted, and holds up nobody else. Those
who own a leg and all others have a place each, so that a flood costs the owner nothing.
"""

import contextlib
import selectors
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Iterable
from operator import itemgetter
from typing import NamedTuple

import structlog

from monitor.sources.rtp.ownership import Address

INBOX_LIMIT = 3_000
"""Datagrams a port of those who own its legs, and of all where nobody does: a minute of a leg, for which a disk may stand."""
STRANGERS_LIMIT = 200
"""Datagrams a port of all others, between two looks: enough for a stream to show that it is one."""
_AT_ONCE = 512
"""Datagrams taken from one socket before the next has its turn: more than the kernel keeps of a leg."""
_HEARTBEAT = 0.02
"""Seconds between two looks where nothing comes."""
REST = 0.01
"""Seconds between two looks: what comes meanwhile is taken together. The kernel says when it arrived, and has room for a
hundred times as much of a leg."""
LAPSE = 1.0
"""Seconds after which a look that comes so late means that this program, or the machine, stood still."""
_SO_TIMESTAMPNS = 35
"""Linux: have the kernel say when a datagram arrived, as a `timespec` of the wall clock (socket(7))."""
_TIMESPEC = struct.Struct("@ll")
_ANCILLARY = socket.CMSG_SPACE(_TIMESPEC.size)
_ARRIVAL = itemgetter(0)
_OLDEST = 120.0
"""Seconds before now that a stamp may lie; another is of a clock that was set."""
log = structlog.get_logger(__name__)


class Received(NamedTuple):
    """A datagram."""

    at: float
    """Seconds, `time.monotonic`."""
    data: bytes
    address: Address


class Inbox:
    """Datagrams of one port, oldest first; the thread puts, the call takes."""

    def __init__(self, limit: int = INBOX_LIMIT, strangers: int = STRANGERS_LIMIT) -> None:
        self.overflowed = 0
        """Datagrams dropped because the call did not take them."""
        self.turned_away = 0
        """Datagrams of strangers that were more than there is room for."""
        self.owners: frozenset[Address] = frozenset()
        """Where the port's legs are sent from, RTCP too; none while that is not known. Everybody else is a stranger then."""
        self._queue: deque[Received] = deque()
        self._strange: deque[Received] = deque()
        self._limit, self._most_strange = limit, strangers

    def put(self, received: Received) -> None:
        """Add one; drops the oldest where the inbox is full, and a stranger's where that has no room."""
        if self.owners and received.address not in self.owners:
            if len(self._strange) < self._most_strange:
                self._strange.append(received)
            else:
                self.turned_away += 1
            return
        self._queue.append(received)
        if len(self._queue) > self._limit:
            with contextlib.suppress(IndexError):  # the call may have taken it meanwhile
                self._queue.popleft()
                self.overflowed += 1

    def take(self) -> list[Received]:
        """All that has come so far, in the order in which it arrived."""
        taken: list[Received] = []
        for queue in (self._queue, self._strange):
            with contextlib.suppress(IndexError):  # the thread may have dropped some meanwhile
                for _ in range(len(queue)):
                    taken.append(queue.popleft())
        taken.sort(key=_ARRIVAL)
        return taken


class Receiver:
    """Reads sockets in a thread of its own, which runs while there are any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._selector = selectors.DefaultSelector()
        self._wake, self._waker = socket.socketpair()
        self._wake.setblocking(False)
        self._selector.register(self._wake, selectors.EVENT_READ)
        self._changes: deque[tuple[socket.socket, Inbox | None, threading.Event]] = deque()
        self._thread: threading.Thread | None = None
        self._buffer = bytearray(65_536)
        self.read_until = time.monotonic()
        """All that arrived before this moment is in the inboxes. A call's time is this, not the clock's: where the machine is
        too busy to read, audio comes later, but its place is not given up."""
        self.listened = 0.0
        """Seconds for which it has listened. Silence is counted by this: while a machine sleeps, nobody can be heard."""

    def add(self, opened: socket.socket, inbox: Inbox) -> None:
        """Read a non-blocking UDP socket into an inbox from now on."""
        with contextlib.suppress(OSError):  # not Linux: then datagrams arrive when they are read
            opened.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._change(opened, inbox)

    def remove(self, sockets: Iterable[socket.socket]) -> None:
        """Stop reading sockets, and close them."""
        for each in sockets:
            self._change(each, None)

    def _change(self, opened: socket.socket, inbox: Inbox | None) -> None:
        done = threading.Event()
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="rtp-receive", daemon=True)
                self._thread.start()
            self._changes.append((opened, inbox, done))
            self._waker.send(b"\0")
        done.wait(5.0)

    def _run(self) -> None:
        while True:
            looked = time.monotonic()
            # One of each first: of most sockets that is all, and the selector says so of all of them at once.
            self._read_ready(_HEARTBEAT if len(self._selector.get_map()) > 1 else None, most=1)
            self._read_ready(0, most=_AT_ONCE)
            time.sleep(REST)
            lapse = looked - self.read_until
            self.listened += lapse if lapse < LAPSE else 0.0
            self.read_until = looked

    def _read_ready(self, patience: float | None, most: int) -> None:
        """Read `most` datagrams of each socket that has any, or has some within so many seconds."""
        for key, _ in self._selector.select(patience):
            if key.fileobj is self._wake:
                self._apply_changes()
            else:
                self._read(key, most)

    def _apply_changes(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._wake.recv(4_096)
        while self._changes:
            opened, inbox, done = self._changes.popleft()
            try:
                if inbox is not None:
                    self._selector.register(opened, selectors.EVENT_READ, inbox)
                else:
                    self._selector.unregister(opened)
                    opened.close()
            except (KeyError, ValueError, OSError) as error:
                log.warning("rtp_socket_failed", error=str(error))
            done.set()

    def _read(self, key: selectors.SelectorKey, most: int) -> None:
        opened, inbox = key.fileobj, key.data
        clocks = time.monotonic(), time.time()
        view = memoryview(self._buffer)
        for _ in range(most):
            try:
                size, ancillary, _, address = opened.recvmsg_into([self._buffer], _ANCILLARY)  # type: ignore[union-attr]
            except BlockingIOError:
                return
            except OSError as error:  # an ICMP answer to somebody else's datagram, or a socket closed at this moment
                log.debug("rtp_packet_not_received", error=str(error))
                return
            host, port = address[:2]
            inbox.put(Received(_arrival(ancillary, *clocks), bytes(view[:size]), (host.removeprefix("::ffff:"), port)))


def _arrival(ancillary: list[tuple[int, int, bytes]], now: float, wall: float) -> float:
    """When a datagram arrived, by the monotonic clock; `now` where the kernel does not say. `wall`: the wall clock at `now`."""
    for level, kind, data in ancillary:
        if (level, kind, len(data)) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS, _TIMESPEC.size):
            seconds, nanoseconds = _TIMESPEC.unpack(data)
            ago = wall - seconds - nanoseconds / 1e9
            return now - ago if -LAPSE < ago < _OLDEST else now
    return now


_shared: Receiver | None = None
_shared_lock = threading.Lock()


def shared_receiver() -> Receiver:
    """The process's receiver; starts with the first call."""
    global _shared
    with _shared_lock:
        if _shared is None:
            _shared = Receiver()
        return _shared
