"""How unevenly the packets of a stream come: the interarrival jitter of RFC 3550, section 6.4.1 and A.8."""

from monitor.sources.rtp.jitter import signed_32
from monitor.sources.rtp.run import Run

PAUSE = 1.0
"""Seconds beyond which a difference is a pause or a jump of the sender's clock, and says nothing of the network."""


class Interarrival:
    """The jitter of one stream, smoothed over about 16 packets.

    >>> stream = Interarrival()
    >>> for arrival, timestamp in ((0.0, 0), (0.02, 160), (0.056, 320), (0.06, 480)):
    ...     stream.observe(arrival, timestamp, 8000)
    >>> round(stream.jitter, 5)
    0.00194
    """

    def __init__(self) -> None:
        self.jitter = 0.0
        """Seconds."""
        self._last: tuple[float, int, int] | None = None

    def observe(self, arrival: float, timestamp: int, clock: int) -> None:
        """A packet came at `arrival` (seconds) with this timestamp of a clock of `clock` Hz."""
        before, self._last = self._last, (arrival, timestamp, clock)
        if before is None or before[2] != clock:
            return
        difference = abs(arrival - before[0] - signed_32(timestamp - before[1]) / clock)
        if difference < PAUSE:
            self.jitter += (difference - self.jitter) / 16

    def follow(self, run: Run, clock: int) -> None:
        """The packets of a run came."""
        self.observe(run.arrivals[0], run.timestamp, clock)
        jitter, before, step = self.jitter, run.arrivals[0], signed_32(run.step) / clock
        for at in run.arrivals[1:]:
            difference = abs(at - before - step)
            if difference < PAUSE:
                jitter += (difference - jitter) / 16
            before = at
        self.jitter, self._last = jitter, (before, run.timestamp + (len(run) - 1) * run.step, clock)
