"""Judges what a stream of a capture carries and whether it can be heard; advises only what evidence points to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from monitor.audio.codecs import STATIC_PAYLOAD_TYPES, Encoding
from monitor.sources.captures.signalling import Description
from monitor.sources.captures.streams import VIDEO_CLOCK, FoundStream
from monitor.sources.rtp.hearing import Hearing, Verdict
from monitor.sources.rtp.jitter import Released
from monitor.sources.rtp.options import LegOptions
from monitor.sources.rtp.stream import PayloadTypes

_VIDEO = {25: "celb", 26: "jpeg", 28: "nv", 31: "h261", 32: "mpv", 33: "mp2t", 34: "h263"}
_NAMES = {4: "g723", 5: "dvi4", 6: "dvi4", 7: "lpc", 12: "qcelp", 14: "mpa", 15: "g728", 16: "dvi4", 17: "dvi4"}
"""RFC 3551, tables 4 and 5: the static payload types that are not decoded."""

_NOISE = 0.9
"""Share of a stream's first packets from which, refused as noise, all of it is. Of less, the leg finds its own way."""
Kind = Literal["audio", "encrypted", "unheard", "other"]
"""`unheard` may be audio, but cannot be understood; `other` is none."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a stream carries."""

    kind: Kind
    name: str
    """For the table: `pcmu/8000`, `video`, `amr/8000`, `unknown (96)`."""
    problem: str = ""
    """Why it cannot be heard; empty where it can."""
    guessed: Mapping[int, Encoding] = field(default_factory=dict)
    """Payload types of which nobody says anything, but which can be only one thing."""
    unheard: str = ""
    """Payload types beside its audio that are left out, and why."""


def judge(stream: FoundStream, said: Description, told: Mapping[int, Encoding], options: LegOptions | None = None) -> Content:
    """`said` by the capture itself; `told` by the user, for all streams, and in `options` for this one."""
    options = options or LegOptions()
    meant = _user_says(stream, told, options)
    if not meant and (other := _not_audio(stream, said)):
        return Content("other", other, f"it is {other}")
    if not meant and said.encrypted:
        return Content("encrypted", f"encrypted ({said.encrypted})", f"it is encrypted: its SDP says {said.encrypted}")
    if 2 * stream.cut > stream.packets:
        return Content("unheard", "cut", "its packets were captured in part: capture again with tcpdump -s 0")
    known = {**said.types, **told}
    unknown = options.encodings(known).unknown(stream.payload_types)
    guessed = {number: guess for number in unknown if (guess := stream.guess(number))}
    types = options.encodings({**known, **guessed})
    content = _weigh(stream, types, guessed)
    if content.kind == "audio" and not meant and (cause := _noise(stream, types)):
        return Content("unheard", f"not {content.name}", cause)
    return content


def _noise(stream: FoundStream, types: PayloadTypes) -> str:
    """Why next to nothing of its first packets is the sound that it should be; empty where it is."""
    verdict = Verdict()
    hearing = Hearing(verdict)
    for packet, at in stream.sample:
        hearing.admit(Released(packet, at), types.get(packet.payload_type))
    hearing.rest()
    return verdict.cause if verdict.refused >= _NOISE * len(stream.sample) else ""


def _weigh(stream: FoundStream, types: PayloadTypes, guessed: dict[int, Encoding]) -> Content:
    heard = [number for number in stream.numbers if types.clock(number)]
    rest = [number for number in stream.numbers if not types.clock(number) and types.get(number) is None]
    if not heard and not rest:
        names = ", ".join(str(types.get(number)) for number in stream.numbers)
        return Content("other", names, f"it carries no sound, {names} alone", guessed)
    count = stream.payload_types
    if not heard or sum(count[number] for number in rest) > sum(count[number] for number in heard):
        return _unheard(stream, types, rest[0], guessed)
    names = ", ".join(dict.fromkeys(str(types.get(number)) for number in heard))
    left_out = "; ".join(f"{count[number]} packets of payload type {number}: {_why(types, number)}" for number in rest)
    return Content("audio", names, "", guessed, left_out)


def _unheard(stream: FoundStream, types: PayloadTypes, number: int, guessed: dict[int, Encoding]) -> Content:
    if name := _not_decoded(types, number):
        return Content("unheard", name, f"{name} is not decoded", guessed)
    if stream.clock() == VIDEO_CLOCK:
        return Content("other", "video", f"its timestamps run at {VIDEO_CLOCK} Hz, as video's do", guessed)
    return Content("unheard", f"unknown ({number})", _advice(stream, number), guessed)


def _advice(stream: FoundStream, number: int) -> str:
    clock, fitting = stream.clock(), stream.points_to(number)
    said = f"nothing tells what payload type {number} carries"
    said += f"; its timestamps run at {clock} Hz" if clock else ""
    if fitting:
        flags = " or ".join(f"--pt {number}={name}" for name in fitting)
        return f"{said}, and its packets are as long as those of {' or '.join(fitting)}. Say it: {flags}"
    return f"{said}. Only the call's SDP can tell: --sdp FILE, or --pt {number}=CODEC once you know"


def _why(types: PayloadTypes, number: int) -> str:
    name = _not_decoded(types, number)
    return f"{name} is not decoded" if name else "nothing tells what it carries"


def _not_decoded(types: PayloadTypes, number: int) -> str:
    """The name of what is known and not decoded; empty where nothing is known."""
    refused = types.refused(number)
    return str(refused) if refused else _NAMES.get(number) or _VIDEO.get(number) or ""


def _user_says(stream: FoundStream, told: Mapping[int, Encoding], options: LegOptions) -> bool:
    """Whether the user says of the commonest payload type what it is: nobody knows better."""
    number = stream.numbers[0]
    own = options.encodings({}).get(number)
    return number in told or (own is not None and own != STATIC_PAYLOAD_TYPES.get(number))


def _not_audio(stream: FoundStream, said: Description) -> str:
    if said.kind not in ("", "audio"):
        return said.kind
    number = stream.numbers[0]
    return "video" if number in _VIDEO and number not in said.types else ""
