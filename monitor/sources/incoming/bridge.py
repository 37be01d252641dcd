"""What is between a connection that brings a call's audio and the call, wherever that is heard."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from monitor.events import Leg
from monitor.sources.channels import Cause
from monitor.sources.decode.raw import SUBTYPES, Encoding


@dataclass(frozen=True, slots=True)
class PushedAudio:
    """The audio that somebody is going to bring."""

    legs: tuple[Leg, ...]
    rate: int
    """Hz, of all legs."""
    encoding: Encoding
    description: str
    """For people and for the store."""

    @property
    def second(self) -> int:
        """Bytes of a second of all legs."""
        return len(self.legs) * self.rate * SUBTYPES[self.encoding][1]


OnChange = Callable[[], None]
"""Called, from any thread, where there is room again after a bridge was `full`, and when no more audio is taken."""


class Bridge(Protocol):
    """The side of who brings audio. `push`, `position` and `end` from one thread at a time."""

    @property
    def full(self) -> bool:
        """Whether so much waits that the sender is to be slowed down; then `OnChange` says when it does no longer."""

    @property
    def over(self) -> bool:
        """Whether no more audio is taken."""

    def push(self, leg: Leg, data: bytes) -> None:
        """Take whole samples of a leg, which follow on those before. Never waits."""

    def position(self, leg: Leg, seconds: float, missing: Cause) -> None:
        """Have the next audio of a leg follow at this moment of the call. May wait for whoever hears the call.

        Raises `ConfigError` where it cannot be there.
        """

    def end(self, reason: str = "finished") -> None:
        """No more audio comes; what came is still heard. `reason` is why, as in `call_ended`. The first one counts."""
