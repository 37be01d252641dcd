"""Wraps captured frames as networks do: tags, labels, tunnels, fragments; and SIP in TCP segments."""

import struct
from ipaddress import ip_address

from tests.sources.rtp.recording import ethernet, udp

INNER_MAC = bytes.fromhex("020000000001020000000002")
OUTER = (("198.51.100.1", 40_000), ("198.51.100.2", 4_789))


def ip(protocol: int, payload: bytes, source: str = OUTER[0][0], destination: str = OUTER[1][0]) -> bytes:
    """An IP packet of version 4 or 6."""
    ends = ip_address(source).packed + ip_address(destination).packed
    if len(ends) == 8:
        return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 1, 0x4000, 64, protocol, 0) + ends + payload
    return struct.pack(">IHBB", 6 << 28, len(payload), protocol, 64) + ends + payload


def framed(kind: int, data: bytes) -> bytes:
    return INNER_MAC + kind.to_bytes(2, "big") + data


def vlan(packet: bytes) -> bytes:
    return framed(0x8100, b"\x00\x07" + ethernet(packet)[12:])


def mpls(packet: bytes) -> bytes:
    return framed(0x8847, bytes.fromhex("000640ff000651ff") + packet)


def mpls_with_control_word(packet: bytes) -> bytes:
    return framed(0x8847, bytes.fromhex("000651ff") + bytes(4) + framed(0x0800, packet))


def mpls_without_control_word(packet: bytes) -> bytes:
    return framed(0x8847, bytes.fromhex("000651ff") + b"\x52" + framed(0x0800, packet)[1:])


def pppoe(packet: bytes) -> bytes:
    return framed(0x8864, struct.pack(">BBHH", 0x11, 0, 7, len(packet) + 2) + b"\x00\x21" + packet)


def gre(packet: bytes) -> bytes:
    return framed(0x0800, ip(47, b"\0\0\x08\0" + packet))


def gre_with_key_checksum_and_sequence(packet: bytes) -> bytes:
    return framed(0x0800, ip(47, b"\xb0\0\x08\0" + bytes(12) + packet))


def gre_of_ethernet(packet: bytes) -> bytes:
    return framed(0x0800, ip(47, b"\0\0\x65\x58" + framed(0x0800, packet)))


def erspan_1(packet: bytes) -> bytes:
    return framed(0x0800, ip(47, b"\0\0\x88\xbe" + framed(0x0800, packet)))


def erspan_2(packet: bytes) -> bytes:
    return framed(0x0800, ip(47, b"\x10\0\x88\xbe" + bytes(4) + b"\x10\x01\0\x64" + bytes(4) + framed(0x0800, packet)))


def erspan_3(packet: bytes) -> bytes:
    return framed(0x0800, ip(47, b"\x10\0\x22\xeb" + bytes(4) + b"\x20\x01" + bytes(10) + framed(0x0800, packet)))


def erspan_3_with_platform(packet: bytes) -> bytes:
    header = b"\x20\x01" + bytes(9) + b"\x01" + bytes(8)
    return framed(0x0800, ip(47, b"\x10\0\x22\xeb" + bytes(4) + header + framed(0x0800, packet)))


def vxlan(packet: bytes) -> bytes:
    return framed(0x0800, udp(*OUTER, b"\x08\0\0\0\0\0\x07\0" + framed(0x0800, packet)))


def ip_in_ip(packet: bytes) -> bytes:
    return framed(0x0800, ip(4, packet))


def ip_in_ip_6(packet: bytes) -> bytes:
    return framed(0x86DD, ip(4, packet, "2001:db8::1", "2001:db8::2"))


def vlan_in_vxlan_in_mpls_in_gre(packet: bytes) -> bytes:
    inner = udp(*OUTER, b"\x08\0\0\0\0\0\x07\0" + vlan(packet))
    return framed(0x0800, ip(47, b"\0\0\x88\x47" + bytes.fromhex("000651ff") + inner))


TUNNELS = (
    vlan,
    mpls,
    mpls_with_control_word,
    mpls_without_control_word,
    pppoe,
    gre,
    gre_with_key_checksum_and_sequence,
    gre_of_ethernet,
    erspan_1,
    erspan_2,
    erspan_3,
    erspan_3_with_platform,
    vxlan,
    ip_in_ip,
    ip_in_ip_6,
    vlan_in_vxlan_in_mpls_in_gre,
)


def fragments_4(packet: bytes, size: int, identification: int = 9) -> list[bytes]:
    """An IPv4 packet in frames whose payloads have `size` bytes, a multiple of 8."""
    payload = packet[20:]
    pieces = []
    for start in range(0, len(payload), size):
        piece = payload[start : start + size]
        field = (0x2000 if start + size < len(payload) else 0) | start // 8
        head = packet[:2] + struct.pack(">HHH", 20 + len(piece), identification, field) + packet[8:20]
        pieces.append(ethernet(head + piece))
    return pieces


def fragments_6(packet: bytes, size: int, identification: int = 9) -> list[bytes]:
    """The same of IPv6."""
    payload, protocol = packet[40:], packet[6]
    pieces = []
    for start in range(0, len(payload), size):
        piece = payload[start : start + size]
        more = start + size < len(payload)
        header = struct.pack(">BBHI", protocol, 0, start | more, identification)
        pieces.append(ethernet(packet[:4] + struct.pack(">HB", 8 + len(piece), 44) + packet[7:40] + header + piece))
    return pieces


def tcp(
    source: tuple[str, int],
    destination: tuple[str, int],
    sequence: int,
    payload: bytes,
    flags: int = 0x18,
    padding: bytes = b"",
) -> bytes:
    """A frame with a TCP segment; `padding`: of a short Ethernet frame."""
    head = struct.pack(">HHIIBBHHH", source[1], destination[1], sequence, 0, 0x50, flags, 8_192, 0, 0)
    return ethernet(ip(6, head + payload, source[0], destination[0])) + padding


def segments(
    source: tuple[str, int], destination: tuple[str, int], text: bytes, size: int, sequence: int = 0xFFFFFF00
) -> list[bytes]:
    """A stream of bytes in frames of at most `size` bytes of it; its sequence numbers wrap around."""
    return [
        tcp(source, destination, sequence + start & 0xFFFFFFFF, text[start : start + size])
        for start in range(0, len(text), size)
    ]
