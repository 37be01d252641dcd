"""Finds the RTP streams of a capture, and measures what tells them apart."""

from bisect import insort
from collections import Counter
from dataclasses import dataclass, field

from monitor.audio.codecs import Encoding
from monitor.audio.codecs.registry import L16_RATES
from monitor.sources.captures.duplicates import Duplicates, fingerprint
from monitor.sources.captures.network import Datagram
from monitor.sources.captures.signalling import Flow
from monitor.sources.rtp.jitter import signed_32
from monitor.sources.rtp.packet import MalformedPacket, RtpPacket, is_rtcp, parse_packet

MIN_PACKETS = 3
"""Fewer are not taken for a stream: other protocols look like RTP now and then."""
MAX_STREAMS = 4_096
"""Kept at a time. Beyond that, those that are no streams yet are forgotten, the oldest first, then new ones not begun."""
_MAX_STEP = 5
"""A step of the sequence number up to this counts as in order."""
FIRST_DYNAMIC = 96
"""RFC 3551, section 6."""
OPUS = Encoding("opus", 48_000, 2)
MIN_OPUS_SIZES = 8
"""Different lengths of a stream's packets from which they are taken to vary."""
_OPUS_STEP = 120
"""2.5 ms, of which every Opus packet holds a multiple (RFC 6716, section 2)."""
VIDEO_CLOCK = 90_000
"""Hz. RFC 3551, table 5: that of every video encoding."""
_CLOCKS = (8_000, 16_000, 24_000, 32_000, 44_100, 48_000, VIDEO_CLOCK)
_MAX_SHAPES = 512
_SAMPLE = 24_000
"""Octets of payloads, from the beginning of a stream, that are kept to tell sound from noise: 3 s of G.711."""
_PACKET_COST = 100
"""Octets that count for a packet beside its payload, so that empty ones are bounded too."""
_SKETCH = 64
"""Packets by which two streams are compared."""


@dataclass(slots=True)
class FoundStream:
    """One SSRC of one flow."""

    flow: Flow
    ssrc: int
    first: float
    last: float
    """Capture times, seconds."""
    packets: int = 0
    in_order: int = 0
    cut: int = 0
    """Packets that were captured in part only."""
    payload_types: Counter[int] = field(default_factory=Counter)
    duplicates: Duplicates = field(default_factory=Duplicates)
    sample: list[tuple[RtpPacket, float]] = field(default_factory=list)
    """Its first packets, with their capture times."""
    _sampled: int = 0
    _shapes: dict[int, Counter[tuple[int, int]]] = field(default_factory=dict)
    """Of each payload type: length of the payload, bytes, and units of the clock since the packet before."""
    _sketch: list[int] = field(default_factory=list)
    """The smallest fingerprints, in order: a sample that is the same for the same packets."""
    begins_with: int = 0
    """Sequence number of its first packet."""
    _sequence: int = 0
    _timestamp: int = 0
    _elapsed: int = 0

    def add(self, packet: RtpPacket, at: float) -> None:
        """Count a packet captured at `at` seconds; one that was captured twice counts once."""
        mark = fingerprint(packet)
        if self.duplicates.is_copy(mark, at):
            return
        step = 0
        if not self.packets:
            self.begins_with = packet.sequence
        else:
            self.in_order += 1 <= (packet.sequence - self._sequence) & 0xFFFF <= _MAX_STEP
            step = signed_32(packet.timestamp - self._timestamp)
            self._elapsed += step
        self._sequence, self._timestamp, self.last = packet.sequence, packet.timestamp, max(self.last, at)
        self.packets += 1
        self.payload_types[packet.payload_type] += 1
        shapes = self._shapes.setdefault(packet.payload_type, Counter())
        if (shape := (len(packet.payload), step)) in shapes or len(shapes) < _MAX_SHAPES:
            shapes[shape] += 1
        if self._sampled < _SAMPLE:
            self.sample.append((packet, at))
            self._sampled += len(packet.payload) + _PACKET_COST
        if len(self._sketch) < _SKETCH or mark < self._sketch[-1]:
            insort(self._sketch, mark)
            del self._sketch[_SKETCH:]

    @property
    def plausible(self) -> bool:
        """Whether it is RTP indeed: its sequence numbers go up."""
        return self.packets >= MIN_PACKETS and 2 * self.in_order >= self.packets - 1

    @property
    def numbers(self) -> list[int]:
        """Its payload types, the commonest first."""
        return [number for number, _ in self.payload_types.most_common()]

    def clock(self) -> int | None:
        """Hz at which its timestamps run, as far as the capture's clock tells."""
        if self.last - self.first < 1:
            return None
        measured = self._elapsed / (self.last - self.first)
        nearest = min(_CLOCKS, key=lambda clock: abs(clock - measured))
        return nearest if abs(nearest - measured) < 0.1 * nearest else None

    def guess(self, number: int) -> Encoding | None:
        """What a dynamic payload type can only be among what is decoded here; None where that cannot be told.

        Opus always runs at 48 kHz, in multiples of 2.5 ms (RFC 7587, section 4.1), and varies its packets' length; other sound
        of that clock does not. Presses of keys are the only payloads of four bytes beside audio (RFC 4733, section 2.3).
        """
        if number < FIRST_DYNAMIC:
            return None
        shapes = self._shapes[number]
        sizes = {size for size, _ in shapes}
        steps = sum(count for (_, step), count in shapes.items() if step and step % _OPUS_STEP == 0)
        if self.clock() == OPUS.clock and len(sizes) >= MIN_OPUS_SIZES and 2 * steps >= shapes.total():
            return OPUS
        if sizes == {4} and len(self.payload_types) > 1 and 2 * shapes.total() < self.packets:
            return Encoding("telephone-event", self.clock() or 8_000)
        return None

    def points_to(self, number: int) -> tuple[str, ...]:
        """Encodings that lengths and timestamps of a payload type fit; none where they fit nothing that is decoded here."""
        clock = self.clock()
        (size, step), count = self._shapes[number].most_common(1)[0]
        if not clock or step <= 0 or 2 * count < self.payload_types[number]:
            return ()
        if size == 2 * step and clock in L16_RATES:
            return (f"l16/{clock}",)
        return ("pcmu", "pcma", "g722") if size == step and clock == 8_000 else ()

    def follows(self, other: "FoundStream") -> bool:
        """Whether its sequence numbers go on where another stream's end: the sender is the same, with another SSRC."""
        return 1 <= (self.begins_with - other._sequence) & 0xFFFF <= _MAX_STEP

    def is_copy_of(self, other: "FoundStream") -> bool:
        """Whether both hold mostly the same packets: before and behind a relay, or on two interfaces of a host."""
        if self.ssrc != other.ssrc or self.flow == other.flow:
            return False
        smallest = sorted({*self._sketch, *other._sketch})[:_SKETCH]
        shared = {*self._sketch} & {*other._sketch}
        return 2 * sum(mark in shared for mark in smallest) > len(smallest)

    def __str__(self) -> str:
        (host, port), (to, to_port) = self.flow
        types = ", ".join(map(str, sorted(self.payload_types)))
        return f"ssrc={self.ssrc:#x} {host}:{port} > {to}:{to_port} (payload type {types}; {self.packets} packets)"


class StreamFinder:
    """Looks at every datagram of a capture once."""

    def __init__(self) -> None:
        self.beyond = 0
        """Packets of streams that were too many to be kept."""
        self._streams: dict[tuple[Flow, int], FoundStream] = {}

    def look(self, datagram: Datagram, at: float) -> None:
        """Take a datagram captured at `at` seconds."""
        if is_rtcp(datagram.payload):
            return
        try:
            packet = parse_packet(datagram.payload)
        except MalformedPacket:
            return
        flow = (datagram.source, datagram.destination)
        key = (flow, packet.ssrc)
        stream = self._streams.get(key)
        if stream is None:
            if len(self._streams) >= MAX_STREAMS and not self._forget():
                self.beyond += 1
                return
            stream = self._streams[key] = FoundStream(flow, packet.ssrc, at, at)
        stream.add(packet, at)
        stream.cut += datagram.cut

    def streams(self) -> list[FoundStream]:
        """Those that are RTP, in the order in which they begin."""
        return sorted((stream for stream in self._streams.values() if stream.plausible), key=lambda stream: stream.first)

    def _forget(self) -> bool:
        """Forget a quarter of what is no stream yet; whether there was any."""
        idle = [key for key, stream in self._streams.items() if not stream.plausible][: MAX_STREAMS // 4]
        for key in idle:
            del self._streams[key]
        return bool(idle)
