"""What a store keeps for a sink: how far it has come in the journal, and what it gave up."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that was not delivered."""

    seq: int
    given_up_at: str
    """Wall clock, ISO 8601 UTC."""
    attempts: int
    reason: str
    """Of the last attempt."""
    message: Mapping[str, Any]
    """As the journal has it."""


class DeadLetters(ABC):
    """Those of one sink. Each has its event, so they go with their call. Methods raise `StoreError` where the store refuses."""

    @abstractmethod
    def add(self, letter: DeadLetter, stands: Callable[[], bool]) -> bool:
        """Add a letter, unless its event no longer `stands` (its call was erased); whether it was added."""

    @abstractmethod
    def read(self) -> list[DeadLetter]:
        """All of them, oldest first, each event once."""

    @abstractmethod
    def remove(self, seqs: Collection[int]) -> None:
        """Take out those of some events."""


class SinkState(ABC):
    """That of one sink."""

    letters: DeadLetters

    @abstractmethod
    def position(self) -> int | None:
        """The last `seq` that is settled; None where the sink never ran. Raises `StoreError` where it cannot be read."""

    @abstractmethod
    def settle(self, position: int) -> None:
        """Every event up to `position` is delivered, given up or not wanted. Raises `StoreError` where the store refuses."""
