"""What a websocket client asked for in its query string."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from monitor.errors import ConfigError
from monitor.messages import EVENT_TYPES, AboutACall, BoardMessage, FramesMessage, Message, ReplayEndedMessage
from monitor.server.told import Told
from monitor.store.call_id import check_call_id

_SWITCHES = {"0": False, "1": True, "false": False, "true": True}

PARAMETERS: dict[str, Any] = {
    "since": {"type": "integer", "minimum": 0, "description": "Send every event after this sequence number, then go on live."},
    "call": {"type": "array", "items": {"type": "string"}, "description": "Only these calls; may be given several times."},
    "type": {
        "type": "array",
        "items": {"type": "string", "enum": sorted(EVENT_TYPES)},
        "description": "Only these types of event; may be given several times.",
    },
    "frames": {"type": "string", "enum": ["0", "1"], "default": "0", "description": "1: live frames too."},
    "board": {"type": "string", "enum": ["0", "1"], "default": "0", "description": "1: all live calls, once a second, too."},
    "replay": {"type": "string", "enum": ["0", "1"], "default": "1", "description": "0: leave replays out."},
}
"""The query parameters as JSON Schema, for the AsyncAPI document."""

MAX_VALUES = 100
"""Of one parameter: a query string is no place for more."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """Which messages a client wants."""

    since: int | None = None
    """None: from now on."""
    calls: frozenset[str] = field(default_factory=frozenset)
    """Empty: all."""
    types: frozenset[str] = field(default_factory=frozenset)
    """Empty: all."""
    frames: bool = False
    replay: bool = True
    board: bool = False

    def wanted_of(self, board: BoardMessage) -> BoardMessage:
        """The board as far as this client wants it."""
        return board.only(self.calls) if self.calls else board

    def wants(self, message: Message | Told) -> bool:
        """Whether an event, live frames or a replayed message should be sent."""
        if isinstance(message, Told):
            return self._wants_of(message.call) and self._wants_type(message.type)
        if isinstance(message, BoardMessage):
            return self.board
        if not isinstance(message, AboutACall):
            return self._wants_of(None) and self._wants_type(message.type)
        if not self._wants_of(message.call) or (message.replay and not self.replay):
            return False
        if isinstance(message, FramesMessage):
            return self.frames
        return isinstance(message, ReplayEndedMessage) or self._wants_type(message.type)

    def _wants_of(self, call: str | None) -> bool:
        return not self.calls or call in self.calls

    def _wants_type(self, kind: str) -> bool:
        return not self.types or kind in self.types


def parse_subscription(query: list[tuple[str, str]]) -> Subscription:
    """Read a query string's pairs. Raises `ConfigError` naming the wrong parameter and what it may be.

    >>> parse_subscription([("since", "7"), ("type", "alert"), ("type", "state")]).since
    7
    """
    values: dict[str, list[str]] = {}
    for name, value in query:
        values.setdefault(name, []).append(value)
    values.pop("token", None)  # read by the gate
    unknown = sorted(values.keys() - PARAMETERS.keys())
    if unknown:
        raise ConfigError(f"unknown parameter {unknown[0][:40]!r}; there are {', '.join(PARAMETERS)}")
    for name, given in values.items():
        if len(given) > (MAX_VALUES if name in ("call", "type") else 1):
            raise ConfigError(f"parameter {name} is given {len(given)} times")
    types = frozenset(values.get("type", ()))
    if types - EVENT_TYPES:
        raise ConfigError(f"no event type {min(types - EVENT_TYPES)[:40]!r}; there are {', '.join(sorted(EVENT_TYPES))}")
    return Subscription(
        since=_sequence(values["since"][0]) if "since" in values else None,
        calls=frozenset(check_call_id(call) for call in values.get("call", ())),
        types=types,
        frames=_switch("frames", values, default=False),
        replay=_switch("replay", values, default=True),
        board=_switch("board", values, default=False),
    )


def _sequence(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise ConfigError(f"since must be a whole number of at least 0, got {text[:40]!r}")
    return int(text)


def _switch(name: str, values: Mapping[str, list[str]], default: bool) -> bool:
    text = values.get(name, ["1" if default else "0"])[0]
    if text not in _SWITCHES:
        raise ConfigError(f"{name} must be 0 or 1, got {text[:40]!r}")
    return _SWITCHES[text]
