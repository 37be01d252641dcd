"""What is said of a connection itself: its beginning, what it missed, what was wrong, its end."""

from typing import Any, Literal

from pydantic import ConfigDict, Field

from monitor.messages.journal import EventUnion
from monitor.messages.message import Message, encode


class HelloMessage(Message):
    """The first message of a connection."""

    type: Literal["hello"]
    version: str
    """Of the program."""
    seq: int
    """Last of the journal when the connection was made. Without `since`, events after it follow."""
    present: list[EventUnion]
    """The events that make up the present: each live call's start, last state a leg and alerts, as far as they are wanted."""

    def as_message(self) -> dict[str, Any]:
        """JSON-ready data."""
        return {**self.model_dump(exclude={"present"}), "present": [event.as_message() for event in self.present]}

    def _encoded(self) -> str:
        # Put together from the texts of the events, which are made once: many clients come at once after a restart.
        head = encode(self.model_dump(exclude={"present"}))
        return f'{head[:-1]},"present":[{",".join(event.as_text() for event in self.present)}]}}'


class LaggedMessage(Message):
    """This client fell behind; the events `from` to `to` now come from the journal. Nothing is missed."""

    model_config = ConfigDict(populate_by_name=True)

    type: Literal["lagged"]
    from_: int = Field(alias="from")
    to: int


class DroppedMessage(Message):
    """So many passing messages (live frames, replays) were left out for this client because it read too slowly."""

    type: Literal["dropped"]
    messages: int


class ReplayEndedMessage(Message):
    """A replay is over."""

    type: Literal["replay_ended"]
    replay: str
    call: str
    reason: str
    """finished, stopped or `error: ...`."""


class RulesChangedMessage(Message):
    """A new version of the rules is in force: calls that begin from now on are watched with it."""

    type: Literal["rules_changed"]
    version: int
    by: str | None
    """Who saved it; null where nobody said a name."""


class PongMessage(Message):
    """The answer to `ping`."""

    type: Literal["pong"]
    seq: int
    """Last of the journal."""


class ErrorMessage(Message):
    """Something that this client said is wrong. The connection goes on unless a close frame follows."""

    type: Literal["error"]
    code: str
    message: str


class ServerStoppingMessage(Message):
    """The last message before the server goes: reconnect with `since`."""

    type: Literal["server_stopping"]
