"""The receiver: one for the whole process, over the sockets of all calls.

It only takes datagrams from the kernel, with the time at which they arrived there, and puts them into their call's inbox.
Whoever looks at a call first has what came for all calls read; where nobody looks, a thread does. An inbox is bounded, so a
call that is not taken in time loses its oldest audio, which is counted, and holds up nobody else. Those who own a leg and all
others have a place each, so that a flood costs the owner nothing.
"""

import contextlib
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from operator import itemgetter

import structlog

from monitor.sources.rtp.datagrams import Received, have_stamped, open_reader
from monitor.sources.rtp.packet import Address

INBOX_LIMIT = 3_000
"""Datagrams a port of those who own its legs, and of all where nobody does: a minute of a leg, for which a disk may stand."""
STRANGERS_LIMIT = 200
"""Datagrams a port of all others, between two looks: enough for a stream to show that it is one."""
_AT_ONCE = 512
"""Datagrams taken from one socket before the next has its turn: what the kernel keeps of a leg where it keeps little."""
REST = 0.4
"""Seconds after which the thread reads what nobody has read: longer than a round through the calls takes. The kernel says when
it arrived, and has room for several times as much of a leg, at least."""
FLOODED, SHORT_REST = 64, 0.01
"""Datagrams of one socket at once by which it is flooded, or a stall is over; the thread then reads after so many seconds."""
FRESH = 0.05
"""Seconds for which what was read is new enough: calls that look one after the other read once."""
LAPSE = 1.0
"""Seconds after which a look that comes so late means that this program, or the machine, stood still."""
_ARRIVAL = itemgetter(0)
log = structlog.get_logger(__name__)


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

    def put(self, received: Sequence[Received]) -> None:
        """Add some; drops the oldest where the inbox is full, and a stranger's where that has no room."""
        queue, owners = self._queue, self.owners
        for each in received:
            if owners and each.address not in owners:
                self._put_strange(each)
            else:
                queue.append(each)
        while len(queue) > self._limit:
            with contextlib.suppress(IndexError):  # the call may have taken it meanwhile
                queue.popleft()
                self.overflowed += 1

    def _put_strange(self, received: Received) -> None:
        if len(self._strange) < self._most_strange:
            self._strange.append(received)
        else:
            self.turned_away += 1

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
    """Reads sockets. From any thread; one of its own sees to it that they are read, while there are any."""

    def __init__(self) -> None:
        self._reading = threading.Lock()
        """Guards all but the inboxes."""
        self._selector = selectors.DefaultSelector()
        self._reader = open_reader()
        self._any = threading.Event()
        self._thread: threading.Thread | None = None
        self._flooded = False
        self.read_until = time.monotonic()
        """All that arrived before this moment is in the inboxes. A call's time is this, not the clock's: where the machine is
        too busy to read, audio comes later, but its place is not given up."""
        self.listened = 0.0
        """Seconds for which it has listened. Silence is counted by this: while a machine sleeps, nobody can be heard."""

    def add(self, opened: socket.socket, inbox: Inbox) -> None:
        """Read a non-blocking UDP socket into an inbox from now on."""
        with contextlib.suppress(OSError):  # not Linux: then datagrams arrive when they are read
            have_stamped(opened)
        with self._reading:
            self._selector.register(opened, selectors.EVENT_READ, inbox)
            self._any.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="rtp-receive", daemon=True)
                self._thread.start()

    def remove(self, sockets: Iterable[socket.socket]) -> None:
        """Stop reading sockets, and close them."""
        with self._reading:
            for each in sockets:
                with contextlib.suppress(KeyError):
                    self._selector.unregister(each)
                each.close()
            if not self._selector.get_map():
                self._any.clear()

    def read(self, within: float = 0.0) -> None:
        """Have all that has come by now in the inboxes, or all that had come so many seconds ago at most."""
        if time.monotonic() - self.read_until < within:
            return
        with self._reading:
            looked = time.monotonic()
            if looked - self.read_until < within:
                return
            ready = self._selector.select(0)
            self._flooded = max((self._read(key) for key, _ in ready), default=0) >= FLOODED
            lapse = looked - self.read_until
            self.listened += lapse if lapse < LAPSE else 0.0
            self.read_until = looked

    def _run(self) -> None:
        while self._any.wait():
            rest = SHORT_REST if self._flooded else REST
            self.read(within=rest)
            time.sleep(rest)

    def _read(self, key: selectors.SelectorKey) -> int:
        try:
            received = self._reader.read(key.fileobj, _AT_ONCE)  # type: ignore[arg-type]
        except OSError as error:  # an ICMP answer to somebody else's datagram
            log.debug("rtp_packet_not_received", error=str(error))
            return 0
        key.data.put(received)
        return len(received)


_shared: Receiver | None = None
_shared_lock = threading.Lock()


def shared_receiver() -> Receiver:
    """The process's receiver; starts with the first call."""
    global _shared
    with _shared_lock:
        if _shared is None:
            _shared = Receiver()
        return _shared
