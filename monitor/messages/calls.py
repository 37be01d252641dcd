"""What is said of a call and of its legs: from its first audio to its end."""

from typing import Any, Literal

from pydantic import Field

from monitor.events import Leg
from monitor.messages.event import EventMessage
from monitor.messages.message import Label


class CallStartedMessage(EventMessage):
    """Audio of a call is being taken."""

    type: Literal["call_started"]
    started_at: str
    """Wall clock, ISO 8601 UTC."""
    legs: list[Leg]
    inferred: list[Leg]
    """Legs whose emotion is inferred; the others are followed for speech alone."""
    source: str
    engine: str
    labels: list[Label]
    """The engine's class names."""
    metadata: dict[str, Any]
    """What whoever started the call said about it. Treat as text from a stranger."""


class CallEndedMessage(EventMessage):
    """A call is over and stored. `time` is its length."""

    type: Literal["call_ended"]
    reason: str
    """finished, stopped, inactive, shutdown, interrupted or `error: ...`."""
    legs: dict[Leg, dict[str, Any]]
    """What became of each leg's audio: codec, seconds, packets, lost, frames, gaps, speech_seconds, ..."""


class StateMessage(EventMessage):
    """A leg's believed emotion became another."""

    type: Literal["state"]
    emotion: Label
    """A label of the engine, or `unknown`."""
    previous: Label
    confidence: float = Field(ge=0, le=1)
    """Smoothed posterior of `emotion`; 0 where it is unknown."""
    valence: float = Field(ge=-1, le=1)
    """-1 negative, 1 positive."""
    arousal: float = Field(ge=-1, le=1)
    """-1 calm, 1 excited."""


class ChangePointMessage(EventMessage):
    """A moment at which a leg's emotion changed: provisional, then confirmed or retracted under the same id."""

    type: Literal["change_point"]
    id: str
    status: Literal["provisional", "confirmed", "retracted"]
    strength: float
    """1 meets the configured false-alarm rate."""
    before: Label
    after: Label


class SourceMovedMessage(EventMessage):
    """A leg's audio came from a new sender, or one was refused."""

    type: Literal["source_moved"]
    detail: str


class HearingMessage(EventMessage):
    """What a leg's sender sends is not understood (encrypted, another codec), and is silence to the engine; or it is again."""

    type: Literal["hearing"]
    heard: bool
    detail: str


class FramesSkippedMessage(EventMessage):
    """Frames were left without an engine result: overload or an engine error."""

    type: Literal["frames_skipped"]
    frames: int
    cause: str
