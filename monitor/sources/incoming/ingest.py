"""Plain samples over a websocket, `/ws/v1/ingest`: for whatever telephone system. The wire is described in docs/protocol.md."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from monitor.errors import ConfigError
from monitor.events import LEGS, Leg
from monitor.sources.decode.raw import SUBTYPES, Encoding
from monitor.sources.incoming.call import Begin, End, Heard, IncomingCall, Message, Position, Reply, Sound
from monitor.validation import first_sentence

MIN_RATE, MAX_RATE = 8_000, 48_000
"""Hz."""


class SenderMessage(BaseModel):
    """Base of what a sender says: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class IngestHello(SenderMessage):
    """The first message: what will come. The answer is `started`, or an `error` and the end of the connection."""

    type: Literal["hello"]
    call: str | None = Field(default=None, min_length=1, max_length=128)
    """Its id; default: a new one."""
    legs: list[Leg] = Field(min_length=1, max_length=2)
    """customer and agent, one of them, or mixed alone. The first byte of a binary message is a leg's place in this list."""
    rate: int = Field(ge=MIN_RATE, le=MAX_RATE)
    """Samples a second of each leg."""
    encoding: Encoding = "s16le"
    """Of the samples; mono."""
    metadata: dict[str, Any] = Field(default_factory=dict, max_length=64)
    """Anything that is to be found with the call: queue, campaign, agent's id. Kept with it, sent to every client."""

    @field_validator("legs")
    @classmethod
    def _fit_each_other(cls, value: list[Leg]) -> list[Leg]:
        if len(set(value)) != len(value) or ("mixed" in value and len(value) > 1):
            raise ValueError(f"a call has the legs customer and agent, one of them, or mixed alone, got {', '.join(value)}")
        return value


class IngestPosition(SenderMessage):
    """The next audio of a leg belongs at this moment of the call: for silence that was not sent, and for what was lost."""

    type: Literal["position"]
    leg: Leg
    time: float = Field(ge=0, le=1e6, allow_inf_nan=False)
    """Seconds from the start of the call."""
    missing: Literal["silence", "lost"] = "silence"
    """What is missing before it: `silence` where the sender left it out on purpose, `lost` where it had none."""


class IngestEnd(SenderMessage):
    """No more audio comes. The answer is `ended`, once everything is heard and stored."""

    type: Literal["end"]


class IngestPing(SenderMessage):
    """Ask for a `pong`."""

    type: Literal["ping"]


class ReceiverMessage(BaseModel):
    """Base of what the server says."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class IngestStarted(ReceiverMessage):
    """The call has begun: send its audio."""

    type: Literal["started"] = "started"
    call: str
    """Its id."""


class IngestEnded(ReceiverMessage):
    """The call is over and stored. The connection is closed next."""

    type: Literal["ended"] = "ended"
    call: str
    reason: str
    """finished, stopped, inactive, interrupted, shutdown or `error: ...`."""


class IngestPong(ReceiverMessage):
    """The answer to `ping`."""

    type: Literal["pong"] = "pong"


class IngestError(ReceiverMessage):
    """Something that was sent is wrong, and is left out. The connection goes on unless a close frame follows."""

    type: Literal["error"] = "error"
    code: str
    message: str


IngestFromSender = Annotated[IngestHello | IngestPosition | IngestEnd | IngestPing, Field(discriminator="type")]
IngestFromServer = Annotated[IngestStarted | IngestEnded | IngestPong | IngestError, Field(discriminator="type")]

FROM_SENDER: TypeAdapter[Any] = TypeAdapter(IngestFromSender)


class IngestCall(IncomingCall):
    """A `hello`, binary messages of one leg each, and an `end`."""

    kind: ClassVar[str] = "ingest"
    route: ClassVar[str] = "ingest"

    def __init__(self) -> None:
        self._hello: IngestHello | None = None
        self._ended = False

    def hear(self, message: Message) -> Iterator[Heard]:
        """See `IncomingCall`."""
        if isinstance(message, bytes):
            yield self._sound(message)
            return
        match _parsed(message):
            case IngestPing():
                yield Reply(IngestPong().model_dump_json())
            case IngestHello() as hello if self._hello is None:
                self._hello = hello
                legs = tuple(leg for leg in LEGS if leg in hello.legs)
                yield Begin(legs, hello.rate, hello.encoding, hello.call, hello.metadata)
            case IngestHello():
                raise ConfigError("hello: this call has begun; a further call needs a connection of its own")
            case IngestPosition() as told:
                if told.leg not in (known := self._greeted().legs):
                    raise ConfigError(f"position: leg {told.leg} is not of this call; hello named {', '.join(known)}")
                yield Position(told.leg, told.time, told.missing)
            case IngestEnd():
                self._greeted()
                self._ended = True
                yield End()

    def started(self, call: str) -> Sequence[Message]:
        """See `IncomingCall`."""
        return [IngestStarted(call=call).model_dump_json()]

    def ended(self, call: str, reason: str) -> Sequence[Message]:
        """See `IncomingCall`."""
        return [IngestEnded(call=call, reason=reason).model_dump_json()]

    def wrong(self, code: str, message: str) -> Sequence[Message]:
        """See `IncomingCall`."""
        return [IngestError(code=code, message=message).model_dump_json()]

    def _greeted(self) -> IngestHello:
        """The hello. Raises `ConfigError` where it did not come, or the call is over."""
        if self._hello is None:
            raise ConfigError(
                'the first message is a hello, such as {"type": "hello", "legs": ["customer", "agent"], "rate": 8000}'
            )
        if self._ended:
            raise ConfigError("this call was ended; a further call needs a connection of its own")
        return self._hello

    def _sound(self, message: bytes) -> Sound:
        hello = self._greeted()
        if len(message) < 2:
            raise ConfigError(f"a binary message is a byte that says which leg, then samples; this has {len(message)} bytes")
        place, data = message[0], message[1:]
        if place >= len(hello.legs):
            named = ", ".join(f"{number} is {leg}" for number, leg in enumerate(hello.legs))
            raise ConfigError(f"a binary message begins with the leg's number ({named}), this one with {place}")
        width = SUBTYPES[hello.encoding][1]
        if len(data) % width:
            raise ConfigError(
                f"a binary message holds whole samples of {width} bytes ({hello.encoding}), this one {len(data)} bytes"
            )
        if len(data) > width * hello.rate:
            raise ConfigError(
                f"a binary message holds at most a second, this one {len(data) // width} samples at {hello.rate} Hz; "
                "20 to 100 ms are best"
            )
        return Sound(hello.legs[place], data)


def _parsed(text: str) -> Any:
    try:
        return FROM_SENDER.validate_json(text)
    except ValidationError as error:
        raise ConfigError(first_sentence(error.errors(include_url=False, include_input=False), "message")) from None
