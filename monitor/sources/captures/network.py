"""UDP datagrams and TCP segments out of captured frames, through whatever they are wrapped in."""

import struct
from functools import lru_cache
from ipaddress import ip_address
from typing import NamedTuple

from monitor.sources.captures.fragments import Fragments, Hosts
from monitor.sources.captures.tunnels import END, IPV4, IPV6, MPLS, VXLAN_PORTS, Layer, gre, link_layer, unwrap, vxlan
from monitor.sources.rtp.packet import Address

MAX_LAYERS = 24
"""Headers of one frame. Two tunnels with their tags and labels have 12; more is an attack or damage."""
_TCP, _UDP, _GRE, _FRAGMENT, _MPLS_IN_IP = 6, 17, 47, 44, 137
_IP_IN_IP = {4: IPV4, 41: IPV6}
_EXTENSIONS = {0, 43, 60}
"""IPv6 headers that may stand before the payload: hop-by-hop, routing, destination options."""


class Datagram(NamedTuple):
    """A UDP datagram."""

    source: Address
    destination: Address
    payload: bytes
    cut: bool = False
    """The frame was captured in part only (a snap length)."""


class Segment(NamedTuple):
    """A TCP segment (RFC 9293, section 3.1)."""

    source: Address
    destination: Address
    sequence: int
    """Of the first byte of `payload`, 32 bits."""
    payload: bytes
    opens: bool
    """Whether it is a SYN: what follows is the beginning of its direction."""


class _Packet(NamedTuple):
    protocol: int
    hosts: Hosts
    payload: bytes
    """As much as was captured."""
    length: int
    """Of the payload, by the header; 0 where it does not tell."""


class NetworkReader:
    """Takes frames apart. Never raises, whatever the bytes, and holds a bounded number of fragments."""

    def __init__(self) -> None:
        self.fragments = Fragments()

    def read(self, link_type: int, frame: bytes, at: float) -> Datagram | Segment | None:
        """What a frame captured at `at` seconds carries; None where that is neither, or not complete yet."""
        layer = link_layer(link_type, frame)
        for _ in range(MAX_LAYERS):
            if layer.kind not in (IPV4, IPV6):
                layer = unwrap(layer)
                if layer is END:
                    return None
                continue
            packet = _ipv4(layer.data) if layer.kind == IPV4 else _ipv6(layer.data)
            packet = self._complete(packet, layer, at) if packet else None
            if packet is None:
                return None
            if packet.protocol == _TCP:
                return _tcp(packet)
            if packet.protocol == _UDP:
                datagram = _udp(packet)
                inner = vxlan(datagram.payload) if datagram and datagram.destination[1] in VXLAN_PORTS else END
                if inner is END:
                    return datagram
                layer = inner
            else:
                layer = _tunnelled(packet)
        return None

    def _complete(self, packet: _Packet, layer: Layer, at: float) -> _Packet | None:
        """The packet itself, or of which this is the last fragment that was missing; None while some are."""
        if layer.kind == IPV4:
            data, field = layer.data, int.from_bytes(layer.data[6:8], "big")
            if not field & 0x3FFF:
                return packet
            identification, protocol, payload = int.from_bytes(data[4:6], "big"), packet.protocol, packet.payload
            offset, more = (field & 0x1FFF) * 8, bool(field & 0x2000)
        elif packet.protocol == _FRAGMENT:
            head, payload = packet.payload[:8], packet.payload[8:]
            if len(head) < 8:
                return None
            protocol, field, identification = struct.unpack(">BxHI", head)
            offset, more = field & 0xFFF8, bool(field & 1)
        else:
            return packet
        whole = self.fragments.add((packet.hosts, identification, protocol), offset, more, payload, at)
        return None if whole is None else _Packet(protocol, packet.hosts, whole, len(whole))


def _tunnelled(packet: _Packet) -> Layer:
    if packet.protocol == _GRE:
        return gre(packet.payload)
    if packet.protocol == _MPLS_IN_IP:
        return Layer(MPLS[0], packet.payload)
    return Layer(_IP_IN_IP[packet.protocol], packet.payload) if packet.protocol in _IP_IN_IP else END


def _ipv4(data: bytes) -> _Packet | None:
    header = (data[0] & 0x0F) * 4 if data else 0
    if len(data) < 20 or data[0] >> 4 != 4 or header < 20:
        return None
    total = int.from_bytes(data[2:4], "big")  # 0 where the network card was to fill it in
    payload = data[header:total] if total > header else data[header:]
    return _Packet(data[9], (_host(data[12:16]), _host(data[16:20])), payload, max(0, total - header))


def _ipv6(data: bytes) -> _Packet | None:
    if len(data) < 40 or data[0] >> 4 != 6:
        return None
    length = int.from_bytes(data[4:6], "big")
    end = 40 + length if length else len(data)
    kind, start = data[6], 40
    while kind in _EXTENSIONS and start + 8 <= len(data):
        kind, start = data[start], start + 8 + 8 * data[start + 1]
    hosts = (_host(data[8:24]), _host(data[24:40]))
    return _Packet(kind, hosts, data[start:end], max(0, end - start) if length else 0)


def _udp(packet: _Packet) -> Datagram | None:
    if len(packet.payload) < 8:
        return None
    source, destination, length = struct.unpack_from(">HHH", packet.payload)
    if length < 8:
        return None
    ends = (packet.hosts[0], source), (packet.hosts[1], destination)
    return Datagram(*ends, packet.payload[8:length], cut=length > len(packet.payload))


def _tcp(packet: _Packet) -> Segment | None:
    if len(packet.payload) < 20:
        return None
    source, destination, sequence = struct.unpack_from(">HHI", packet.payload)
    offset, flags = packet.payload[12] >> 4, packet.payload[13]
    opens = bool(flags & 0x02)
    ends = (packet.hosts[0], source), (packet.hosts[1], destination)
    return Segment(*ends, sequence + opens & 0xFFFFFFFF, packet.payload[4 * offset :], opens) if offset >= 5 else None


@lru_cache(maxsize=4_096)
def _host(packed: bytes) -> str:
    return str(ip_address(packed))
