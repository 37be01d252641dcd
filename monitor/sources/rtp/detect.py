"""Finds the RTP streams of a capture, and what its SIP messages say of their payload types."""

from collections import Counter
from dataclasses import dataclass, field

from monitor.audio.codecs import Encoding
from monitor.errors import SourceError
from monitor.sources.rtp.jitter import signed_32
from monitor.sources.rtp.link import Datagram
from monitor.sources.rtp.ownership import Address
from monitor.sources.rtp.packet import MalformedPacket, RtpPacket, is_rtcp, parse_packet
from monitor.sources.rtp.sdp import parse_sdp

MIN_PACKETS = 3
"""Fewer are not taken for a stream: other protocols look like RTP now and then."""
_MAX_STEP = 5
"""A step of the sequence number up to this counts as in order."""
FIRST_DYNAMIC = 96
"""RFC 3551, section 6."""
OPUS = Encoding("opus", 48_000, 2)
MIN_OPUS_SIZES = 8
"""Different lengths of a stream's packets from which they are taken to vary."""
_CLOCKS = (8_000, 16_000, 24_000, 32_000, 44_100, 48_000, 90_000)

Flow = tuple[Address, Address]
"""Source and destination."""


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
    payload_types: Counter[int] = field(default_factory=Counter)
    sizes: dict[int, set[int]] = field(default_factory=dict)
    """Lengths of the payloads of each payload type, bytes."""
    _sequence: int = 0
    _timestamp: int = 0
    _elapsed: int = 0

    def add(self, packet: RtpPacket, at: float) -> None:
        """Count a packet."""
        if self.packets:
            self.in_order += 1 <= (packet.sequence - self._sequence) & 0xFFFF <= _MAX_STEP
            self._elapsed += signed_32(packet.timestamp - self._timestamp)
        self._sequence, self._timestamp, self.last = packet.sequence, packet.timestamp, max(self.last, at)
        self.packets += 1
        self.payload_types[packet.payload_type] += 1
        self.sizes.setdefault(packet.payload_type, set()).add(len(packet.payload))

    @property
    def plausible(self) -> bool:
        """Whether it is RTP indeed: its sequence numbers go up."""
        return self.packets >= MIN_PACKETS and 2 * self.in_order >= self.packets - 1

    def clock(self) -> int | None:
        """Hz at which its timestamps run, as far as the capture's clock tells."""
        if self.last - self.first < 1:
            return None
        measured = self._elapsed / (self.last - self.first)
        nearest = min(_CLOCKS, key=lambda clock: abs(clock - measured))
        return nearest if abs(nearest - measured) < 0.1 * nearest else None

    def looks_like_opus(self, number: int) -> bool:
        """Whether a dynamic payload type can only be Opus among what is decoded here.

        Opus always runs at 48 kHz (RFC 7587, section 4.1) and varies its packets' length; linear sound does not.
        """
        return number >= FIRST_DYNAMIC and self.clock() == OPUS.clock and len(self.sizes[number]) >= MIN_OPUS_SIZES

    def __str__(self) -> str:
        (host, port), (to, to_port) = self.flow
        types = ", ".join(map(str, sorted(self.payload_types)))
        return f"ssrc={self.ssrc:#x} {host}:{port} > {to}:{to_port} (payload type {types}; {self.packets} packets)"


class Detector:
    """Looks at every datagram of a capture once."""

    def __init__(self) -> None:
        self._streams: dict[tuple[Flow, int], FoundStream] = {}
        self._told: dict[Address, dict[int, Encoding]] = {}
        """Payload types, by the address on which SDP asks for them."""

    def look(self, datagram: Datagram, at: float) -> None:
        """Take a datagram captured at `at` seconds."""
        payload = datagram.payload
        if b"v=0" in payload[:4096] and b"m=audio" in payload:
            self._read_sdp(payload)
            return
        if is_rtcp(payload):
            return
        try:
            packet = parse_packet(payload)
        except MalformedPacket:
            return
        flow = (datagram.source, datagram.destination)
        key = (flow, packet.ssrc)
        if key not in self._streams:
            self._streams[key] = FoundStream(flow, packet.ssrc, at, at)
        self._streams[key].add(packet, at)

    def streams(self) -> list[FoundStream]:
        """Those that are RTP, in the order in which they begin."""
        return sorted((stream for stream in self._streams.values() if stream.plausible), key=lambda stream: stream.first)

    def payload_types(self, flow: Flow) -> dict[int, Encoding]:
        """What SDP in the capture says for a flow: the receiver's word, else the sender's, else anybody's."""
        anybody = {number: encoding for types in self._told.values() for number, encoding in types.items()}
        return anybody | self._told.get(flow[0], {}) | self._told.get(flow[1], {})

    def _read_sdp(self, payload: bytes) -> None:
        text = payload[payload.index(b"v=0") :].decode("utf-8", errors="replace")
        try:
            media = parse_sdp(text)
        except SourceError:  # a capture may hold anything; what is needed and missing is said later
            return
        for section in media:
            if section.address:
                self._told.setdefault((section.address, section.port), {}).update(section.payload_types)
