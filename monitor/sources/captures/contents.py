"""What is in a capture: its streams, the lines they form, and the calls."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog

from monitor.audio.codecs import Encoding
from monitor.events import Leg
from monitor.sources.captures.calls import Call, find_calls
from monitor.sources.captures.content import judge
from monitor.sources.captures.format import CaptureClock, TruncatedCapture, read_capture
from monitor.sources.captures.lines import JudgedStream, Line, join
from monitor.sources.captures.network import Datagram, NetworkReader, Segment
from monitor.sources.captures.signalling import Signalling
from monitor.sources.captures.sip import SipConnections, find_sdp, parse_sip
from monitor.sources.captures.streams import MAX_STREAMS, StreamFinder
from monitor.sources.captures.tunnels import is_read

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Contents:
    """A capture, read once."""

    path: Path
    lines: list[Line]
    calls: list[Call]
    """Copies of calls are among them."""
    unread_links: frozenset[int] = frozenset()
    """Link layers of which no frame was read, by the numbers of tcpdump.org/linktypes.html."""

    def rows(self) -> list[dict[str, object]]:
        """A row a line, for people and for JSON."""
        begin = min((line.first for line in self.lines), default=0.0)
        return [self._row(line, begin) for line in self.lines]

    def _row(self, line: Line, begin: float) -> dict[str, object]:
        call = self.call_of(line)
        (source, source_port), (to, to_port) = line.flow
        return {
            "stream": line.number,
            "call": call.number or None if call else None,
            "leg": _leg(call, line) if call and call.copy_of is None else None,
            "starts": round(line.first - begin, 2),
            "seconds": round(line.last - line.first, 2),
            "ssrc": f"{line.parts[0].stream.ssrc:#010x}",
            "from": f"{source}:{source_port}",
            "to": f"{to}:{to_port}",
            "content": line.content.name,
            "packets": line.packets,
            "copies": line.copies,
            "note": "; ".join(self._notes(line)),
            "call_id": line.call_id or None,
        }

    def copied(self, line: Line) -> Line | None:
        """The line that has the same packets, and is heard in its place."""
        call = self.call_of(line)
        return next((each for each in call.copy_of.lines if line.is_copy_of(each)), None) if call and call.copy_of else None

    def call_of(self, line: Line) -> Call | None:
        """The call of a line; None where it is no audio."""
        return next((call for call in self.calls if line in call.lines), None)

    def _notes(self, line: Line) -> list[str]:
        notes = [line.content.problem, line.content.unheard, *line.types()[1]]
        notes += [
            f"payload type {number} is taken for {name}: nothing says so" for number, name in line.content.guessed.items()
        ]
        if original := self.copied(line):
            notes.append(f"the same packets as stream {original.number}")
        if len(line.parts) > 1:
            notes.append(f"{len(line.parts)} streams one after the other")
        return [note for note in notes if note]


def _leg(call: Call, line: Line) -> Leg:
    legs: tuple[Leg, ...] = ("customer", "agent") if len(call.lines) == 2 else ("mixed",)
    return legs[call.lines.index(line)]


def read_contents(path: Path, told: Mapping[int, Encoding]) -> Contents:
    """Read a capture to its end; of a truncated one, what is good. `told`: payload types that the user explains.

    Raises `SourceError` where it is none, or is cut off before the first stream.
    """
    reader = _Reader()
    try:
        clock = CaptureClock()
        for frame in read_capture(path):
            reader.take(frame.link_type, frame.data, clock.read(frame.at))
    except TruncatedCapture:
        if not reader.finder.streams():
            raise
    reader.finish()
    if reader.finder.beyond:
        log.warning("streams_beyond_limit", file=str(path), limit=MAX_STREAMS, packets_not_looked_at=reader.finder.beyond)
    parts = []
    for stream in reader.finder.streams():
        said = reader.signalling.describe(stream.flow, stream.first, stream.last, stream.numbers)
        parts.append(JudgedStream(stream, said, judge(stream, said, told)))
    lines = join(parts)
    return Contents(path, lines, find_calls(lines), frozenset(reader.unread))


class _Reader:
    """Hands each frame to who understands it."""

    def __init__(self) -> None:
        self.finder, self.signalling = StreamFinder(), Signalling()
        self._network, self._connections = NetworkReader(), SipConnections()
        self._now = 0.0
        self.unread: set[int] = set()

    def take(self, link_type: int, frame: bytes, now: float) -> None:
        self._now = now
        if not is_read(link_type):
            self.unread.add(link_type)
        found = self._network.read(link_type, frame, now)
        if isinstance(found, Segment):
            for message in self._connections.push(found, now):
                self._hear(message)
        elif found:
            self._datagram(found)

    def finish(self) -> None:
        for message in self._connections.flush():
            self._hear(message)

    def _datagram(self, datagram: Datagram) -> None:
        if datagram.payload[:1] >= b"\x80" and datagram.payload[:1] < b"\xc0":  # version 2 (RFC 3550, section 5.1)
            self.finder.look(datagram, self._now)
        else:
            self._hear(datagram.payload)

    def _hear(self, message: bytes) -> None:
        sip = parse_sip(message)
        if sip:
            self.signalling.hear(sip, self._now)
        elif b"m=audio" in message and (sdp := find_sdp(message)):  # MGCP, RTSP, SAP
            self.signalling.hear_sdp(sdp, self._now)
