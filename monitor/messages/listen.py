"""What is said in text to who listens in."""

from typing import Annotated, Literal

from pydantic import Field

from monitor.events import Leg
from monitor.messages.connection import ErrorMessage
from monitor.messages.message import Message


class ListeningMessage(Message):
    """The first message to who listens in; sound follows."""

    type: Literal["listening"]
    call: str
    rate: int
    """Samples a second of each leg."""
    legs: list[Leg]
    """Sound names a leg by its place in this list."""


class ListenEndedMessage(Message):
    """The last message to who listens in: the call has no more sound."""

    type: Literal["ended"]
    reason: str
    """As in `call_ended`."""


ListenMessage = Annotated[ListeningMessage | ListenEndedMessage | ErrorMessage, Field(discriminator="type")]
"""Everything that the server says in text on `/ws/v1/listen`."""
