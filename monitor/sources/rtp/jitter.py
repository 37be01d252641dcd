"""Jitter buffer for one RTP stream: puts packets in order, drops duplicates, and says how many never came.

Nothing waits without need: a packet that is next in sequence is released at once, one behind a hole after `depth` of arrival
time; in timestamps that would be next to nothing where a burst brings seconds at once. Arrival times are the caller's, so that
a capture file replays as it was heard. Sequence arithmetic: RFC 3550, section A.1.
"""

from typing import NamedTuple

from monitor.sources.rtp.packet import RtpPacket
from monitor.sources.rtp.run import Run

MAX_DROPOUT = 3_000
"""Packets. A sequence number further ahead is a sender that began anew, once a second packet follows it."""
MAX_MISORDER = 100
"""Packets. A sequence number further behind, likewise."""
MAX_HELD = 1_024
"""Packets. Bounds the memory of a stream whose times stand still."""


class Released(NamedTuple):
    """A packet whose turn it is."""

    packet: RtpPacket
    at: float
    """Arrival, seconds."""
    lost: int = 0
    """Packets missing before it."""
    restarted: bool = False
    """The sender began anew: its timestamps do not continue the last ones."""
    pause: float = 0.0
    """Seconds before it in which the sender's timestamps stood still."""


def signed_32(difference: int) -> int:
    """The difference of two 32-bit timestamps, the shorter way round.

    >>> signed_32(0 - 0xFFFFFFFF), signed_32(5 - 10)
    (1, -5)
    """
    return (difference + 0x80000000 & 0xFFFFFFFF) - 0x80000000


class JitterBuffer:
    """Push packets as they arrive; take those whose turn it is."""

    def __init__(self, depth: float) -> None:
        """`depth`: seconds that a packet waits for those missing before it."""
        if depth < 0:
            raise ValueError(f"depth must not be negative, got {depth}")
        self.packets = self.lost = self.reordered = self.duplicates = self.late = 0
        self._depth = depth
        self._held: dict[int, Released] = {}
        self._next: int | None = None
        """Extended sequence number whose turn it is; None until the first packets are sorted."""
        self._highest: int | None = None
        self._given_up: dict[int, None] = {}
        self._suspect: Released | None = None
        self._settled: list[Released | Run] = []
        """Whose turn it is already: runs, and what was held before a restart."""
        self._restarted = False

    @property
    def waiting(self) -> bool:
        """Whether packets are held behind a hole."""
        return bool(self._held)

    @property
    def expected(self) -> int | None:
        """The sequence number whose turn it is; None where something is held before it, or nothing has come."""
        return None if self._held or self._settled or self._next is None else self._next & 0xFFFF

    def push_run(self, run: Run) -> bool:
        """Take a run whose turn it is; whether it could be taken."""
        if self._next is None or self._held or self._next & 0xFFFF != run.sequence:
            return False
        self.packets += len(run)
        self._next += len(run)
        self._highest, self._suspect = self._next - 1, None
        self._settled.append(run)
        return True

    def push(self, packet: RtpPacket, at: float) -> None:
        """Take a packet; `at` is its arrival in seconds, of any clock that does not run backwards."""
        if self._highest is None:
            self._highest = packet.sequence
        step = (packet.sequence - self._highest + 0x8000 & 0xFFFF) - 0x8000
        if -MAX_MISORDER <= step <= MAX_DROPOUT:
            self._suspect = None
            self._insert(self._highest + step, step, Released(packet, at))
        else:
            self._doubt(Released(packet, at))

    def _insert(self, sequence: int, step: int, item: Released) -> None:
        if sequence in self._held or (self._next is not None and sequence < self._next and sequence not in self._given_up):
            self.duplicates += 1
            return
        self.packets += 1
        if self._next is not None and sequence < self._next:
            del self._given_up[sequence]
            self.late += 1
            return
        if step < 0:
            self.reordered += 1
        else:
            self._highest = sequence
        self._held[sequence] = item

    def _doubt(self, item: Released) -> None:
        before = self._suspect
        if before is None or (before.packet.sequence + 1) & 0xFFFF != item.packet.sequence:
            self._suspect = item
            return
        self._settled += self.flush()
        self._next, self._suspect, self._restarted = None, None, True
        self._given_up.clear()
        self._highest = before.packet.sequence
        self._insert(self._highest, 0, before)
        self._insert(self._highest + 1, 1, item)

    def take(self, now: float) -> list[Released | Run]:
        """The packets whose turn it is at `now`, in order."""
        released = self._settled
        self._settled = []
        held = self._held
        while held:
            if self._next in held:
                released.append(self._release(self._next, 0))
            elif self._overdue(now):
                self._skip_to(min(held), released)
            else:
                break
        return released

    def flush(self) -> list[Released | Run]:
        """All that is held, in order: nothing more will come."""
        released = self._settled
        self._settled = []
        while self._held:
            self._skip_to(min(self._held), released)
        return released

    def _overdue(self, now: float) -> bool:
        """Whether those behind the hole have waited long enough."""
        return now - min(item.at for item in self._held.values()) >= self._depth or len(self._held) >= MAX_HELD

    def _skip_to(self, sequence: int, released: list[Released | Run]) -> None:
        lost = 0 if self._next is None else sequence - self._next
        if self._next is None:  # the first in order stands for the first to arrive: it says when the stream began
            self._held[sequence] = self._held[sequence]._replace(at=min(item.at for item in self._held.values()))
        if lost:
            self.lost += lost
            self._given_up.update(dict.fromkeys(range(sequence - min(lost, MAX_MISORDER), sequence)))
            while len(self._given_up) > 4 * MAX_MISORDER:
                del self._given_up[next(iter(self._given_up))]
        released.append(self._release(sequence, lost))

    def _release(self, sequence: int, lost: int) -> Released:
        item = self._held.pop(sequence)
        self._next = sequence + 1
        if lost or self._restarted:
            item = item._replace(lost=lost, restarted=self._restarted)
            self._restarted = False
        return item
