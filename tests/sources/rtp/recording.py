"""Capture files made by hand: datagrams into frames of any link layer, frames into pcap or pcapng."""

import struct
from collections.abc import Iterable
from ipaddress import ip_address
from pathlib import Path

from tests.sources.rtp.sender import Sent

HOME = ("203.0.113.7", 7_000)
"""Where the senders send to."""
EPOCH = 1_700_000_000


def udp(source: tuple[str, int], destination: tuple[str, int], payload: bytes) -> bytes:
    """An IP packet of version 4 or 6."""
    segment = struct.pack(">HHHH", source[1], destination[1], 8 + len(payload), 0) + payload
    ends = ip_address(source[0]).packed + ip_address(destination[0]).packed
    if len(ends) == 8:
        return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(segment), 1, 0x4000, 64, 17, 0) + ends + segment
    return struct.pack(">IHBB", 6 << 28, len(segment), 17, 64) + ends + segment


def ethernet(packet: bytes) -> bytes:
    return bytes(12) + (b"\x08\x00" if packet[0] >> 4 == 4 else b"\x86\xdd") + packet


def vlan(packet: bytes) -> bytes:
    return bytes(12) + b"\x88\xa8\x00\x01\x81\x00\x00\x02" + ethernet(packet)[12:]


def cooked(packet: bytes) -> bytes:
    return bytes(14) + ethernet(packet)[12:]


def cooked_2(packet: bytes) -> bytes:
    return ethernet(packet)[12:14] + bytes(18) + packet


def loopback(packet: bytes) -> bytes:
    return b"\x02\x00\x00\x00" + packet


def raw(packet: bytes) -> bytes:
    return packet


LINKS = {1: ethernet, 113: cooked, 276: cooked_2, 101: raw, 0: loopback}


def pcap(frames: Iterable[tuple[float, bytes]], link_type: int = 1, order: str = "<", nano: bool = False) -> bytes:
    magic, unit = (0xA1B23C4D, 1e9) if nano else (0xA1B2C3D4, 1e6)
    head = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65_535, link_type)
    return head + b"".join(
        struct.pack(order + "IIII", EPOCH + int(at), round(at % 1 * unit), len(frame), len(frame)) + frame
        for at, frame in frames
    )


def _block(order: str, kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    return struct.pack(order + "II", kind, 12 + len(body)) + body + struct.pack(order + "I", 12 + len(body))


def pcapng(frames: Iterable[tuple[float, bytes]], link_type: int = 1, order: str = "<") -> bytes:
    """Nanoseconds, by option if_tsresol."""
    section = _block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    interface = _block(order, 1, struct.pack(order + "HHI", link_type, 0, 0) + struct.pack(order + "HHB3xI", 9, 1, 9, 0))
    body = b""
    for at, frame in frames:
        units = round((EPOCH + at) * 1e9)
        head = struct.pack(order + "IIIII", 0, units >> 32, units & 0xFFFFFFFF, len(frame), len(frame))
        body += _block(order, 6, head + frame)
    return section + interface + body


def frames(sent: Iterable[Sent], link: int = 1) -> list[tuple[float, bytes]]:
    """Datagrams on their way to `HOME` (customer's side sends to an even port, the other to the next even one)."""
    ordered = sorted(sent, key=lambda each: each.at)
    return [(each.at, LINKS[link](udp(each.address, (HOME[0], HOME[1] + 2 * each.port), each.data))) for each in ordered]


def save(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
