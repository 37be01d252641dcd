"""RTP packets from bytes (RFC 3550, section 5.1)."""

import struct
from typing import NamedTuple

HEADER = struct.Struct(">BBHII")
"""What every packet begins with: version and flags, marker and payload type, sequence number, timestamp, SSRC."""
PLAIN = 0x80
"""The first octet of a packet of version 2 that has no padding, extension or CSRCs."""


Address = tuple[str, int]
"""Host and port."""


class MalformedPacket(ValueError):
    """A datagram that is neither RTP nor RTCP. Counted, never fatal."""


class RtpPacket(NamedTuple):
    """One packet."""

    payload_type: int
    marker: bool
    """The first packet after a pause, by most audio profiles; some senders set it always, some never."""
    sequence: int
    """16 bits."""
    timestamp: int
    """32 bits, in units of the payload's clock."""
    ssrc: int
    payload: bytes
    """Without padding."""


def is_rtcp(datagram: bytes) -> bool:
    """Whether a datagram on a shared port is RTCP: packet types 192 to 223 (RFC 5761, section 4)."""
    return len(datagram) >= 2 and 192 <= datagram[1] <= 223


_STUN_COOKIE, _ZRTP_COOKIE = b"\x21\x12\xa4\x42", b"ZRTP"
_KEEP_ALIVE = 8
"""Bytes. What is no longer, and is too short for RTP, only keeps a NAT's port open (RFC 6263, section 4)."""


def is_signalling(datagram: bytes) -> bool:
    """Whether a datagram on a port of RTP is what else belongs there: STUN, DTLS, ZRTP, TURN's channels (RFC 7983), a
    keep-alive.

    >>> is_signalling(b""), is_signalling(bytes.fromhex("000100002112a442") + bytes(12)), is_signalling(bytes(20))
    (True, True, False)
    """
    if len(datagram) <= _KEEP_ALIVE:
        return not datagram or datagram[0] >> 6 != 2
    first = datagram[0]
    if first <= 3 or 16 <= first <= 19:
        return datagram[4:8] in (_STUN_COOKIE, _ZRTP_COOKIE)
    dtls = 20 <= first <= 63 and datagram[1] == 0xFE and datagram[2] in (0xFF, 0xFD, 0xFC)
    return dtls or 64 <= first <= 79


def parse_packet(datagram: bytes) -> RtpPacket:
    """Read an RTP packet. Raises `MalformedPacket`, never anything else.

    >>> parse_packet(bytes.fromhex("80800001000000a0deadbeefffff"))
    RtpPacket(payload_type=0, marker=True, sequence=1, timestamp=160, ssrc=3735928559, payload=b'\\xff\\xff')
    """
    size = len(datagram)
    if size < HEADER.size:
        raise MalformedPacket(f"{size} bytes are too few for RTP")
    flags, second, sequence, timestamp, ssrc = HEADER.unpack_from(datagram)
    if flags >> 6 != 2:
        raise MalformedPacket(f"RTP version {flags >> 6}, not 2")
    start, end = HEADER.size, size
    if flags & 0x3F:  # padding, extension or CSRCs
        start += 4 * (flags & 0x0F)
        if flags & 0x10:
            if start + 4 > size:
                raise MalformedPacket("the packet ends before its header extension")
            start += 4 + 4 * int.from_bytes(datagram[start + 2 : start + 4], "big")
        if flags & 0x20 and start < size:
            end -= datagram[-1]
            if datagram[-1] == 0:
                raise MalformedPacket("padding of no bytes")
        if start > end:
            raise MalformedPacket("CSRCs, extension and padding are longer than the packet")
    return RtpPacket(second & 0x7F, second > 0x7F, sequence, timestamp, ssrc, datagram[start:end])
