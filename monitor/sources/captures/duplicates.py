"""Tells packets that were captured twice: by a mirror port that copies both ways through a switch, or on two interfaces."""

import zlib

from monitor.sources.rtp.packet import RtpPacket

WITHIN = 1.0
"""Seconds in which a copy is one. A sender that plays a recording again does so later."""
REMEMBERED = 256
"""Packets of a stream."""


def fingerprint(packet: RtpPacket) -> int:
    """32 bits that are equal for copies, whatever their addresses, hop count and tags.

    >>> a = RtpPacket(0, False, 1, 160, 7, b"x")
    >>> fingerprint(a) == fingerprint(a._replace(marker=True)), fingerprint(a) == fingerprint(a._replace(sequence=2))
    (True, False)
    """
    header = packet.sequence | packet.timestamp << 16 | packet.ssrc << 48
    return zlib.crc32(packet.payload, zlib.crc32(header.to_bytes(10, "big")))


class Duplicates:
    """The latest packets of one stream."""

    def __init__(self) -> None:
        self.count = 0
        self._seen: dict[int, float] = {}

    def is_copy(self, mark: int, at: float) -> bool:
        """Whether a packet with this fingerprint was captured just before `at` (seconds); else it is remembered."""
        before = self._seen.pop(mark, None)
        if before is not None and abs(at - before) <= WITHIN:
            self._seen[mark] = before
            self.count += 1
            return True
        self._seen[mark] = at
        if len(self._seen) > REMEMBERED:
            del self._seen[next(iter(self._seen))]
        return False
