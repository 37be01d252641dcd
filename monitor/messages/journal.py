"""What the journal has, read again: every event, and what stands in the place of one."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import ConfigDict, Field, TypeAdapter

from monitor.messages.alerts import (
    AlertAcknowledgedMessage,
    AlertAssignedMessage,
    AlertJudgedMessage,
    AlertMessage,
    AlertSnoozedMessage,
)
from monitor.messages.calls import (
    CallEndedMessage,
    CallStartedMessage,
    ChangePointMessage,
    FramesSkippedMessage,
    HearingMessage,
    SourceMovedMessage,
    StateMessage,
)
from monitor.messages.event import EventMessage, RecordedMessage
from monitor.messages.message import by_type, read
from monitor.messages.notes import NoteErasedMessage, NoteWrittenMessage


class ErasedMessage(RecordedMessage):
    """In place of an event of a call that was erased, so that `seq` has no hole."""

    type: Literal["erased"]
    seq: int


class DamagedMessage(RecordedMessage):
    """In place of an event that can no longer be read from the disk."""

    type: Literal["damaged"]
    seq: int


class UnknownMessage(RecordedMessage):
    """What another version of this program recorded and this one has no word for. It is passed on as it is."""

    call: str = ""
    leg: str | None = None
    replay: str = ""


EventUnion = Annotated[
    CallStartedMessage
    | CallEndedMessage
    | StateMessage
    | ChangePointMessage
    | AlertMessage
    | AlertAcknowledgedMessage
    | AlertAssignedMessage
    | AlertSnoozedMessage
    | AlertJudgedMessage
    | NoteWrittenMessage
    | NoteErasedMessage
    | SourceMovedMessage
    | HearingMessage
    | FramesSkippedMessage,
    Field(discriminator="type"),
]
"""Every event of the journal."""
EVENTS: TypeAdapter[Any] = TypeAdapter(EventUnion, config=ConfigDict(defer_build=True))
_EVENTS: Mapping[str, type[EventMessage]] = by_type(*get_args(get_args(EventUnion)[0]))
_RECORDED: Mapping[str, type[RecordedMessage]] = {**_EVENTS, **by_type(ErasedMessage, DamagedMessage)}
EVENT_TYPES = frozenset(_EVENTS)
"""Types of journal events."""


def recorded(document: Mapping[str, Any]) -> RecordedMessage:
    """A message of the journal. It is not validated: this program wrote it.

    >>> recorded({"seq": 3, "type": "damaged"}).seq
    3
    """
    return read(_RECORDED.get(document["type"], UnknownMessage), document)
