"""What a sink is: takes one event at a time to where it is wanted. Whoever follows the journal for it is `follower.py`.

Every sink passes the suite of `monitor/conformance/sinks.py`.
"""

import hashlib
import secrets
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

from monitor.config.section import Section
from monitor.errors import MonitorError

Message = Mapping[str, Any]


class DeliveryError(MonitorError):
    """An event was not delivered. The message is the reason; it names no secret."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        """`retry_after`: seconds for which the other side asked."""
        super().__init__(reason)
        self.retry_after = retry_after


class RejectedError(DeliveryError):
    """An event was not delivered, and trying again would not change that."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event on its way to one sink."""

    id: str
    """The same at every attempt, also after a restart, and of no other event: by it a receiver knows what it has already."""
    message: Message
    """A public message (`docs/protocol.md`), JSON-ready."""

    @classmethod
    def of(cls, message: Message) -> "Delivery":
        """The delivery of an event of the journal."""
        # Numbers begin anew where a store does, so the number alone would not do.
        said = f"{message['recorded_at']} {message['type']} {message['call']}"
        return cls(f"evt_{message['seq']}_{hashlib.sha256(said.encode()).hexdigest()[:16]}", message)

    @classmethod
    def test(cls, sink: str) -> "Delivery":
        """A message by which a person tries a sink."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        text = "This is a test of emotion-monitor. No call is meant."
        return cls(f"test_{secrets.token_hex(8)}", {"type": "test", "sink": sink, "recorded_at": now, "message": text})


class Sink(ABC):
    """Takes events to one place. One thread at a time; it may take its time, but not for ever: what waits needs a limit."""

    Options: ClassVar[type[Section]]
    """What stands under `options:`. A `SecretStr` field has a field of the same name with `_file` beside it."""

    @abstractmethod
    def __init__(self, options: Any) -> None:
        """Take the options, an `Options`. Raises `ConfigError`; the other side need not be there."""

    @abstractmethod
    def deliver(self, delivery: Delivery) -> None:
        """Return once the other side has it. Raises `DeliveryError`; `RejectedError` where trying again is of no use."""

    def close(self) -> None:
        """Let go of what is held open. `deliver` is not called again."""
        return
