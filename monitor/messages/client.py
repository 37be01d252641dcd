"""What clients may say."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class ClientBase(BaseModel):
    """Base of what clients say: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class AboutAnAlert(ClientBase):
    """Base of what a client says of an alert. The answer is the event, which everybody hears, or an `error`."""

    id: str = Field(min_length=1, max_length=256)
    """Of the alert."""
    by: str | None = Field(default=None, min_length=1, max_length=128)
    """Who says it; whoever is signed in by name has that one."""


class AcknowledgeMessage(AboutAnAlert):
    """Take note of an open alert. A second time with the same note changes nothing and is not answered."""

    type: Literal["acknowledge"]
    note: str = Field(default="", max_length=2_000)


class AssignMessage(AboutAnAlert):
    """Give an open alert to somebody."""

    type: Literal["assign"]
    to: str = Field(max_length=128)
    """Empty: to nobody any more."""


class SnoozeMessage(AboutAnAlert):
    """Hear no more of an open alert for a while."""

    type: Literal["snooze"]
    seconds: float = Field(ge=0, le=86_400, allow_inf_nan=False)
    """0 ends it."""
    reason: str = Field(default="", max_length=2_000)


class JudgeMessage(AboutAnAlert):
    """Say whether an alert was right, also once it is over and its call has ended."""

    type: Literal["judge"]
    right: bool
    reason: str = Field(default="", max_length=2_000)


class PingMessage(ClientBase):
    """Ask for a `pong`."""

    type: Literal["ping"]


ClientMessage = Annotated[
    AcknowledgeMessage | AssignMessage | SnoozeMessage | JudgeMessage | PingMessage, Field(discriminator="type")
]
"""Everything that a client may say."""
FROM_CLIENT: TypeAdapter[Any] = TypeAdapter(ClientMessage, config=ConfigDict(defer_build=True))
