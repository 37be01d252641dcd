"""UDP datagrams out of captured frames: link layer, VLAN tags, IPv4 and IPv6."""

import struct
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

from monitor.sources.rtp.ownership import Address

_NULL, _ETHERNET, _RAW_OLD, _RAW_BSD, _RAW, _LOOP, _COOKED, _IPV4, _IPV6, _COOKED_2 = 0, 1, 12, 14, 101, 108, 113, 228, 229, 276
_VLAN = {0x8100, 0x88A8, 0x9100}
_UDP, _FRAGMENT = 17, 44
_EXTENSIONS = {0, 43, 60}
"""IPv6 headers that may stand before UDP: hop-by-hop, routing, destination options."""


class Datagram(NamedTuple):
    """A UDP datagram."""

    source: Address
    destination: Address
    payload: bytes


class UdpReader:
    """Takes frames apart, and counts the datagrams that were not whole."""

    def __init__(self) -> None:
        self.fragments = 0
        """IP fragments: not put together again."""
        self.truncated = 0
        """Captured only in part (a snap length)."""

    def read(self, link_type: int, frame: bytes) -> Datagram | None:
        """The datagram in a frame; None where there is none, or not a whole one. Never raises, whatever the bytes."""
        packet = _network_layer(link_type, frame)
        if not packet:
            return None
        if packet[0] >> 4 == 4:
            return self._ipv4(packet)
        return self._ipv6(packet) if packet[0] >> 4 == 6 else None

    def _ipv4(self, packet: bytes) -> Datagram | None:
        header = (packet[0] & 0x0F) * 4
        if len(packet) < 20 or header < 20 or packet[9] != _UDP:
            return None
        if int.from_bytes(packet[6:8], "big") & 0x3FFF:  # more fragments, or an offset
            self.fragments += 1
            return None
        return self._udp(str(IPv4Address(packet[12:16])), str(IPv4Address(packet[16:20])), packet[header:])

    def _ipv6(self, packet: bytes) -> Datagram | None:
        if len(packet) < 40:
            return None
        kind, start = packet[6], 40
        while kind in _EXTENSIONS and start + 8 <= len(packet):
            kind, start = packet[start], start + 8 + 8 * packet[start + 1]
        if kind == _FRAGMENT:
            self.fragments += 1
        if kind != _UDP:
            return None
        return self._udp(str(IPv6Address(packet[8:24])), str(IPv6Address(packet[24:40])), packet[start:])

    def _udp(self, source: str, destination: str, segment: bytes) -> Datagram | None:
        if len(segment) < 8:
            self.truncated += 1
            return None
        source_port, destination_port, length = struct.unpack_from(">HHH", segment)
        if length > len(segment) or length < 8:
            self.truncated += 1
            return None
        return Datagram((source, source_port), (destination, destination_port), segment[8:length])


def _network_layer(link_type: int, frame: bytes) -> bytes:
    """The frame from its IP header on; empty where it has none."""
    if link_type in (_RAW, _RAW_OLD, _RAW_BSD, _IPV4, _IPV6):
        return frame
    if link_type in (_NULL, _LOOP):
        return frame[4:]
    start = {_ETHERNET: 12, _COOKED: 14, _COOKED_2: 0}.get(link_type)
    if start is None:
        return b""
    kind = frame[start : start + 2]
    if link_type == _COOKED_2:
        return frame[20:] if kind in (b"\x08\x00", b"\x86\xdd") else b""
    while int.from_bytes(kind, "big") in _VLAN:
        start += 4
        kind = frame[start : start + 2]
    return frame[start + 2 :] if kind in (b"\x08\x00", b"\x86\xdd") else b""
