"""Which datagrams of a capture are a leg's, on the second reading."""

from collections import Counter, defaultdict
from typing import NamedTuple

from monitor.sources.captures.duplicates import Duplicates, fingerprint
from monitor.sources.captures.fragments import Hosts
from monitor.sources.captures.lines import Line
from monitor.sources.captures.network import Datagram
from monitor.sources.captures.signalling import Flow
from monitor.sources.rtp.packet import Address, MalformedPacket, is_rtcp, parse_packet


class Routed(NamedTuple):
    """A datagram of a leg."""

    leg: int
    """Index of the leg."""
    payload: bytes
    source: Address
    """The one from which the leg came first: it was found to be one speaker's from wherever it comes."""


class Routes:
    """The streams of the chosen lines and their RTCP; everything else in the capture is none of the call's."""

    def __init__(self) -> None:
        self.copies: Counter[int] = Counter()
        """Packets captured twice, by leg."""
        self.cut: Counter[int] = Counter()
        """Datagrams captured in part, by leg."""
        self.hosts: list[set[Hosts]] = []
        """Of each leg's flows."""
        self._sources: list[Address] = []
        self._rtp: dict[tuple[Flow, int], int] = {}
        self._other: dict[Flow, int] = {}
        self._duplicates: dict[tuple[Flow, int], Duplicates] = defaultdict(Duplicates)

    def add(self, line: Line) -> int:
        """Route a line's streams to the next leg; its index."""
        leg = len(self.hosts)
        self.hosts.append(set())
        self._sources.append(line.flow[0])
        for part in line.parts:
            flow = part.stream.flow
            (host, port), (to, to_port) = flow
            self._rtp[flow, part.stream.ssrc] = leg
            self._other[flow] = self._other[(host, port + 1), (to, to_port + 1)] = leg
            self.hosts[leg].add((host, to))
        return leg

    def find(self, datagram: Datagram, at: float) -> Routed | None:
        """The leg of a datagram captured at `at` seconds; None where it has none, is a copy, or was captured in part."""
        flow = (datagram.source, datagram.destination)
        if is_rtcp(datagram.payload):
            leg = self._other.get(flow)
        else:
            try:
                packet = parse_packet(datagram.payload)
            except MalformedPacket:
                leg = self._other.get(flow)
            else:
                leg = self._rtp.get((flow, packet.ssrc))
                if leg is not None and self._duplicates[flow, packet.ssrc].is_copy(fingerprint(packet), at):
                    self.copies[leg] += 1
                    return None
        if leg is None:
            return None
        if datagram.cut:
            self.cut[leg] += 1
            return None
        return Routed(leg, datagram.payload, self._sources[leg])
