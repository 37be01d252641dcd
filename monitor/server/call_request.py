"""What `POST /api/v1/calls` takes, and the source's options that it becomes."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from monitor.errors import ConfigError
from monitor.events import Leg

MAX_SDP = 64 * 1024
"""Characters: a security limit."""
MAX_METADATA = 16 * 1024
"""Characters as JSON: it is written into the journal and sent to every client."""


def check_metadata(metadata: Mapping[str, Any]) -> None:
    """Raise `ValueError` for what cannot be kept with a call and sent to everybody."""
    try:
        text = json.dumps(metadata, allow_nan=False, ensure_ascii=False)
        text.encode()
    except (TypeError, ValueError, RecursionError):
        raise ValueError("must be JSON: no NaN, no Infinity, no lone surrogates, not nested deeply") from None
    if len(text) > MAX_METADATA:
        raise ValueError(f"has {len(text)} characters as JSON, more than {MAX_METADATA}")


class LegRequest(BaseModel):
    """How a leg will come over RTP. Payload types of RFC 3551 (0 PCMU, 8 PCMA, 9 G722) are known."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    codec: str | None = Field(default=None, max_length=64)
    """As in SDP: pcmu, pcma, g722, opus, l16/RATE/CHANNELS."""
    payload_type: int | None = Field(default=None, ge=0, le=127)
    """The number under which `codec` comes; default: any that is not known otherwise."""
    port: int | None = Field(default=None, ge=1_024, le=65_535)
    """To be opened for the leg; default: a free one of the configured range."""
    ssrc: int | None = Field(default=None, ge=0, lt=2**32)
    """Of the leg's stream; default: the first that comes. Tells two legs on one port apart."""
    peer: str | None = Field(default=None, max_length=64)
    """The only IP address from which the leg is taken; default: the first that sends."""


class CallRequest(BaseModel):
    """A call to be started: its legs, an SDP body that describes them, or both."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    call: str | None = Field(default=None, max_length=128)
    """Its id; default: a new one."""
    legs: dict[Leg, LegRequest] = Field(default_factory=dict, max_length=2)
    """customer and agent, or mixed."""
    sdp: str | None = Field(default=None, max_length=MAX_SDP)
    """The text of a session description (RFC 8866): payload types; the ports are chosen here."""
    metadata: dict[str, Any] = Field(default_factory=dict, max_length=64)
    """Anything that is to be found with the call: queue, campaign, agent's id. Kept with it, sent to every client."""

    @model_validator(mode="after")
    def _described(self) -> "CallRequest":
        if not self.legs and self.sdp is None:
            raise ValueError('describe the call by legs, such as {"customer": {"codec": "pcmu"}, "agent": {}}, or by sdp')
        return self

    @field_validator("sdp")
    @classmethod
    def _text(cls, value: str | None) -> str | None:
        # The source would take anything else for the path of a file, which nobody shall choose from outside.
        if value is not None and not value.lstrip().startswith("v=0"):
            raise ValueError("must be the text of an SDP body, which begins with v=0")
        return value

    @field_validator("metadata")
    @classmethod
    def _plain_and_short(cls, value: dict[str, Any]) -> dict[str, Any]:
        check_metadata(value)
        return value

    def check_ports(self, low: int, high: int) -> None:
        """Raise `ConfigError` where a port is asked for that is not of the configured range: others are other programs'."""
        for leg, request in self.legs.items():
            if request.port is not None and not low <= request.port <= high:
                raise ConfigError(
                    f"port {request.port} of {leg} is not of the range {low} to {high} (rtp.port_low, rtp.port_high): "
                    "choose one of it, or leave it out to get a free one"
                )

    def options(self) -> dict[str, Any]:
        """For the `rtp` source."""
        legs = {leg: request.model_dump(exclude_none=True) for leg, request in self.legs.items()}
        given = {"legs": legs or None, "sdp": self.sdp}
        return {name: value for name, value in given.items() if value is not None}
