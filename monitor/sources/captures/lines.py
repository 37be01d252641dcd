"""Joins the streams of a capture that are one speaker's: after a new SSRC, a re-INVITE, or a move to another port."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from monitor.audio.codecs import Encoding
from monitor.sources.captures.content import Content
from monitor.sources.captures.signalling import Description, Flow, Side
from monitor.sources.captures.streams import FoundStream

OVERLAP = 1.0
"""Seconds by which one stream may begin before its predecessor ends."""
MAX_PAUSE = 30.0
"""Seconds between two streams of one flow that are taken for one speaker's though no SIP says that they are one call."""


@dataclass(frozen=True, slots=True, eq=False)
class JudgedStream:
    """A stream with what is known of it."""

    stream: FoundStream
    said: Description
    content: Content


@dataclass(slots=True, eq=False)
class Line:
    """One speaker's streams, one after the other."""

    parts: list[JudgedStream]
    number: int = 0
    """In the order in which the lines of a capture begin, from 1; for people, who choose by it."""

    @property
    def flow(self) -> Flow:
        """That of its first stream."""
        return self.parts[0].stream.flow

    @property
    def first(self) -> float:
        """Capture time of its first packet, seconds."""
        return self.parts[0].stream.first

    @property
    def last(self) -> float:
        """Capture time of its last packet, seconds."""
        return max(part.stream.last for part in self.parts)

    @property
    def packets(self) -> int:
        """Packets, each counted once."""
        return sum(part.stream.packets for part in self.parts)

    @property
    def copies(self) -> int:
        """Packets that were captured twice on their way, and left out."""
        return sum(part.stream.duplicates.count for part in self.parts)

    @property
    def content(self) -> Content:
        """That of its first stream; all are of one kind."""
        return self.parts[0].content

    @property
    def heard(self) -> bool:
        """Whether it is audio that is decoded."""
        return self.content.kind == "audio"

    @property
    def call_id(self) -> str:
        """Of the SIP call that it belongs to; empty where nothing says."""
        return next((part.said.call_id for part in self.parts if part.said.call_id), "")

    @property
    def speaker(self) -> Side:
        """Who speaks; empty where nothing says."""
        return self.parts[0].said.speaker

    def types(self) -> tuple[dict[int, Encoding], list[str]]:
        """What the capture says of its payload types, and where it contradicts itself, for people."""
        types: dict[int, Encoding] = {}
        conflicts: list[str] = []
        for part in self.parts:
            for number in part.stream.payload_types:
                encoding = part.said.types.get(number, types.get(number))
                if encoding and types.setdefault(number, encoding) != encoding:
                    conflicts.append(f"payload type {number} is {types[number]}, and {encoding} later; taken for the first")
            types = part.said.types | types
            conflicts += part.said.conflicts
        return types, conflicts

    def is_copy_of(self, other: "Line") -> bool:
        """Whether both hold the same packets."""
        return any(own.stream.is_copy_of(each.stream) for own in self.parts for each in other.parts)

    def overlap(self, other: "Line") -> float:
        """Seconds for which both last; negative where one ends before the other begins."""
        return min(self.last, other.last) - max(self.first, other.first)

    def __str__(self) -> str:
        more = f" and {len(self.parts) - 1} more" if len(self.parts) > 1 else ""
        return f"stream {self.number}: {self.parts[0].stream}{more}"


def join(parts: Iterable[JudgedStream]) -> list[Line]:
    """The lines in the order in which they begin, numbered. `parts`: in the same order."""
    lines: list[Line] = []
    related: dict[object, list[Line]] = defaultdict(list)
    for part in parts:
        (source, destination), call_id = part.stream.flow, part.said.call_id
        keys = [("from", source), ("to", destination), *([("call", call_id)] if call_id else [])]
        candidates = dict.fromkeys(line for key in keys for line in related[key])
        line = next((line for line in candidates if _continues(line.parts[-1], part)), None)
        if line:
            line.parts.append(part)
        else:
            line = Line([part], len(lines) + 1)
            lines.append(line)
        for key in keys:
            if line not in related[key]:
                related[key].append(line)
    return lines


def _continues(last: JudgedStream, new: JudgedStream) -> bool:
    before, after = last.stream, new.stream
    pause = after.first - before.last
    if pause < -OVERLAP or last.content.kind != new.content.kind:
        return False
    same_source, same_destination = (before.flow[end] == after.flow[end] for end in (0, 1))
    if last.said.call_id and new.said.call_id:
        if last.said.call_id != new.said.call_id:
            return False
        if last.said.speaker and new.said.speaker:
            return last.said.speaker == new.said.speaker
        return same_source or same_destination
    if pause > MAX_PAUSE and not after.follows(before):
        return False
    return before.flow == after.flow or (before.ssrc == after.ssrc and (same_source or same_destination))
