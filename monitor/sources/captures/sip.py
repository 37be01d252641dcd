"""SIP messages: whose call they belong to, and the SDP in them (RFC 3261), over UDP and in TCP's stream of bytes."""

import re
from email.parser import BytesHeaderParser
from typing import NamedTuple

from monitor.sources.captures.network import Segment
from monitor.sources.rtp.packet import Address

_START = re.compile(rb"SIP/2\.0 [1-6][0-9]{2} |[A-Z]{2,20} (?:sips?|tel):[^ \r\n]{1,2000} SIP/2\.0\r?\n")
_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")
_TAG = re.compile(r";\s*tag\s*=\s*([^;,\s>]{1,256})", re.IGNORECASE)
MAX_MESSAGE = 256 * 1024
"""Bytes of a message over TCP. One that claims more is not SIP, or damaged."""
MAX_AHEAD = 64
"""Segments of a connection that wait for one that is missing."""
MAX_WAIT = 5.0
"""Seconds for which they wait: TCP has sent it again by then, where it was not the capture alone that missed it."""
MAX_CONNECTIONS = 256
"""Directions of connections that speak SIP, at a time; the one that was silent for longest is forgotten."""


class SipMessage(NamedTuple):
    """What is needed of a message."""

    call_id: str
    """Call-ID; empty where it is missing."""
    method: str
    """Of a request; empty for a response."""
    from_tag: str
    to_tag: str
    sdp: str | None
    """Its session description, also where that is one part of several."""

    @property
    def opens(self) -> bool:
        """Whether it asks for a new call: its sender is the caller."""
        return self.method == "INVITE" and not self.to_tag

    @property
    def speaker(self) -> str:
        """Tag of whose SDP it carries: From of a request, To of a response (RFC 3261, section 12)."""
        return self.from_tag if self.method else self.to_tag


def is_sip(data: bytes | bytearray) -> bool:
    """Whether the data begins with the first line of a SIP message."""
    return _START.match(data) is not None


def parse_sip(data: bytes) -> SipMessage | None:
    """Read a whole message; None where it is none. Never raises."""
    data = data.lstrip(b"\r\n")
    if not is_sip(data):
        return None
    first, _, rest = data.partition(b"\n")
    end = _END_OF_HEADERS.search(rest)
    headers = BytesHeaderParser().parsebytes(rest[: end.start()] if end else rest)
    body = rest[end.end() :] if end else b""

    def header(name: str, compact: str) -> str:
        return str(headers.get(name) or headers.get(compact) or "").strip()

    def tag(name: str, compact: str) -> str:
        match = _TAG.search(header(name, compact))
        return match[1] if match else ""

    method = "" if first.startswith(b"SIP/") else first.split(b" ", 1)[0].decode("ascii")
    return SipMessage(header("Call-ID", "i")[:256], method, tag("From", "f"), tag("To", "t"), find_sdp(body))


def find_sdp(body: bytes) -> str | None:
    """The session description in a body, which may have other parts; None where there is none."""
    match = re.search(rb"(?:^|\n)(v=0\r?\n)", body)
    if not match:
        return None
    return body[match.start(1) :].split(b"\n--", 1)[0].decode("utf-8", errors="replace")


class SipConnections:
    """SIP out of TCP segments. Connections that do not speak it cost one comparison a segment."""

    def __init__(self) -> None:
        self._streams: dict[tuple[Address, Address], _Direction] = {}

    def push(self, segment: Segment, at: float) -> list[bytes]:
        """The messages that are complete with this segment, captured at `at` seconds."""
        ends = (segment.source, segment.destination)
        if segment.opens:
            self._streams.pop(ends, None)
        if not segment.payload:
            return []
        direction = self._streams.pop(ends, None)
        if direction is None:
            if not is_sip(segment.payload.lstrip(b"\r\n")):
                return []
            direction = _Direction(segment.sequence)
        self._streams[ends] = direction  # last in the order of eviction
        if len(self._streams) > MAX_CONNECTIONS:
            del self._streams[next(iter(self._streams))]
        return direction.push(segment.sequence, segment.payload, at)

    def flush(self) -> list[bytes]:
        """The messages behind what never came: the capture is over."""
        return [message for direction in self._streams.values() for message in direction.flush()]


class _Direction:
    """One direction of a connection, from the first message that was seen."""

    def __init__(self, sequence: int) -> None:
        self._next = sequence
        self._ahead: dict[int, bytes] = {}
        self._text = bytearray()
        self._moved = 0.0
        """Capture time of the last segment that was next in order."""

    def push(self, sequence: int, payload: bytes, at: float) -> list[bytes]:
        if not self._ahead:
            self._moved = at
        self._take(sequence, payload)
        self._take_waiting()
        found = self._messages()
        if len(self._ahead) > MAX_AHEAD or len(self._text) > MAX_MESSAGE or (self._ahead and at - self._moved > MAX_WAIT):
            self._resynchronise()
            found += self._messages()
        return found

    def flush(self) -> list[bytes]:
        found: list[bytes] = []
        while self._ahead:
            self._resynchronise()
            found += self._messages()
        return found

    def _distance(self, sequence: int) -> int:
        return (sequence - self._next + 0x80000000 & 0xFFFFFFFF) - 0x80000000

    def _take(self, sequence: int, payload: bytes) -> None:
        distance = self._distance(sequence)
        if distance > 0:
            self._ahead[sequence] = max(self._ahead.get(sequence, b""), payload, key=len)  # it may be sent again with more
        elif -distance < len(payload):  # else it was sent again
            self._text += payload[-distance:]
            self._next = sequence + len(payload) & 0xFFFFFFFF

    def _resynchronise(self) -> None:
        """What is missing was not captured: go on with the next message that begins a segment."""
        self._text.clear()
        for sequence in sorted(self._ahead, key=self._distance):
            payload = self._ahead.pop(sequence)
            self._next = sequence
            if is_sip(payload):
                self._take(sequence, payload)
                break
            self._next = sequence + len(payload) & 0xFFFFFFFF
        self._take_waiting()

    def _take_waiting(self) -> None:
        while waiting := [sequence for sequence in self._ahead if self._distance(sequence) <= 0]:
            for sequence in sorted(waiting, key=self._distance):
                self._take(sequence, self._ahead.pop(sequence))

    def _messages(self) -> list[bytes]:
        found: list[bytes] = []
        while True:
            del self._text[: len(self._text) - len(self._text.lstrip(b"\r\n"))]  # keep-alives (RFC 5626, section 3.5.1)
            end = _END_OF_HEADERS.search(self._text)
            if not end:
                return found
            if not is_sip(self._text):
                self._text.clear()
                return found
            size = end.end() + _content_length(bytes(self._text[: end.start()]))
            if len(self._text) < size:
                return found
            found.append(bytes(self._text[:size]))
            del self._text[:size]


def _content_length(head: bytes) -> int:
    match = re.search(rb"\n(?:content-length|l)[ \t]*:[ \t]*([0-9]{1,6})[ \t]*(?:\r|\n|$)", head, re.IGNORECASE)
    return min(int(match[1]), MAX_MESSAGE) if match else 0
