"""What the journal has, and what is common to the events of a call."""

from pydantic import ConfigDict, Field

from monitor.events import Leg
from monitor.messages.message import Message, may_be_absent


class RecordedMessage(Message):
    """Base of what the journal has."""

    seq: int = Field(default=0, ge=1, json_schema_extra=may_be_absent)
    """Place in the journal; grows by one. Absent in a replay, so that `since` is never disturbed by one."""


class EventMessage(RecordedMessage):
    """Base of the events of a call. Either from the journal (`seq`, `recorded_at`) or played again (`replay`)."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["seq", "recorded_at"]}, {"required": ["replay"]}]},
    )

    recorded_at: str = Field(default="", json_schema_extra=may_be_absent)
    """Wall clock of the journal entry, ISO 8601 UTC. Absent in a replay."""
    replay: str = Field(default="", json_schema_extra=may_be_absent)
    """Id of the replay that says this again; absent in what happens now."""
    call: str
    """Id of the call."""
    leg: Leg | None = None
    """The leg that it is about; null where it is about the whole call."""
    time: float
    """Seconds from the start of the call: the moment it is about."""
    at: float
    """Seconds from the start of the call: the moment by which it could be said."""
