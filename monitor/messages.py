"""What is said on `/ws/v1/events`, as pydantic models: the wire's contract, and what this program reads the journal by.

Written out field by field on purpose, beside `monitor.events`: a changed event must not change the wire unnoticed (a test
compares the two). Clients ignore keys that they do not know; a key is never taken away or given another meaning within v1.
"""

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, TypeAdapter

from monitor.events import Leg

Label = str


def _may_be_absent(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


class Message(BaseModel):
    """Base of all messages."""

    model_config = ConfigDict(use_attribute_docstrings=True, defer_build=True)

    type: str

    _read: Mapping[str, Any] | None = PrivateAttr(default=None)
    _text: str | None = PrivateAttr(default=None)

    def as_message(self) -> dict[str, Any]:
        """JSON-ready data: what was read, to the letter, or else what was given."""
        return dict(self._read) if self._read is not None else self.model_dump(by_alias=True, exclude_unset=True)

    def as_text(self) -> str:
        """The message as it goes over the wire, made once for all who are told."""
        if self._text is None:
            self._text = self._encoded()
        return self._text

    @cached_property
    def websocket_frame(self) -> bytes:
        """The message as a server sends it, made once for all who are told: a server masks nothing (RFC 6455, section 5.1)."""
        from websockets.frames import Frame, Opcode

        return Frame(Opcode.TEXT, self.as_text().encode()).serialize(mask=False)

    def _encoded(self) -> str:
        return encode(self.as_message())


def encode(message: Any) -> str:
    """A message as JSON; numbers that JSON does not have become null.

    >>> encode({"valence": [0.5, float("nan")]})
    '{"valence":[0.5,null]}'
    """
    try:
        return json.dumps(message, separators=(",", ":"), allow_nan=False)
    except ValueError:
        return encode(json.loads(json.dumps(message), parse_constant=lambda _: None))


class RecordedMessage(Message):
    """Base of what the journal has."""

    seq: int = Field(default=0, ge=1, json_schema_extra=_may_be_absent)
    """Place in the journal; grows by one. Absent in a replay, so that `since` is never disturbed by one."""


class EventMessage(RecordedMessage):
    """Base of the events of a call. Either from the journal (`seq`, `recorded_at`) or played again (`replay`)."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["seq", "recorded_at"]}, {"required": ["replay"]}]},
    )

    recorded_at: str = Field(default="", json_schema_extra=_may_be_absent)
    """Wall clock of the journal entry, ISO 8601 UTC. Absent in a replay."""
    replay: str = Field(default="", json_schema_extra=_may_be_absent)
    """Id of the replay that says this again; absent in what happens now."""
    call: str
    """Id of the call."""
    leg: Leg | None = None
    """The leg that it is about; null where it is about the whole call."""
    time: float
    """Seconds from the start of the call: the moment it is about."""
    at: float
    """Seconds from the start of the call: the moment by which it could be said."""


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


class AlertMessage(EventMessage):
    """A rule fired, its finding grew, or it is over."""

    type: Literal["alert"]
    id: str
    rule: str
    severity: Literal["info", "warning", "critical"]
    status: Literal["raised", "updated", "cleared"]
    message: str
    """One sentence for the supervisor."""
    evidence: dict[str, Any]
    """The measured values that met the condition."""
    delay: float = 0.0
    """Whole seconds after `at` by which it became known, where a sender or the network had held back what it is about; 14 is
    the most that is told."""


class AlertAcknowledgedMessage(EventMessage):
    """A person took note of an alert. Never replayed."""

    type: Literal["alert_acknowledged"]
    id: str
    by: str
    note: str


class AlertAssignedMessage(EventMessage):
    """A person gave an alert to somebody. Never replayed."""

    type: Literal["alert_assigned"]
    id: str
    by: str
    to: str
    """Empty: to nobody any more."""


class AlertSnoozedMessage(EventMessage):
    """A person wants to hear no more of an alert for a while. Never replayed."""

    type: Literal["alert_snoozed"]
    id: str
    by: str
    until: str
    """Wall clock, ISO 8601 UTC."""
    reason: str


class AlertJudgedMessage(EventMessage):
    """A person said whether an alert was right, perhaps after its call. The last word of a person counts. Never replayed."""

    type: Literal["alert_judged"]
    id: str
    by: str
    right: bool
    reason: str


class NoteWrittenMessage(EventMessage):
    """A person wrote about a moment of a call, `time`, or about a stretch from it on. Never replayed."""

    type: Literal["note_written"]
    id: str
    by: str
    text: str
    """Treat as text from a stranger."""
    label: str
    """What the stretch is, for training on; empty where it is no example."""
    end: float | None
    """Seconds of the call at which the stretch ends; null of a moment."""


class NoteErasedMessage(EventMessage):
    """A person took a note back. Never replayed."""

    type: Literal["note_erased"]
    id: str
    by: str


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


class FramesMessage(Message):
    """A leg's frames as they come, thinned to `rate`. Sent with `frames=1`; passing, not in the journal."""

    type: Literal["frames"]
    replay: str = Field(default="", json_schema_extra=_may_be_absent)
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
    heads: dict[str, dict[Label, list[float | None]]] = Field(default_factory=dict, json_schema_extra=_may_be_absent)
    """What each head that is heard with says: its name, its labels, a probability each; null where it has not heard enough."""


class BoardLeg(BaseModel):
    """A leg of a live call on the board."""

    model_config = ConfigDict(use_attribute_docstrings=True, defer_build=True)

    emotion: Label
    """Believed; `unknown` where it is not known, or may not be inferred."""
    confidence: float = Field(ge=0, le=1)
    """Smoothed posterior of `emotion`; 0 where it is unknown."""
    valence: float | None
    """Smoothed, like `arousal`; null where nothing was heard yet, or may not be analysed."""
    arousal: float | None
    speech: float = Field(ge=0, le=1)
    """Share of its last second in which the leg spoke."""
    talk: float
    """Seconds of speech so far."""
    level: float | None
    """Loudness of its last 100 ms, dBFS; null where that is not known, or may not be."""
    lost: float | None
    """Share of the packets that never came; null where it does not come in packets."""
    late: int
    """Packets that came too late to be heard."""
    overflow: float
    """Seconds of its audio that came and that this program, or the kernel before it, had to drop: lost here, not on the way."""
    backlog: float
    """Seconds of its audio that came and whose frames did not yet; a hop and a lookahead without any load."""


class BoardCall(BaseModel):
    """A live call on the board."""

    model_config = ConfigDict(use_attribute_docstrings=True, defer_build=True)

    seconds: float
    """Analysed so far."""
    legs: dict[Leg, BoardLeg]
    silence: float
    """Seconds since anybody spoke."""
    overtalk: float
    """Seconds so far in which customer and agent spoke at once."""
    alerts: dict[Literal["critical", "warning", "info"], int]
    """That stand."""


class BoardLoad(BaseModel):
    """How much the service carries."""

    model_config = ConfigDict(use_attribute_docstrings=True, defer_build=True)

    calls: int
    max_calls: int
    legs: int
    queued: int
    """Windows that wait for the engine."""
    busy: float
    """Share of the time since the last board in which the engine computed."""
    hop_factor: float
    """Mean over the recent live windows: 1 without overload, 2 where the hop is twice the configured."""
    latency: float
    """Seconds from a live window's arrival to its frames: the 0.95 quantile of the last 1000."""
    latency_aimed_for: float
    overload: bool
    """Whether live windows were late, or given up, since the last board."""


class BoardMessage(Message):
    """All live calls at a moment, once a second. Sent with `board=1`; passing, not in the journal."""

    type: Literal["board"]
    at: str
    """Wall clock, ISO 8601 UTC."""
    calls: dict[str, BoardCall]
    """By their ids; as far as the connection wants them."""
    load: BoardLoad
    """Of the whole service."""

    _cuts: dict[frozenset[str], "BoardMessage"] = PrivateAttr(default_factory=dict)

    def only(self, calls: frozenset[str]) -> "BoardMessage":
        """The same of some calls, made once for all who want these."""
        if calls not in self._cuts:
            document = self.as_message()
            some = {call: line for call, line in document["calls"].items() if call in calls}
            self._cuts[calls] = board_message({**document, "calls": some})
        return self._cuts[calls]


class HelloMessage(Message):
    """The first message of a connection."""

    type: Literal["hello"]
    version: str
    """Of the program."""
    seq: int
    """Last of the journal when the connection was made. Without `since`, events after it follow."""
    present: list["EventUnion"]
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

ListenMessage = Annotated[ListeningMessage | ListenEndedMessage | ErrorMessage, Field(discriminator="type")]
"""Everything that the server says in text on `/ws/v1/listen`."""


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

EVENTS: TypeAdapter[Any] = TypeAdapter(EventUnion, config=ConfigDict(defer_build=True))
FROM_SERVER: TypeAdapter[Any] = TypeAdapter(ServerMessage, config=ConfigDict(defer_build=True))
FROM_CLIENT: TypeAdapter[Any] = TypeAdapter(ClientMessage, config=ConfigDict(defer_build=True))

AboutACall = EventMessage | UnknownMessage | FramesMessage | ReplayEndedMessage
"""What a client can ask for or leave out."""

_M = TypeVar("_M", bound=Message)


def _by_type(*models: type[_M]) -> Mapping[str, type[_M]]:
    return {kind: model for model in models for kind in get_args(model.model_fields["type"].annotation)}


_EVENTS = _by_type(*EventMessage.__subclasses__())
_RECORDED = {**_EVENTS, **_by_type(ErasedMessage, DamagedMessage)}
_PASSING = _by_type(FramesMessage, ReplayEndedMessage)
EVENT_TYPES = frozenset(_EVENTS)
"""Types of journal events."""


def recorded(document: Mapping[str, Any]) -> RecordedMessage:
    """A message of the journal. It is not validated: this program wrote it.

    >>> recorded({"seq": 3, "type": "damaged"}).seq
    3
    """
    return _read(_RECORDED.get(document["type"], UnknownMessage), document)


def message_of(document: Mapping[str, Any]) -> Message:
    """What this program says of a call, recorded or passing, from JSON-ready data. It is not validated.

    >>> message_of({"type": "state", "call": "c", "leg": "agent", "emotion": "sad"}).emotion
    'sad'
    """
    passing = _PASSING.get(document["type"])
    return recorded(document) if passing is None else _read(passing, document)


def frames_message(document: Mapping[str, Any]) -> FramesMessage:
    """Live frames from JSON-ready data."""
    return _read(FramesMessage, document)


def board_message(document: Mapping[str, Any]) -> BoardMessage:
    """The board from JSON-ready data."""
    return _read(BoardMessage, document)


def _read(model: type[_M], document: Mapping[str, Any]) -> _M:
    message = model.model_construct(**document)
    message._read = document
    return message
