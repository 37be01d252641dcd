"""The clock of a call, and how far each sender's clock is from it.

A call's timeline follows arrival times (this machine's clock, or a capture's); within a leg the RTP timestamp places each
packet. Two crystals differ by up to a few hundred parts in a million, a third of a second an hour, so a leg's placement is
corrected now and then by 4 ms: the delay never grows, and both legs stay within a frame of each other.
"""

from collections.abc import Sequence

from monitor.timeline import SAMPLE_RATE

DRIFT_WINDOW = 10.0
"""Seconds. The least delay in each is compared: queues come and go, the least delay moves only with the clocks."""
DRIFT_TOLERANCE = 0.006
"""Seconds of drift that are left alone: two legs then stay within a frame of each other."""
DRIFT_STEP = 0.004
"""Seconds corrected at a time, so at most 400 parts in a million; crystals are within 100."""
NOT_DRIFT = 0.5
"""Seconds. No clock does this in a window; the delay itself has changed."""


class CallClock:
    """Turns arrival times into places on the call's timeline; starts with the first packet."""

    def __init__(self) -> None:
        self.origin: float | None = None
        self._first = 0.0

    def position(self, at: float) -> int:
        """The sample of the timeline at arrival time `at`; 0 before the start."""
        if self.origin is None:
            return 0
        return max(0, round((at - self.origin) * SAMPLE_RATE))

    def positions(self, arrivals: Sequence[float]) -> list[int]:
        """`position` of each of some times, at least one, that do not run backwards."""
        origin = self.origin
        if origin is None or arrivals[0] < origin:
            return [self.position(at) for at in arrivals]
        return [round((at - origin) * SAMPLE_RATE) for at in arrivals]

    def start(self, at: float) -> None:
        """The call's first packet arrived at `at`."""
        if self.origin is None:
            self.origin = self._first = at

    def delay(self, seconds: float) -> float:
        """All packets come later than the first ones did, by so many seconds, or less late again: the call's clock begins
        later, though never before the first packet. Returns by how much it does."""
        if self.origin is None:
            return 0.0
        before, self.origin = self.origin, max(self._first, self.origin + seconds)
        return self.origin - before


class Delay:
    """One leg's lateness: arrival minus place on the timeline, packet by packet."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """The leg was placed anew: earlier lateness says nothing."""
        self.reference: float | None = None
        """The least lateness of the first window, in seconds: what drift is measured against; None before its end."""
        self._least, self._since = float("inf"), None

    _since: float | None

    @property
    def usual(self) -> float:
        """Seconds by which packets come after their place, at least, without anything being wrong."""
        return max(self.reference or 0.0, 0.0)

    def shift(self, seconds: float) -> None:
        """The call's clock begins so much later, and all lateness is so much less."""
        if self.reference is not None:
            self.reference -= seconds
        self._least -= seconds

    def within(self, at: float) -> bool:
        """Whether a packet that arrives at `at` is no cause for a correction yet."""
        return self._since is not None and at - self._since < DRIFT_WINDOW

    def note(self, lateness: float) -> None:
        """Take the least lateness, in seconds, of packets that are no cause for a correction."""
        self._least = min(self._least, lateness)

    def observe(self, at: float, lateness: float) -> float:
        """Take a packet's lateness in seconds; returns the correction that is due: a step to insert (+), drop (-), or 0."""
        if self._since is None:
            self._since = at
        if lateness < self._least:
            self._least = lateness
        if at - self._since < DRIFT_WINDOW:
            return 0.0
        return self._close_window(at)

    def _close_window(self, at: float) -> float:
        least, self._least, self._since = self._least, float("inf"), at
        if self.reference is None or abs(least - self.reference) > NOT_DRIFT:
            self.reference = least
        drift = least - self.reference
        if abs(drift) <= DRIFT_TOLERANCE:
            return 0.0
        return DRIFT_STEP if drift > 0 else -DRIFT_STEP
