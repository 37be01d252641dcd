"""The receive thread: one for the whole process, over the sockets of all calls.

It only takes datagrams from the kernel, stamps them, and puts them into their call's inbox; an inbox is bounded, so a call
that is not taken in time loses its oldest audio, which is counted, and holds up nobody else.
"""

import contextlib
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

import structlog

from monitor.sources.rtp.ownership import Address

INBOX_LIMIT = 1_000
"""Datagrams a port: 20 s of a leg."""
_AT_ONCE = 512
"""Datagrams taken from one socket before the next has its turn: more than the kernel keeps of a leg."""
_HEARTBEAT = 0.02
"""Seconds between two looks where nothing comes."""
log = structlog.get_logger(__name__)


class Received(NamedTuple):
    """A datagram."""

    at: float
    """Seconds, `time.monotonic`."""
    data: bytes
    address: Address


class Inbox:
    """Datagrams of one port, oldest first; the thread puts, the call takes."""

    def __init__(self, limit: int = INBOX_LIMIT) -> None:
        self.overflowed = 0
        """Datagrams dropped because the call did not take them."""
        self._queue: deque[Received] = deque()
        self._limit = limit

    def put(self, received: Received) -> None:
        """Add one; drops the oldest where the inbox is full."""
        self._queue.append(received)
        if len(self._queue) > self._limit:
            with contextlib.suppress(IndexError):  # the call may have taken it meanwhile
                self._queue.popleft()
                self.overflowed += 1

    def take(self) -> list[Received]:
        """All that has come so far."""
        taken: list[Received] = []
        with contextlib.suppress(IndexError):  # the thread may have dropped some meanwhile
            for _ in range(len(self._queue)):
                taken.append(self._queue.popleft())
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

    def add(self, opened: socket.socket, inbox: Inbox) -> None:
        """Read a non-blocking UDP socket into an inbox from now on."""
        self._change(opened, inbox)

    def remove(self, sockets: Iterable[socket.socket]) -> None:
        """Stop reading sockets, and close them."""
        for each in sockets:
            self._change(each, None)

    def catch_up(self, patience: float = 0.5) -> None:
        """Return once all that has arrived by now is in the inboxes, at the latest after `patience` seconds."""
        began = time.monotonic()
        while self.read_until < began and time.monotonic() - began < patience:
            time.sleep(_HEARTBEAT / 4)

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
            for key, _ in self._selector.select(_HEARTBEAT if len(self._selector.get_map()) > 1 else None):
                if key.fileobj is self._wake:
                    self._apply_changes()
                else:
                    self._read(key)
            self.read_until = looked

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

    def _read(self, key: selectors.SelectorKey) -> None:
        opened, inbox = key.fileobj, key.data
        now = time.monotonic()
        view = memoryview(self._buffer)
        for _ in range(_AT_ONCE):
            try:
                size, address = opened.recvfrom_into(self._buffer)  # type: ignore[union-attr]
            except BlockingIOError:
                return
            except OSError as error:  # an ICMP answer to somebody else's datagram, or a socket closed at this moment
                log.debug("rtp_packet_not_received", error=str(error))
                return
            host, port = address[:2]
            inbox.put(Received(now, bytes(view[:size]), (host.removeprefix("::ffff:"), port)))


_shared: Receiver | None = None
_shared_lock = threading.Lock()


def shared_receiver() -> Receiver:
    """The process's receiver; starts with the first call."""
    global _shared
    with _shared_lock:
        if _shared is None:
            _shared = Receiver()
        return _shared
