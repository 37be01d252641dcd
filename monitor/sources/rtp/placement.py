"""Where a stream's packets go on a leg's track: by their timestamps, as far as arrival bears them out (`timing.py`).

What did not come is told apart: missing sequence numbers are loss and are concealed; a timestamp that moves on although no
packet is missing is a pause of the sender (DTX, comfort noise, hold) and becomes silence of that length.
"""

from dataclasses import dataclass

from monitor.audio.codecs.concealment import LONGEST, Concealer
from monitor.sources.rtp.clock import CallClock, Delay
from monitor.sources.rtp.jitter import Released, signed_32
from monitor.sources.rtp.run import Run
from monitor.sources.rtp.timing import BELIEVED_AHEAD, STALL
from monitor.sources.rtp.track import Track, to_timeline
from monitor.timeline import SAMPLE_RATE

LATE_FOR = 2.0
"""Seconds of arrivals that are all too late for a place that was given up, after which they get another."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a packet goes: to the track's end, which was brought there."""

    overlap: int
    """Of its timestamp units, those that come too late for theirs."""
    lateness: float
    """Seconds: arrival minus place."""
    arrived: int
    """Where on the timeline the call was as it arrived."""
    correction: float
    """Seconds to insert (+) or drop (-) at the next audio, against drift; 0 where none has become due with this packet."""


class Placement:
    """Brings the track's end to each packet's place."""

    def __init__(self, track: Track, clock: CallClock, first: bool = False) -> None:
        """`first`: nothing of the leg was heard before, so its first packet stands where it arrives."""
        self.delay = Delay()
        self.reanchored = 0
        """Times that a timestamp was not believed, or had stood still."""
        self.clock_rate = 0
        """Hz of the timestamps; 0 before the first audio."""
        self._owed = 0
        """Packets known to be lost whose time is not accounted for yet."""
        self._track, self._clock, self._first = track, clock, first
        self._rate, self._concealer = SAMPLE_RATE, Concealer(SAMPLE_RATE)
        self._known = 0
        """Where on the timeline the call was as the last packet arrived, or since."""
        self._sent = self._due = 0
        """Timestamps: where the sender's audio ended, and what belongs at the track's end. Filled silence parts them."""
        self._duration = 0
        """Timestamp units of the last packet."""
        self._late_since: float | None = None

    @property
    def packet_units(self) -> int:
        """Timestamp units of the last packet; 0 before the first."""
        return self._duration

    @property
    def packet_seconds(self) -> float:
        """How long the last packet was; 20 ms before the first."""
        return self._duration / self.clock_rate if self._duration else 0.02

    def switch(self, clock_rate: int, rate: int, concealer: Concealer, item: Released) -> None:
        """From `item` on, timestamps count at `clock_rate` and samples at `rate`, both Hz."""
        if clock_rate != self.clock_rate:
            self._duration = self._duration * clock_rate // self.clock_rate if self.clock_rate else 0
            self.clock_rate = clock_rate
            self._follow_on(item)
        if self._first:
            self._track.silence(max(0, self._clock.position(item.at) - self._track.position), SAMPLE_RATE)
            self._first = False
        self._rate, self._concealer = rate, concealer

    def lose(self, packets: int) -> None:
        """Before the next one to be placed, so many packets are lost."""
        self._owed += packets

    def place(self, item: Released) -> Place:
        """Fill the track up to the packet's place."""
        timestamp, arrived = item.packet.timestamp, self._clock.position(item.at)
        self._known = arrived
        if item.restarted or self._overlaps(timestamp, arrived):
            self._follow_on(item)
            self.reanchored += 1
        if item.pause:
            self._due -= round(item.pause * self.clock_rate)
            self.reanchored += not item.restarted
            self.delay.reset()
        ahead = signed_32(timestamp - self._due)
        if ahead < 0 and self._late_for_long(item.at):
            self._follow_on(item)
            self.reanchored += 1
            ahead = 0
        lateness = (arrived - self._track.position) / SAMPLE_RATE - ahead / self.clock_rate
        if lateness < -STALL:
            shorter = self._pay_back(ahead, lateness)
            ahead -= shorter
            lateness += shorter / self.clock_rate
        correction = self.delay.observe(item.at, lateness)
        if ahead > 0:
            self._bridge(ahead)
            self._due = timestamp
        self._owed = 0
        return Place(max(0, -ahead), lateness, arrived, correction)

    def foresee(self, run: Run) -> list[float] | None:
        """How late each packet of a run is at its place, in seconds, where each goes to the end of the one before it, as that
        arrives, and is as long; None where one may need more than that."""
        if self._first or self._owed or run.step != self._duration or not self.delay.within(run.arrivals[-1]):
            return None
        if signed_32(run.timestamp - self._due) or signed_32(run.timestamp - self._sent):
            return None
        starts = self._track.foresee(len(run), run.step * self._rate // self.clock_rate, self._rate)
        if starts is None:
            return None
        arrived = self._clock.positions(run.arrivals)
        lateness = [(at - start) / SAMPLE_RATE for at, start in zip(arrived, starts, strict=True)]
        return None if max(lateness) >= 1 else lateness

    def follow(self, run: Run, lateness: list[float]) -> None:
        """Take a run of such lateness, all of which is put on the track."""
        self._known = self._clock.position(run.arrivals[-1])
        self._sent = self._due = run.timestamp + len(run) * run.step
        self._late_since = None
        self.delay.note(min(lateness))

    def ended(self, timestamp: int, duration: int, overlap: int) -> None:
        """The packet at `timestamp` lasted `duration` units, of which the first `overlap` came too late."""
        self._sent = timestamp + duration
        self._duration = duration or self._duration
        if overlap < duration:
            self._due = self._sent
            self._late_since = None

    def fill(self, position: int, known: int) -> None:
        """The leg is silent up to `position` of the timeline: nothing that belongs there is waited for any longer, now that
        the call is at `known`."""
        self._known = known
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

    def _pay_back(self, ahead: int, lateness: float) -> int:
        """Take a pause for shorter, where the leg is ahead of arrival: silence was put in at a stall, and the network then let
        go of what it held back after all. Returns by how many timestamp units."""
        pause = max(0, ahead - self._owed * self._duration)
        shorter = min(pause, round(-lateness * self.clock_rate))
        self._due += shorter
        return shorter

    def _overlaps(self, timestamp: int, arrived: int) -> bool:
        """Whether a packet claims time that its sender's audio has taken already, while there is room for all of it: the
        track is not ahead of arrival."""
        claims = signed_32(timestamp - self._sent) < 0
        return claims and arrived - self._track.position >= -BELIEVED_AHEAD * SAMPLE_RATE

    def _late_for_long(self, at: float) -> bool:
        if self._late_since is None:
            self._late_since = at
        return at - self._late_since >= LATE_FOR

    def _follow_on(self, item: Released) -> None:
        """The packet goes to the track's end, whatever its timestamp."""
        self._sent = self._due = item.packet.timestamp
        self._late_since, self._owed = None, 0
        self.delay.reset()

    def _bridge(self, ahead: int) -> None:
        lost = min(ahead, self._owed * self._duration)
        if lost:
            self._conceal(lost)
        if ahead > lost:
            self._silence(ahead - lost)

    def _conceal(self, units: int) -> None:
        samples = units * self._rate // self.clock_rate
        sounding = min(samples, round(LONGEST * self._rate))
        self._track.append(self._concealer.conceal(sounding), self._rate, "lost", self._known)
        if samples > sounding:
            self._track.silence(samples - sounding, self._rate, "lost", self._known)
            self._concealer.silence()

    def _silence(self, units: int) -> None:
        self._track.silence(units * self._rate // self.clock_rate, self._rate, known=self._known)
        self._concealer.silence()
