"""One leg's reception: its owner's packets through jitter buffer and decoder onto its track."""

from collections.abc import Iterable

from monitor.events import Leg, LegReport
from monitor.sources.rtp.clock import CallClock, Delay
from monitor.sources.rtp.hearing import Turn
from monitor.sources.rtp.interarrival import Interarrival
from monitor.sources.rtp.jitter import JitterBuffer, Released
from monitor.sources.rtp.ownership import Claim
from monitor.sources.rtp.packet import RtpPacket
from monitor.sources.rtp.placement import Placement
from monitor.sources.rtp.rtcp import SenderReport
from monitor.sources.rtp.run import Run
from monitor.sources.rtp.stalls import StallJudge
from monitor.sources.rtp.stream import Counts, PayloadTypes, Stream
from monitor.sources.rtp.timing import Timing
from monitor.sources.rtp.track import Track
from monitor.timeline import SAMPLE_RATE

UNKNOWN_AFTER, UNKNOWN_WITHIN = 4, 1.0
"""Packets of a payload type that is not decoded, and seconds within which each must follow the last: a keep-alive may carry any
type (RFC 6263, section 4.6), and comes every few seconds."""


class RtpLeg:
    """Follows its owner from SSRC to SSRC; the track goes on."""

    def __init__(self, leg: Leg, claim: Claim, payload_types: PayloadTypes, clock: CallClock, depth: float) -> None:
        """`depth`: of the jitter buffer, seconds."""
        self.claim = claim
        self.track = Track(leg)
        self.malformed = 0
        """Datagrams on the leg's port that are not RTP."""
        self.keep_alives = 0
        """STUN and its like on the leg's port."""
        self.dropped = 0
        """Packets that this program did not take in time."""
        self.turned_away = 0
        """Datagrams of strangers that were more than there was room for."""
        self.heard_at = 0.0
        """Arrival of its last packet that is understood, seconds."""
        self._payload_types, self._clock, self._depth = payload_types, clock, depth
        self._counts = Counts()
        self._ssrc: int | None = None
        self._jitter, self._past = JitterBuffer(depth), [0, 0, 0, 0, 0]
        self._interarrival = Interarrival()
        self._timing, self._stalls = Timing(), StallJudge()
        self._placement, self._past_anchors, self._past_begun = Placement(self.track, clock, first=True), 0, False
        self._stream = Stream(payload_types, self.track, self._placement, self._counts)
        self._report: tuple[SenderReport, str] | None = None
        self._unknown: dict[int, tuple[int, float]] = {}
        """Of payload types that are not decoded: how many packets have followed each other, and when the last did."""

    @property
    def waiting(self) -> bool:
        """Whether packets wait: for one that is missing, for those that come after them, or to be told from noise."""
        return self._jitter.waiting or self._stalls.waiting or self._stream.waiting

    @property
    def begun(self) -> bool:
        """Whether audio has come."""
        return self._past_begun or self._placement.clock_rate > 0

    @property
    def heard(self) -> bool:
        """Whether what it sends is sound."""
        return not self._counts.verdict.cause

    @property
    def delay(self) -> Delay:
        """How late its packets come."""
        return self._placement.delay

    def push(self, packet: RtpPacket, at: float) -> None:
        """Take a packet of the leg's owner."""
        if packet.ssrc != self._ssrc:
            self._begin(packet)
        if self._payload_types.get(packet.payload_type) is not None:
            self.heard_at = at
            if clock := self._payload_types.clock(packet.payload_type):
                self._interarrival.observe(at, packet.timestamp, clock)
        self._jitter.push(packet, at)

    def expect(self) -> Run | None:
        """A run for the packets that are next; None where the next one needs a look of its own."""
        last, sequence, owner = self._timing.last, self._jitter.expected, self.claim.owner
        if sequence is None or last is None or owner is None or owner[0] != self._ssrc or not self.claim.streams:
            return None
        packet, step = last.packet, self._placement.packet_units
        if packet.ssrc != owner[0] or not step or not self._payload_types.clock(packet.payload_type):
            return None
        return Run(owner[0], packet.payload_type, sequence, packet.timestamp + step & 0xFFFFFFFF, step)

    def push_run(self, run: Run) -> None:
        """Take a run of the leg's owner."""
        self.claim.follow(run)
        self.heard_at = run.arrivals[-1]
        self._interarrival.follow(run, self._payload_types.clock(run.payload_type))
        if not self._jitter.push_run(run):
            for packet, at in run:
                self._jitter.push(packet, at)

    def _begin(self, packet: RtpPacket) -> None:
        if self._ssrc is not None:
            self.flush()
            self._past = self._tallies()
            self._past_anchors += self._placement.reanchored
            self._past_begun = self.begun
            self._placement = Placement(self.track, self._clock, first=not self.begun)
            self._stream = Stream(self._payload_types, self.track, self._placement, self._counts)
            self._timing.restart()
        self._ssrc, self._report = packet.ssrc, None
        self._jitter, self._interarrival = JitterBuffer(self._depth), Interarrival()

    def advance(self, now: float) -> None:
        """Play what is due at `now`."""
        self._order_all(self._jitter.take(now))
        self._play(self._stalls.take(now))
        self._stream.advance(now)

    def flush(self) -> None:
        """Play all that is there: no more will come of this stream."""
        self._order_all(self._jitter.flush())
        self._play(self._stalls.flush())
        self._stream.finish()

    def _order_all(self, items: Iterable[Released | Run]) -> None:
        for item in items:
            if isinstance(item, Released):
                self._order(item)
            else:
                self._follow(item)

    def _follow(self, run: Run) -> None:
        """Play the packets of a run: together, else by halves, and one by one in the end."""
        taken = self._take_together(run)
        if taken == len(run):
            return
        if not taken and len(run) == 1:
            self._order(Released(*run[0]))
            return
        if not taken:
            taken = len(run) // 2
            self._follow(run.first(taken))
        self._follow(run.after(taken))

    def _take_together(self, run: Run) -> int:
        """Take the first packets of a run together; how many these are."""
        clock = self._placement.clock_rate
        placed = self._stream.foresee(run) if self._timing.expects(run, clock) and not self._stream.waiting else None
        if placed is None or not self._stalls.passes(max(placed), self.delay.usual):
            return 0
        sound = self._stream.follow(run, placed)
        if sound:
            exact = [late if as_it_came else None for late, as_it_came in zip(placed, sound, strict=False)]
            self._timing.follow(run.first(len(sound)), clock, exact)
        return len(sound)

    def _order(self, item: Released) -> None:
        """Take the packet whose turn it is."""
        number = item.packet.payload_type
        clock = self._payload_types.clock(number)
        if not clock and self._payload_types.is_pause(number):
            clock = self._placement.clock_rate
        if not clock:
            if item.restarted:
                self._timing.restart()
            self._play(self._stalls.follow(item))
            return
        item = self._timing.observe(item, clock, self._placement.packet_seconds)
        self._play(self._stalls.push(item, self._timing.lateness, self.delay.usual))

    def _play(self, items: Iterable[Released]) -> None:
        for item in items:
            place = self._stream.play(item)
            if place is not None and not self._stalls.waiting:
                self._timing.lateness = place.lateness

    def unknown(self, number: int, at: float, counted: bool) -> None:
        """A packet of a payload type that is not decoded came; said once, when it is more than a keep-alive. `counted`: it is
        counted in its turn, as one of the leg's own stream."""
        verdict = self._counts.verdict
        verdict.refused += not counted
        count, last = self._unknown.get(number, (0, at))
        if count > UNKNOWN_AFTER:
            return
        count = count + 1 if at - last <= UNKNOWN_WITHIN else 1
        self._unknown[number] = (count, at)
        if count > UNKNOWN_AFTER:
            verdict.last_cause = self._payload_types.describe(number)
            verdict.turns.append(Turn(False, f"not heard: {verdict.last_cause}"))

    def take_turns(self) -> list[Turn]:
        """What there is to tell since the last call: that it is heard no more, or again."""
        turns, self._counts.verdict.turns = self._counts.verdict.turns, []
        return turns

    def fill(self, position: int, known: int) -> None:
        """Silence up to `position` of the timeline, now that the call is at `known`."""
        if self._placement.clock_rate:
            self._placement.fill(position, known)
        else:
            self.track.silence(max(0, position - self.track.position), SAMPLE_RATE)

    def shift(self, samples: int) -> None:
        """Place what comes `samples` of the timeline later than its timestamps alone would."""
        if self._placement.clock_rate:
            self._placement.shift(samples)
        else:
            self.track.silence(samples, SAMPLE_RATE)

    def call_delayed(self, seconds: float) -> None:
        """The call's clock begins so much later."""
        self.delay.shift(seconds)
        self._timing.lateness -= seconds

    def take_report(self, report: SenderReport, host: str) -> None:
        """The owner's RTCP sender report came from `host`."""
        self._report = (report, host)

    def wall_start(self) -> tuple[float, str] | None:
        """The sender's wall clock at sample 0 of the timeline, and its host; None where it has not told, or not begun."""
        if self._report is None or not self._placement.clock_rate:
            return None
        report, host = self._report
        return report.wall - self._placement.position_of(report.timestamp) / SAMPLE_RATE, host

    def _tallies(self) -> list[int]:
        jitter = self._jitter
        now = (jitter.packets, jitter.lost, jitter.reordered, jitter.duplicates, jitter.late)
        return [past + present for past, present in zip(self._past, now, strict=True)]

    def report(self) -> LegReport:
        """The account so far. From any thread."""
        packets, lost, reordered, duplicates, late = self._tallies()
        counts, totals = self._counts, self.track.totals
        return LegReport(
            codec=counts.codec,
            seconds=round(self.track.position / SAMPLE_RATE, 3),
            packets=packets,
            lost=lost,
            reordered=reordered,
            duplicates=duplicates,
            late=late + counts.late,
            jitter=round(self._interarrival.jitter, 4),
            malformed=self.malformed + counts.malformed,
            keep_alives=self.keep_alives + counts.keep_alives,
            foreign=self.claim.foreign + self.turned_away,
            refused=counts.verdict.refused,
            refused_because=counts.verdict.last_cause,
            reanchored=self._past_anchors + self._placement.reanchored,
            skipped_events=counts.events,
            lost_seconds=round(totals["lost"] / SAMPLE_RATE, 3),
            silence_seconds=round(totals["silence"] / SAMPLE_RATE, 3),
            late_seconds=round(self.track.late / SAMPLE_RATE, 3),
            overflow_seconds=round(self.dropped * self._placement.packet_seconds, 3),
        )
