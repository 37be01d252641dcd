"""Which legs a live call has, and on which ports: from options and SDP together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.audio.codecs.base import NOT_AUDIO
from monitor.audio.codecs.registry import decodable
from monitor.errors import SourceError
from monitor.events import LEGS, Leg
from monitor.sources.rtp.options import LegOptions, parse_legs
from monitor.sources.rtp.sdp import MAX_LENGTH, Media, check_plain, parse_payload_types, parse_sdp
from monitor.sources.rtp.stream import PayloadTypes


@dataclass(frozen=True, slots=True)
class PlannedLeg:
    """What a leg needs."""

    leg: Leg
    port: int | None
    """To be opened; None for a free one."""
    place: int | Leg
    """Equal for legs that share a port."""
    payload_types: PayloadTypes
    ssrc: int | None
    peer: str | None


def plan_legs(
    legs: Mapping[str, Any] | None,
    sdp: str | Path | None,
    payload_types: Iterable[str] | Mapping[int, str] | Mapping[str, str] = (),
) -> list[PlannedLeg]:
    """The legs in the order of `LEGS`. Raises `SourceError` where options and SDP are wrong or do not fit each other."""
    media, announced = _media(sdp)
    media = _sending(media)
    check_plain(media)
    flags = parse_payload_types(payload_types)
    for offered in media:
        _check(offered)
    options = parse_legs(legs, LegOptions) if legs else _default_legs(media)
    sections = _sections(list(options), media)
    first = next(iter(options))
    planned = []
    for index, (leg, told) in enumerate(options.items()):
        section = sections[leg]
        port = told.port or (section.port if announced and section else None)
        ssrc = told.ssrc
        shared = port is None and len(media) == 1 and len(media[0].ssrcs) == len(options) == 2 and not legs
        if ssrc is None and section and len(media) == 1 and len(section.ssrcs) == len(options) > 1:
            ssrc = section.ssrcs[index]
        place: int | Leg = first if shared else leg
        encodings = told.encodings((section.payload_types if section else {}) | flags)
        planned.append(PlannedLeg(leg, port, port or place, encodings, ssrc, told.peer))
    return planned


def _media(sdp: str | Path | None) -> tuple[list[Media], bool]:
    """The audio sections, and whether they announce the ports to listen on."""
    if sdp is None:
        return [], False
    if isinstance(sdp, str) and sdp.lstrip().startswith("v=0"):
        return parse_sdp(sdp.lstrip()), False
    try:
        with Path(sdp).open(encoding="utf-8", errors="replace") as file:
            text = file.read(MAX_LENGTH + 1)
    except (OSError, ValueError) as error:
        raise SourceError(f"cannot read the SDP file {str(sdp)[:200]}: {error}") from None
    start = text.find("v=0")  # ffmpeg writes "SDP:" before it
    return parse_sdp(text[max(0, start) :]), True


def _sending(media: list[Media]) -> list[Media]:
    """The sections that the other side sends."""
    sending = [section for section in media if section.direction in ("sendrecv", "sendonly")]
    if media and not sending:
        raise SourceError(f"the SDP has no audio that is sent: its sections are {', '.join(each.direction for each in media)}")
    return sending


def _check(section: Media) -> None:
    """Raise `SourceError` where nothing that a section offers is decoded."""
    spoken = [encoding for encoding in section.payload_types.values() if encoding.name not in NOT_AUDIO]
    if not any(decodable(encoding) for encoding in spoken):
        raise SourceError(
            f"the SDP offers nothing that is decoded: {', '.join(map(str, spoken)) or 'no audio encoding at all'}"
        )


def _default_legs(media: list[Media]) -> dict[Leg, LegOptions]:
    if len(media) == 1 and len(media[0].ssrcs) != 2:
        return {"mixed": LegOptions()}
    return {"customer": LegOptions(), "agent": LegOptions()}


def _sections(legs: list[Leg], media: list[Media]) -> dict[Leg, Media | None]:
    """Each leg's section: by label, else in order; one section is for all."""
    if len(media) <= 1:
        return dict.fromkeys(legs, media[0] if media else None)
    if len(media) != len(legs):
        raise SourceError(
            f"the SDP has {len(media)} audio sections, the call {len(legs)} legs: leave out what is not the call's"
        )
    labelled = {section.label: section for section in media}
    if all(leg in labelled for leg in legs):
        return {leg: labelled[leg] for leg in legs}
    return dict(zip(sorted(legs, key=LEGS.index), media, strict=True))
