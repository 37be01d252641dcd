"""What a stall was: did the network hold packets back, or did the sender stand still?

After a stall both look the same: packets come later than their timestamps say. A network that held them back lets go of them
faster than they were sent, and they become less late; a sender that stood still (a hold that does not count, a machine that was
paused) goes on at its usual pace, as late as before, for good. So packets that are late wait a moment for those after them:
where these show that time stood still, silence is put in at the stall; in all other cases nothing is, and what comes takes
the place that its timestamp says.
"""

from collections import deque

from monitor.sources.rtp.jitter import Released
from monitor.sources.rtp.timing import STALL

STEADY_FOR = 2.0
"""Seconds for which packets come at their usual pace before lateness is taken to last."""
STEADY_WITHIN = 0.1
"""Seconds by which their lateness may differ."""
INTERRUPTED = 0.25
"""Seconds without a packet that begin the wait anew."""
ABOUT = 0.001
"""Seconds. Lateness by the timestamp and lateness by the place on the track differ by two samples at most."""
WAIT = 2.5
"""Seconds that a late packet waits at most."""
MAX_HELD = 3_000
"""Packets. Bounds the memory where arrival times stand still."""


class StallJudge:
    """Late packets go in, and come out in order, `pause` set where the sender stood still before one."""

    def __init__(self) -> None:
        self._held: deque[tuple[Released, float]] = deque()
        """With their lateness, seconds."""
        self._since = self._last = self._least = self._most = 0.0
        """Of the packets that came at a steady pace: arrival of the first and the last, least and greatest lateness."""

    @property
    def waiting(self) -> bool:
        """Whether packets are held."""
        return bool(self._held)

    def push(self, item: Released, lateness: float, usual: float) -> list[Released]:
        """Take the next packet, which is `lateness` seconds late where `usual` is nothing new; those that may be played."""
        if lateness - usual <= STALL:
            return [*self._release(), item]
        begins = not self._held
        self._held.append((item, lateness))
        least, most = min(self._least, lateness), max(self._most, lateness)
        if begins or item.at - self._last > INTERRUPTED or most - least > STEADY_WITHIN:
            self._since, least, most = item.at, lateness, lateness
        self._last, self._least, self._most = item.at, least, most
        if item.at - self._since >= STEADY_FOR:
            return self._stood_still(least)
        return self.take(item.at)

    def passes(self, lateness: float, usual: float) -> bool:
        """Whether packets that are about `lateness` seconds late at most would all be played at once."""
        return not self._held and lateness - usual <= STALL - ABOUT

    def follow(self, item: Released) -> list[Released]:
        """Take a packet that has no time of its own (a key press)."""
        if not self._held:
            return [item]
        self._held.append((item, self._held[-1][1]))
        return []

    def take(self, now: float) -> list[Released]:
        """Those that have waited long enough at `now`: nothing is known, so their timestamps count."""
        released = []
        while self._held and (now - self._held[0][0].at > WAIT or len(self._held) > MAX_HELD):
            released.append(self._held.popleft()[0])
        return released

    def flush(self) -> list[Released]:
        """All: nothing comes after them. Where none of them came faster than it was sent, the sender stood still."""
        steady = bool(self._held) and self._since == self._held[0][0].at
        return self._stood_still(self._least) if steady else self._release()

    def _stood_still(self, seconds: float) -> list[Released]:
        first, *others = self._release()
        return [first._replace(pause=first.pause + seconds), *others]

    def _release(self) -> list[Released]:
        released = [item for item, _ in self._held]
        self._held.clear()
        return released
