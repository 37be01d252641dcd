"""The board: all live calls at a moment."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from monitor.events import Leg
from monitor.messages.message import Label, Message, read


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


def board_message(document: Mapping[str, Any]) -> BoardMessage:
    """The board from JSON-ready data."""
    return read(BoardMessage, document)
