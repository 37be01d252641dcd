"""What a capture's SDP says of its streams: by address and by time, since ports are used again and calls are renegotiated."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from monitor.audio.codecs import Encoding
from monitor.errors import SourceError
from monitor.sources.captures.sip import SipMessage
from monitor.sources.rtp.packet import Address
from monitor.sources.rtp.sdp import Media, parse_media

MAX_SAID = 20_000
"""Media sections that are kept; what comes after is not looked at."""

Side = Literal["caller", "callee", ""]
"""Who speaks; empty where the call's beginning was not captured."""
Flow = tuple[Address, Address]
"""Source and destination."""


class Said(NamedTuple):
    """One media section of a message."""

    at: float
    call_id: str
    """Empty where it was not SIP that carried it."""
    tag: str
    """Of the side that asks for this stream to be sent to it."""
    media: Media


@dataclass(slots=True)
class Description:
    """All that is said of one stream."""

    call_id: str = ""
    speaker: Side = ""
    types: dict[int, Encoding] = field(default_factory=dict)
    kind: str = ""
    """`audio`, `video`, ...; empty where nothing says."""
    encrypted: str = ""
    """What says that it is encrypted, such as `RTP/SAVP`; empty where it is not, or nothing says."""
    conflicts: tuple[str, ...] = ()
    """Payload types that were said to be one thing and then another, for people."""


class Signalling:
    """Hears every message of a capture once, then describes its streams."""

    def __init__(self) -> None:
        self._said: dict[Address, list[Said]] = defaultdict(list)
        self._everywhere: list[Said] = []
        self._callers: dict[str, str] = {}
        """Tag of the caller, by Call-ID."""

    def hear(self, message: SipMessage, at: float) -> None:
        """Take a SIP message captured at `at` seconds."""
        if message.opens:
            self._callers.setdefault(message.call_id, message.from_tag)
        if message.sdp:
            self.hear_sdp(message.sdp, at, message.call_id, message.speaker)

    def hear_sdp(self, text: str, at: float, call_id: str = "", tag: str = "") -> None:
        """Take a session description, whatever carried it. One that cannot be read says nothing."""
        try:
            media = parse_media(text)
        except SourceError:  # a capture may hold anything; what is needed and missing is said later
            return
        for section in media:
            if len(self._everywhere) < MAX_SAID:
                said = Said(at, call_id, tag, section)
                self._everywhere.append(said)
                if section.address:
                    self._said[section.address, section.port].append(said)

    def describe(self, flow: Flow, first: float, last: float, numbers: Sequence[int]) -> Description:
        """What is said of a stream from `first` to `last`, whose payload types are `numbers`, the commonest first.

        The receiver's word counts more than the sender's, and that more than what is said of other streams. Of two calls on
        the same port, the one that it was at the time counts.
        """
        to, to_call = self._in_force(flow[1], first, last)
        sender, sender_call = self._in_force(flow[0], first, last)
        call_id = to_call or sender_call
        to, sender = ([said for said in each if said.call_id == call_id] for each in (to, sender))
        anybody = _undisputed(self._everywhere)
        own, conflicts = _types(to, first, last)
        senders, senders_conflicts = _types(sender, first, last)
        return Description(
            call_id,
            self._speaker(call_id, to, sender),
            anybody | senders | own,
            _kind([*to, *sender], numbers),
            _encryption([*to, *sender]),
            conflicts or senders_conflicts,
        )

    def _in_force(self, address: Address, first: float, last: float) -> tuple[list[Said], str]:
        """What is said of an address by the call that had it for most of the time, and that call."""
        said = self._said.get(address, [])
        held: dict[str, float] = {}
        for entry, begin, end in _periods(said):
            held[entry.call_id] = held.get(entry.call_id, 0.0) + _overlap(begin, end, first, last)
        call_id = max(held, key=lambda call: held[call], default="")
        return [entry for entry in said if entry.call_id == call_id], call_id

    def _speaker(self, call_id: str, to: list[Said], sender: list[Said]) -> Side:
        caller = self._callers.get(call_id)
        if not caller:
            return ""
        if sender:
            return "caller" if sender[-1].tag == caller else "callee"
        return ("callee" if to[-1].tag == caller else "caller") if to else ""


def _periods(said: Sequence[Said]) -> Iterable[tuple[Said, float, float]]:
    """Each entry with the time for which it held, until the next one; the first held all the time before."""
    ends = [entry.at for entry in said[1:]] + [math.inf]
    begins = [-math.inf, *ends[:-1]]
    return zip(said, begins, ends, strict=True) if said else []


def _overlap(begin: float, end: float, first: float, last: float) -> float:
    """Seconds; a stream of no length counts as a moment."""
    return max(0.0, min(end, last + 1e-3) - max(begin, first))


def _types(said: list[Said], first: float, last: float) -> tuple[dict[int, Encoding], tuple[str, ...]]:
    """The payload types, each as it was for most of the stream, and those that were not the same all the time."""
    types: dict[int, Encoding] = {}
    conflicts = []
    for number in sorted({number for entry in said for number in entry.media.payload_types}):
        naming = [entry for entry in said if number in entry.media.payload_types]
        held: dict[Encoding, float] = {}
        for entry, begin, end in _periods(naming):
            encoding = entry.media.payload_types[number]
            held[encoding] = held.get(encoding, 0.0) + _overlap(begin, end, first, last)
        types[number] = max(held, key=lambda encoding: held[encoding])
        meant = [str(encoding) for encoding, seconds in held.items() if seconds > 0]
        if len(meant) > 1:
            conflicts.append(f"payload type {number} is said to be {', then '.join(meant)}; taken for {types[number]}")
    return types, tuple(conflicts)


def _undisputed(said: Iterable[Said]) -> dict[int, Encoding]:
    """Payload types of which all that is said agrees."""
    meanings: dict[int, set[Encoding]] = defaultdict(set)
    for entry in said:
        for number, encoding in entry.media.payload_types.items():
            meanings[number].add(encoding)
    return {number: next(iter(encodings)) for number, encodings in meanings.items() if len(encodings) == 1}


def _kind(said: list[Said], numbers: Sequence[int]) -> str:
    """Of several kinds on one port (BUNDLE, RFC 9143), the one that has the stream's commonest payload type."""
    if any(entry.media.kind == "audio" and number in entry.media.payload_types for entry in said for number in numbers[:1]):
        return "audio"
    other = [entry.media.kind for entry in said if entry.media.kind != "audio"]
    return other[0] if other else "audio" if said else ""


def _encryption(said: list[Said]) -> str:
    """Encrypted where the profile is, or where both sides gave keys to a profile that leaves it open."""
    audio = [entry for entry in said if entry.media.kind == "audio"]
    if audio and all(entry.media.encrypted for entry in audio):
        return audio[-1].media.profile
    both = len({entry.tag for entry in audio}) > 1 and all(entry.media.crypto for entry in audio)
    return "keys from both sides" if both else ""
