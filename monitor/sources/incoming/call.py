"""What a source is whose calls come to the server: one connection's messages in, what they mean out.

It never sees a socket. The server (`monitor/server/incoming.py`) gives it its route, looks at who connects, starts the call,
takes the audio over into a `PushedSource`, and says what is to be said. So a further protocol is one file, and any bytes can be
tried on it. Every one passes `monitor/conformance/incoming.py`.
"""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from monitor.events import Leg
from monitor.sources.base import SourceKind
from monitor.sources.decode.raw import Encoding

Message = str | bytes
"""A text or a binary message of a websocket."""


@dataclass(frozen=True, slots=True)
class Begin:
    """The call begins. Said once, before any sound."""

    legs: tuple[Leg, ...]
    rate: int
    """Hz."""
    encoding: Encoding
    call: str | None = None
    """The id it is to have; None for a new one."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """To be kept with the call. The server refuses what is not plain JSON, or too long."""


@dataclass(frozen=True, slots=True)
class Sound:
    """Audio of a leg, which follows on what came of it before."""

    leg: Leg
    data: bytes
    """Whole samples, at most a second of them."""


@dataclass(frozen=True, slots=True)
class Position:
    """The next audio of a leg belongs at this moment; what is missing before it was lost, or silence."""

    leg: Leg
    seconds: float
    """From the start of the call."""
    missing: Literal["lost", "silence"]


@dataclass(frozen=True, slots=True)
class Reply:
    """Something to be said at once."""

    message: Message


@dataclass(frozen=True, slots=True)
class End:
    """No more audio comes. What came is heard to its end."""


Heard = Begin | Sound | Position | Reply | End


class IncomingCall(SourceKind):
    """One connection, which carries one call. Made by the server without arguments when somebody connects."""

    route: ClassVar[str]
    """The last part of the websocket's path: `/ws/v1/ROUTE`."""

    @abstractmethod
    def hear(self, message: Message) -> Iterator[Heard]:
        """What a message means, in order.

        Raises `ConfigError` for a message that makes no sense; what comes after is still understood. No other error, whatever
        the message.
        """

    @abstractmethod
    def started(self, call: str) -> Sequence[Message]:
        """What to say once the call has begun under this id."""

    @abstractmethod
    def ended(self, call: str, reason: str) -> Sequence[Message]:
        """What to say once the call is over and stored; the connection is closed then. `reason`: as in `call_ended`."""

    @abstractmethod
    def wrong(self, code: str, message: str) -> Sequence[Message]:
        """What to say where a message made no sense or the call cannot be taken; both words are for the sender's log."""
