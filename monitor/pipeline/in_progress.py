"""A call in progress, as those see it who ask for it or end it: heard in this process, or in a worker."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from monitor.errors import MonitorError
from monitor.events import Leg
from monitor.pipeline.tap import SoundTick


class Listening(Protocol):
    """Somebody who listens in."""

    @property
    def reason(self) -> str | None:
        """Why there is no more; None while there is."""

    def take(self) -> list[SoundTick]:
        """What came since the last time, of each leg in order."""


class Ear(Protocol):
    """Where listeners come to a call and leave it."""

    def open(self, on_change: Callable[[], None]) -> Listening:
        """Begin to listen. Raises `BusyError` where too many do. `on_change` is called, in any thread, where there is more."""

    def close(self, listener: Any) -> None:
        """Listen no more."""


class CallInProgress(ABC):
    """All methods may be called from any thread."""

    id: str
    legs: tuple[Leg, ...]
    started_at: datetime
    metadata: Mapping[str, Any]
    tap: Ear
    reason: str
    """Why it ended, as in `call_ended`; empty while it lasts."""
    ending: bool = False
    """Whether it was asked to end."""
    error: MonitorError | None
    """Why it ended before its time; None where it did not."""

    @property
    @abstractmethod
    def seconds(self) -> float:
        """Length of the timeline analysed so far."""

    @abstractmethod
    def stop(self, reason: str) -> None:
        """End the call soon; what came is still analysed and stored."""

    @abstractmethod
    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the call is over and stored, and those who follow it know; False where that takes longer than `timeout`
        seconds. It is among the calls in progress no more."""

    @abstractmethod
    def endpoints(self) -> Mapping[Leg, Mapping[str, Any]]:
        """Where each leg is to be sent; empty where nothing is sent to it."""

    @abstractmethod
    def reports(self) -> Mapping[str, Mapping[str, Any]]:
        """The account of each leg so far."""

    @abstractmethod
    def summary(self) -> Mapping[str, Any]:
        """What an operator asks of a live call."""

    @abstractmethod
    def board(self) -> Mapping[str, Any]:
        """The call's line on the board, but for its alerts."""
