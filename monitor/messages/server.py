"""Everything that the server says on `/ws/v1/events`."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter

from monitor.messages.board import BoardMessage
from monitor.messages.connection import (
    DroppedMessage,
    ErrorMessage,
    HelloMessage,
    LaggedMessage,
    PongMessage,
    ReplayEndedMessage,
    RulesChangedMessage,
    ServerStoppingMessage,
)
from monitor.messages.event import EventMessage
from monitor.messages.frames import FramesMessage
from monitor.messages.journal import DamagedMessage, ErasedMessage, EventUnion, UnknownMessage, recorded
from monitor.messages.message import Message, by_type, read

ServerMessage = Annotated[
    EventUnion
    | ErasedMessage
    | DamagedMessage
    | FramesMessage
    | BoardMessage
    | HelloMessage
    | LaggedMessage
    | DroppedMessage
    | ReplayEndedMessage
    | RulesChangedMessage
    | PongMessage
    | ErrorMessage
    | ServerStoppingMessage,
    Field(discriminator="type"),
]
"""Everything that the server says on `/ws/v1/events`."""
FROM_SERVER: TypeAdapter[Any] = TypeAdapter(ServerMessage, config=ConfigDict(defer_build=True))
AboutACall = EventMessage | UnknownMessage | FramesMessage | ReplayEndedMessage
"""What a client can ask for or leave out."""
_PASSING = by_type(FramesMessage, ReplayEndedMessage)


def message_of(document: Mapping[str, Any]) -> Message:
    """What this program says of a call, recorded or passing, from JSON-ready data. It is not validated.

    >>> message_of({"type": "state", "call": "c", "leg": "agent", "emotion": "sad"}).emotion
    'sad'
    """
    passing = _PASSING.get(document["type"])
    return recorded(document) if passing is None else read(passing, document)
