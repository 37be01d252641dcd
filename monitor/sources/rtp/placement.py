"""Where a stream's packets go on a leg's track: by their timestamps, checked against their arrival.

What did not come is told apart: missing sequence numbers are loss and are concealed; a timestamp that moves on although no
packet is missing is a pause of the sender (DTX, comfort noise, hold) and becomes silence of that length.
"""

from monitor.audio.codecs.concealment import LONGEST, Concealer
from monitor.sources.rtp.clock import CallClock, Delay
from monitor.sources.rtp.jitter import Released, signed_32
from monitor.sources.rtp.track import Track, to_timeline
from monitor.timeline import SAMPLE_RATE

MAX_PAUSE = 24 * 3600
"""Seconds. A timestamp that jumps further is not believed: the packet is placed by its arrival. Neither is one, once so much
has been believed in all that our clock did not see: a sender cannot make a call endless."""
MAX_STEP_BACK = 0.5
"""Seconds, likewise backwards."""
LATE_FOR = 0.5
"""Seconds of arrivals that are all too late, after which the sender's clock is taken to have stood still (a hold)."""
ANCHOR_TOLERANCE = SAMPLE_RATE // 50
"""Samples. When a later stream is placed by its arrival, less than this is jitter, and its audio follows on directly."""
MAX_AHEAD = 2 * SAMPLE_RATE
"""Samples. A pause that ends further ahead of the call's clock moves the whole call."""


class Placement:
    """Brings the track's end to each packet's place."""

    def __init__(self, track: Track, clock: CallClock, tolerance: int = ANCHOR_TOLERANCE) -> None:
        self.delay = Delay()
        self.reanchored = 0
        """Times that a timestamp was not believed."""
        self.paused = False
        """Whether the sender has ever paused on purpose: its timestamps moved on though no packet was missing."""
        self.jumped = 0
        """Samples of the timeline by which a pause ran ahead of the call's clock; the call is to follow."""
        self.correction = 0.0
        """Seconds to insert (+) or drop (-) at the next audio, against drift."""
        self.clock_rate = 0
        """Hz of the timestamps; 0 before the first audio."""
        self.owed = 0
        """Packets known to be lost whose time is not accounted for yet."""
        self._track, self._clock, self._tolerance = track, clock, tolerance
        self._rate, self._concealer = SAMPLE_RATE, Concealer(SAMPLE_RATE)
        self._sent = self._due = 0
        """Timestamps: where the sender's audio ended, and what belongs at the track's end. Filled silence parts them."""
        self._duration = 0
        """Timestamp units of the last packet."""
        self._late_since: float | None = None
        self._credit = MAX_PAUSE * SAMPLE_RATE
        """Samples of the timeline by which pauses may yet run ahead of the call's clock."""

    @property
    def packet_seconds(self) -> float:
        """How long the last packet was; 20 ms before the first."""
        return self._duration / self.clock_rate if self._duration else 0.02

    def switch(self, clock_rate: int, rate: int, concealer: Concealer, item: Released) -> None:
        """From `item` on, timestamps count at `clock_rate` and samples at `rate`, both Hz."""
        changed = clock_rate != self.clock_rate
        self.clock_rate, self._rate, self._concealer = clock_rate, rate, concealer
        if changed:
            self._anchor(item)

    def place(self, item: Released) -> int:
        """Fill the track up to the packet's place; returns how many of its timestamp units come too late for theirs."""
        timestamp = item.packet.timestamp
        if not self._believable(signed_32(timestamp - self._sent)) or item.restarted:
            self.reanchored += 1
            self._anchor(item)
        ahead = signed_32(timestamp - self._due)
        if ahead < 0 and self._late_for_long(item.at):
            self.reanchored += 1
            self._anchor(item)
            ahead = signed_32(timestamp - self._due)
        arrived = self._clock.position(item.at)
        lateness = (arrived - self._track.position) / SAMPLE_RATE - ahead / self.clock_rate
        self.correction = self.delay.observe(item.at, lateness) or self.correction
        if ahead > 0:
            self._bridge(ahead, arrived)
            self._due = timestamp
        self.owed = 0
        return max(0, -ahead)

    def ended(self, timestamp: int, duration: int, overlap: int) -> None:
        """The packet at `timestamp` lasted `duration` units, of which the first `overlap` came too late."""
        self._sent = timestamp + duration
        self._duration = duration or self._duration
        if overlap < duration:
            self._due = self._sent
            self._late_since = None

    def fill(self, position: int) -> None:
        """The leg is silent up to `position` of the timeline, as far as anybody can tell by now."""
        units = (position - self._track.position) * self.clock_rate // SAMPLE_RATE
        if units > 0:
            self._silence(units)
            self._due += units

    def shift(self, samples: int) -> None:
        """Move what comes by `samples` of the timeline: silence that the sender's timestamps do not count."""
        self._silence(samples * self.clock_rate // SAMPLE_RATE)
        self.delay.reset()

    def position_of(self, timestamp: int) -> int:
        """Where on the timeline a timestamp lies."""
        return self._track.position + to_timeline(signed_32(timestamp - self._due), self.clock_rate)

    def _believable(self, step: int) -> bool:
        return -MAX_STEP_BACK * self.clock_rate <= step <= self._credit * self.clock_rate // SAMPLE_RATE

    def _late_for_long(self, at: float) -> bool:
        if self._late_since is None:
            self._late_since = at
        return at - self._late_since >= LATE_FOR

    def _anchor(self, item: Released) -> None:
        """Place the packet by its arrival; where the silence before it was filled in too far, its start comes too late."""
        self._sent = self._due = item.packet.timestamp
        gap = self._clock.position(item.at) - self._track.position
        if gap > self._tolerance:
            self._silence(gap * self.clock_rate // SAMPLE_RATE)
        elif -gap > ANCHOR_TOLERANCE:
            self._due += min(-gap, self._track.trailing_silence) * self.clock_rate // SAMPLE_RATE
        self._tolerance = ANCHOR_TOLERANCE
        self._late_since, self.owed = None, 0
        self.delay.reset()

    def _bridge(self, ahead: int, arrived: int) -> None:
        lost = min(ahead, self.owed * self._duration)
        if lost:
            self._conceal(lost)
        if ahead > lost:
            self._silence(ahead - lost)
            self.paused = True
            beyond = self._track.position - arrived
            if beyond > MAX_AHEAD:
                self.jumped += beyond
                self._credit -= beyond
                self.delay.reset()

    def _conceal(self, units: int) -> None:
        samples = units * self._rate // self.clock_rate
        sounding = min(samples, round(LONGEST * self._rate))
        self._track.append(self._concealer.conceal(sounding), self._rate, "lost")
        if samples > sounding:
            self._track.silence(samples - sounding, self._rate, "lost")
            self._concealer.silence()

    def _silence(self, units: int) -> None:
        self._track.silence(units * self._rate // self.clock_rate, self._rate)
        self._concealer.silence()
