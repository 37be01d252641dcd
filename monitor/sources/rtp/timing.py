"""How far one leg's timestamps are to be believed: arrival is the evidence.

What the network does is seen in arrival times: it delays, and it lets go of what it held back. What it cannot do is deliver a
packet before it was sent. So a timestamp that says that time has passed which did not pass here is no pause of the sender, but
a new count of its clock, and so is one that runs backwards while sequence numbers go on. The audio then follows on directly.
"""

from collections.abc import Sequence

from monitor.sources.rtp.jitter import Released, signed_32
from monitor.sources.rtp.run import Run

STALL = 0.5
"""Seconds. Packets that come so much later than usual have been held back, or their sender stood still (`stalls.py`)."""
BELIEVED_AHEAD = 0.2
"""Seconds by which pauses and losses, all together, may run ahead of arrival: paths become shorter, clocks are imprecise."""
_FOLLOWS_ON = 0.06
"""Seconds. Where a sender counts anew, less than this between its packets is jitter, no silence."""
_LEAST_OF = 10.0
"""Seconds of which the least lateness is known."""


class Timing:
    """Follows a leg's lateness, arrival minus place on the timeline, packet by packet, before the packets are placed."""

    def __init__(self) -> None:
        self.lateness = 0.0
        """Seconds, of the last packet; to be set once its place is known exactly."""
        self._last: Released | None = None
        self._clock = 0
        self._anew = False
        self._floor, self._floor_before, self._floor_since = 0.0, 0.0, 0.0
        """The least lateness, but for pauses and losses that ran ahead of arrival."""
        self._ahead = 0.0
        """Seconds by which these did, and were believed."""

    @property
    def last(self) -> Released | None:
        """The last packet."""
        return self._last

    def restart(self) -> None:
        """The next packet's timestamp does not continue the last one's."""
        self._anew = self._last is not None

    def observe(self, item: Released, clock: int, duration: float) -> Released:
        """Take the next packet; it comes back as one that begins anew where its timestamp is not to be believed.

        `clock`: Hz of its timestamps. `duration`: seconds of the packet before it.
        """
        last, self._last = self._last, item
        if last is None:
            self._clock, self._floor_since = clock, item.at
            return item
        elapsed = item.at - last.at
        step = signed_32(item.packet.timestamp - last.packet.timestamp) / clock
        anew = self._anew or item.restarted or clock != self._clock or step <= 0
        self._clock, self._anew = clock, False
        if anew or not self._believable(self.lateness + elapsed - step, step > duration + BELIEVED_AHEAD / 10):
            rise = elapsed - duration
            pause = rise if _FOLLOWS_ON < rise <= STALL else 0.0
            self.lateness += rise - pause
            item = item._replace(restarted=True, pause=pause)
        else:
            self.lateness += elapsed - step
        self._note(item.at)
        return item

    def expects(self, run: Run, clock: int) -> bool:
        """Whether a run goes on from the last packet as that did from the one before it."""
        last = self._last
        if last is None or self._anew or clock != self._clock:
            return False
        return last.packet.timestamp + run.step & 0xFFFFFFFF == run.timestamp

    def follow(self, run: Run, clock: int, placed: Sequence[float | None]) -> None:
        """Take such a run; `placed`: lateness of each packet in seconds by its place, None where that was not known by then."""
        step, before, lateness = run.step / clock, self._last.at if self._last else 0.0, self.lateness
        ahead, floor, since = self._ahead, self._floor, self._floor_since
        for at, exact in zip(run.arrivals, placed, strict=True):
            lateness += at - before - step
            before = at
            if lateness >= 0:
                ahead = 0.0
            if at - since > _LEAST_OF:
                self._floor_before, floor, since = floor, float("inf"), at
            if lateness + ahead < floor:
                floor = lateness + ahead
            if exact is not None:
                lateness = exact
        self.lateness, self._ahead, self._floor, self._floor_since = lateness, ahead, floor, since
        self._last = Released(*run[len(run) - 1])

    def _believable(self, lateness: float, jumped: bool) -> bool:
        ahead = min(self._floor, self._floor_before, 0.0) - lateness if jumped else 0.0
        if ahead > 0:
            if ahead > BELIEVED_AHEAD:
                return False
            self._ahead = max(self._ahead, ahead)
        return True

    def _note(self, at: float) -> None:
        if self.lateness >= 0:
            self._ahead = 0.0
        if at - self._floor_since > _LEAST_OF:
            self._floor_before, self._floor, self._floor_since = self._floor, float("inf"), at
        self._floor = min(self._floor, self.lateness + self._ahead)
