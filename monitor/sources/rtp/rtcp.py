"""RTCP: what a receiver that never answers needs of it: sender reports and goodbyes (RFC 3550, section 6)."""

import struct
from dataclasses import dataclass

from monitor.sources.rtp.packet import MalformedPacket

_SENDER_REPORT, _GOODBYE = 200, 203
_REPORT = struct.Struct(">IIII")
_NTP_TO_UNIX = 2_208_988_800
"""Seconds from 1900 to 1970."""


@dataclass(frozen=True, slots=True)
class SenderReport:
    """The sender's wall clock at an RTP timestamp."""

    ssrc: int
    wall: float
    """Seconds since 1970, by the sender's clock. Some senders count from their own start."""
    timestamp: int
    """The RTP timestamp of that moment."""


@dataclass(frozen=True, slots=True)
class Goodbye:
    """These streams are over."""

    ssrcs: tuple[int, ...]


def parse_rtcp(datagram: bytes) -> list[SenderReport | Goodbye]:
    """Read a compound packet, a reduced-size one too (RFC 5506). Other packet types are skipped. Raises `MalformedPacket`."""
    if not datagram:
        raise MalformedPacket("empty RTCP datagram")
    found: list[SenderReport | Goodbye] = []
    at = 0
    while at < len(datagram):
        if at + 4 > len(datagram):
            raise MalformedPacket("RTCP ends within a header")
        flags, kind, words = struct.unpack_from(">BBH", datagram, at)
        end = at + 4 + 4 * words
        if flags >> 6 != 2 or end > len(datagram):
            raise MalformedPacket("RTCP of another version, or longer than its datagram")
        body = datagram[at + 4 : end]
        if kind == _SENDER_REPORT:
            found.append(_sender_report(body))
        elif kind == _GOODBYE:
            found.append(_goodbye(body, flags & 0x1F))
        at = end
    return found


def _sender_report(body: bytes) -> SenderReport:
    if len(body) < 24:
        raise MalformedPacket("RTCP sender report is cut short")
    ssrc, seconds, fraction, timestamp = _REPORT.unpack_from(body)
    return SenderReport(ssrc, seconds + fraction / 2**32 - _NTP_TO_UNIX, timestamp)


def _goodbye(body: bytes, count: int) -> Goodbye:
    if len(body) < 4 * count:
        raise MalformedPacket("RTCP goodbye is cut short")
    return Goodbye(struct.unpack_from(f">{count}I", body))
