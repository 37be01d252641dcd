"""Live frames."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from monitor.events import Leg
from monitor.messages.message import Label, Message, may_be_absent, read


class FramesMessage(Message):
    """A leg's frames as they come, thinned to `rate`. Sent with `frames=1`; passing, not in the journal."""

    type: Literal["frames"]
    replay: str = Field(default="", json_schema_extra=may_be_absent)
    """As in events."""
    call: str
    leg: Leg
    time: float
    """Seconds from the start of the call to the first value."""
    rate: float
    """Values a second."""
    emotion: Label
    """The leg's believed emotion after the last value."""
    posterior: dict[Label, list[float | None]]
    """Smoothed posterior a label; empty where the leg may not be analysed."""
    speech: list[float | None]
    """Probability of speech."""
    valence: list[float | None]
    """Smoothed, like `arousal`; null where the leg may not be analysed."""
    arousal: list[float | None]
    level: list[float | None]
    """How loud the leg is, dBFS; empty where the leg may not be analysed, and in replays of calls that did not keep it."""
    heads: dict[str, dict[Label, list[float | None]]] = Field(default_factory=dict, json_schema_extra=may_be_absent)
    """What each head that is heard with says: its name, its labels, a probability each; null where it has not heard enough."""


def frames_message(document: Mapping[str, Any]) -> FramesMessage:
    """Live frames from JSON-ready data."""
    return read(FramesMessage, document)
