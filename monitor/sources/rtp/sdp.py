"""The part of SDP that says how a call's audio is encoded (RFC 8866; RFC 4566 wherever it is looser)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from monitor.audio.codecs import STATIC_PAYLOAD_TYPES, Encoding, parse_encoding
from monitor.audio.codecs.registry import check_encoding
from monitor.errors import SourceError

MAX_LENGTH = 64 * 1024
"""Characters. A call's SDP has some hundred; this bounds the work that a request can cause."""
Direction = Literal["sendrecv", "sendonly", "recvonly", "inactive"]


@dataclass(slots=True)
class Media:
    """One `m=` section. Of one that is not audio, only what tells its packets from those of audio is read."""

    port: int
    address: str | None
    """From its own `c=` line or the session's."""
    payload_types: dict[int, Encoding]
    """In the order of preference; those that are neither static nor mapped are left out."""
    ptime: float | None = None
    """Milliseconds a packet."""
    direction: Direction = "sendrecv"
    ssrcs: tuple[int, ...] = ()
    label: str | None = None
    """`a=label`, else `a=mid`: may say whose leg it is."""
    fmtp: dict[int, str] = field(default_factory=dict)
    kind: str = "audio"
    """`audio`, `video`, `image`, ..."""
    profile: str = "RTP/AVP"
    """The transport, upper case."""
    crypto: bool = False
    """Whether keys are offered (`a=crypto`, RFC 4568; `a=fingerprint`, RFC 5763); with a plain profile they may stay unused."""

    @property
    def encrypted(self) -> bool:
        """Whether the profile itself says that the packets are encrypted (RFC 3711, RFC 5764)."""
        return "SAVP" in self.profile


def check_plain(media: Iterable[Media]) -> None:
    """Raise `SourceError` where a section asks for encrypted RTP."""
    for section in media:
        if section.encrypted:
            raise SourceError(
                f"the SDP asks for encrypted RTP ({section.profile}), which cannot be understood; "
                "have the sender fork plain RTP (RTP/AVP)"
            )


def parse_sdp(text: str) -> list[Media]:
    """The audio sections of a session description, those of port 0 (refused) left out. Raises `SourceError`.

    Encrypted sections are among them: whoever listens calls `check_plain`, whoever lists shows them.
    """
    found = [section for section in parse_media(text) if section.kind == "audio"]
    if not found:
        raise SourceError("the SDP has no m=audio section with a port")
    return found


def parse_media(text: str) -> list[Media]:
    """The sections of every kind, those of port 0 left out. Raises `SourceError`."""
    if len(text) > MAX_LENGTH:
        raise SourceError(f"the SDP has {len(text)} characters; more than {MAX_LENGTH} are not read")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines or lines[0] != "v=0":
        raise SourceError(f"not SDP: it starts with {lines[0][:40] if lines else ''!r}, not with v=0")
    session, *sections = _split(lines)
    address = _address(session)
    media = [_media(section, address) if section[0].startswith("m=audio") else _other(section, address) for section in sections]
    return [section for section in media if section and section.port]


def parse_payload_types(flags: Iterable[str] | Mapping[int, str] | Mapping[str, str]) -> dict[int, Encoding]:
    """Read flags such as `111=opus/48000/2`. Raises `SourceError`, also for an encoding that is not decoded.

    >>> parse_payload_types(["96=opus"])
    {96: Encoding(name='opus', clock=48000, channels=1)}
    """
    pairs = flags.items() if isinstance(flags, Mapping) else [_flag(flag) for flag in flags]
    types = {_payload_type(str(number)): parse_encoding(str(encoding)) for number, encoding in pairs}
    for encoding in types.values():
        check_encoding(encoding)
    return types


def _flag(flag: str) -> tuple[str, str]:
    number, separator, encoding = str(flag).partition("=")
    if not separator:
        raise SourceError(f"not a payload type: {flag[:60]!r}; write NUMBER=ENCODING, for instance 111=opus/48000/2")
    return number, encoding


def _payload_type(text: str) -> int:
    return _number(text, 0, 127, "payload type")


def _number(text: str, low: int, high: int, what: str) -> int:
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 10 and low <= int(digits) <= high):
        raise SourceError(f"{what} must be a number from {low} to {high}, got {text[:40]!r}")
    return int(digits)


def _split(lines: list[str]) -> list[list[str]]:
    sections: list[list[str]] = [[]]
    for line in lines:
        if line.startswith("m="):
            sections.append([])
        sections[-1].append(line)
    return sections


def _address(lines: list[str]) -> str | None:
    for line in lines:
        if line.startswith("c="):
            match = re.fullmatch(r"c=IN IP[46] ([0-9A-Za-z.:%-]{1,255})(/[0-9/]+)?", line)
            if not match:
                raise SourceError(f"SDP connection line is not understood: {line[:80]!r}")
            return match[1]
    return None


def _media(lines: list[str], session_address: str | None) -> Media:
    match = re.fullmatch(r"m=audio ([0-9]{1,5})(?:/[0-9]{1,5})? ([A-Za-z0-9/]+)((?: [0-9]{1,3})+)", lines[0])
    if not match:
        raise SourceError(f"SDP media line is not understood: {lines[0][:80]!r}")
    numbers = [_payload_type(number) for number in match[3].split()]
    mapped: dict[int, Encoding] = {}
    media = Media(_number(match[1], 0, 65_535, "SDP port"), _address(lines) or session_address, {}, profile=match[2].upper())
    for line in lines[1:]:
        if line.startswith("a="):
            _attribute(media, mapped, line[2:])
    known = STATIC_PAYLOAD_TYPES | mapped
    media.payload_types = {number: known[number] for number in numbers if number in known}
    return media


def _other(lines: list[str], session_address: str | None) -> Media | None:
    """A section that is not audio; None where its line is not even a media line."""
    match = re.match(r"m=([a-z]{1,20}) ([0-9]{1,5})(?:/[0-9]{1,5})? (\S{1,40})", lines[0])
    if not match or int(match[2]) > 65_535:
        return None
    return Media(int(match[2]), _address(lines) or session_address, {}, kind=match[1], profile=match[3].upper())


def _attribute(media: Media, mapped: dict[int, Encoding], attribute: str) -> None:
    name, _, value = attribute.partition(":")
    number, _, rest = value.partition(" ")
    match name:
        case "rtpmap":
            mapped[_payload_type(number)] = parse_encoding(rest)
        case "fmtp":
            media.fmtp[_payload_type(number)] = rest
        case "ptime":
            media.ptime = _ptime(value)
        case "sendrecv" | "sendonly" | "recvonly" | "inactive":
            media.direction = name
        case "ssrc":
            ssrc = _number(number, 0, 2**32 - 1, "SDP ssrc")
            media.ssrcs += () if ssrc in media.ssrcs else (ssrc,)
        case "crypto" | "fingerprint":
            media.crypto = True
        case "label":
            media.label = value
        case "mid":
            media.label = media.label or value


def _ptime(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,3})?", text):
        raise SourceError(f"SDP ptime must be milliseconds, got {text[:40]!r}")
    return float(text)
