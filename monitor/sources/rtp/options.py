"""What the RTP and pcap sources can be told about a call's legs."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any, TypeVar

from pydantic import Field, ValidationError, field_validator, model_validator

from monitor.audio.codecs import STATIC_PAYLOAD_TYPES, Encoding, parse_encoding
from monitor.audio.codecs.registry import check_encoding
from monitor.config.section import Section
from monitor.errors import SourceError
from monitor.events import LEGS, Leg
from monitor.sources.rtp.sdp import parse_payload_types
from monitor.sources.rtp.stream import PayloadTypes
from monitor.validation import first_sentence


class LegOptions(Section):
    """One leg. Without a port it gets a free one of the range; without an SSRC it takes the first stream on its port."""

    port: int | None = Field(default=None, ge=1, le=65_535)
    """RTP port; RTCP is the next one, or the same (RFC 5761). In a capture: the port of either end."""
    ssrc: int | None = Field(default=None, ge=0, lt=2**32)
    """Also as text, `0x...` for hexadecimal."""
    codec: str | None = None
    """As in SDP: pcmu, pcma, g722, opus, l16/RATE/CHANNELS. Dynamic payload types that nothing else explains carry it."""
    payload_type: int | None = Field(default=None, ge=0, le=127)
    """The number of `codec`, where only that one is to be taken for it."""
    payload_types: dict[int, str] = Field(default_factory=dict)
    """More of them: number to encoding."""
    peer: str | None = None
    """The only IP address whose packets are taken."""

    @field_validator("ssrc", mode="before")
    @classmethod
    def _hexadecimal(cls, value: Any) -> Any:
        return int(value, 0) if isinstance(value, str) else value

    @field_validator("peer")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        return None if value is None else str(ip_address(value))

    @model_validator(mode="after")
    def _number_of_a_codec(self) -> "LegOptions":
        if self.payload_type is not None and self.codec is None:
            raise ValueError("payload_type needs codec: what does it carry?")
        return self

    def encodings(self, told: Mapping[int, Encoding]) -> PayloadTypes:
        """All payload types of the leg; `told` are those that SDP or flags give. Raises `SourceError`."""
        known = {**STATIC_PAYLOAD_TYPES, **told, **parse_payload_types(self.payload_types)}
        codec = parse_encoding(self.codec) if self.codec else None
        if codec and self.payload_type is not None:
            known[self.payload_type] = codec
        if codec:
            check_encoding(codec)
        return PayloadTypes(known, codec if self.payload_type is None else None)


Options = TypeVar("Options", bound=LegOptions)


def parse_legs(legs: Mapping[str, Any], options: type[Options]) -> dict[Leg, Options]:
    """Legs in the order of `LEGS`; each a mapping, or text such as `port=5004,codec=opus`. Raises `SourceError`."""
    unknown = set(legs) - set(LEGS)
    if unknown:
        raise SourceError(f"unknown leg {sorted(map(str, unknown))[0]!r}; legs are {', '.join(LEGS)}")
    if "mixed" in legs and len(legs) > 1:
        raise SourceError("a call has the legs customer and agent, or mixed alone")
    return {leg: _leg(leg, legs[leg], options) for leg in LEGS if leg in legs}


def _leg(leg: str, given: Any, options: type[Options]) -> Options:
    if isinstance(given, options):
        return given
    if isinstance(given, str):
        given = dict(part.partition("=")[::2] for part in given.split(",") if part)
    try:
        return options.model_validate(given or {})
    except ValidationError as error:
        raise SourceError(f"leg {leg}: {first_sentence(error.errors(), 'options')}") from None
