"""What a journal is: every event of every call, numbered from 1 without a hole, kept before anybody is told."""

import json
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime
from itertools import islice
from threading import Lock
from typing import Any

import numpy as np
import structlog

from monitor.errors import StoreError
from monitor.events import Event
from monitor.messages import RecordedMessage, recorded

log = structlog.get_logger(__name__)

Message = dict[str, Any]
"""An event as the journal has it: `seq`, `recorded_at` (ISO 8601, UTC), `type`, and its own fields."""
Listener = Callable[[RecordedMessage], None]


class Offer(ABC):
    """Events that are to be kept, in their order. One thread at a time."""

    def __init__(self, count: int) -> None:
        self.count = count
        """How many they are: as many of those that were offered as could be taken, at least one."""

    @abstractmethod
    def settle(self) -> None:
        """Have them kept, and tell the listeners. Raises `StoreError` where that cannot be done; it may be tried again."""


class _OneByOne(Offer):
    """Of a journal that takes one event at a time."""

    def __init__(self, journal: "Journal", events: Sequence[Event]) -> None:
        super().__init__(len(events))
        self._journal, self._left = journal, deque(events)

    def settle(self) -> None:
        while self._left:
            self._journal.append(self._left[0])
            self._left.popleft()


class Journal(ABC):
    """The events of all calls. Messages that it hands out are not to be changed. All methods may be called from any thread."""

    def __init__(self) -> None:
        self._untold: deque[Message] = deque()
        self._listeners: list[Listener] = []
        self._telling = Lock()

    @property
    @abstractmethod
    def last(self) -> int:
        """The newest `seq`; 0 where there is none."""

    def takes_events(self) -> bool:
        """Whether something can be appended at this moment. It is asked often, and changes nothing."""
        return True

    @abstractmethod
    def append(self, event: Event) -> Message:
        """Number an event and keep it; then tell the listeners. Raises `StoreError` where that cannot be done."""

    def offer(self, events: Sequence[Event]) -> Offer:
        """Events, at least one, to be kept as soon as any offer is settled: what many calls offer then costs one write.

        Raises `StoreError` where the first of them cannot be said.
        """
        return _OneByOne(self, events)

    @abstractmethod
    def read(
        self, since: int, *, call: str | None = None, types: Collection[str] | None = None, limit: int | None = None
    ) -> list[Message]:
        """Messages with `seq` greater than `since`, oldest first; only of a call or of some types, `limit` at most."""

    @abstractmethod
    def erase(self, call: str) -> int:
        """Put `{"seq": n, "type": "erased"}` in the place of a call's messages; how many they were."""

    def drop_before(self, moment: datetime) -> int:
        """Let go of the oldest events, as far as all that lies with them is older; how many files that were. Here none."""
        return 0

    def refresh(self) -> None:  # noqa: B027 - most journals have one writer
        """Take in what other processes appended, and tell the listeners. Cheap where there is nothing new.

        Here there is nothing to take in: a journal that several processes share has its own.
        """

    def listen(self, callback: Listener) -> Callable[[], None]:
        """Have every further message told to `callback`, in order, from whichever thread appends; returns how to stop it.

        All who listen are told one typed message, and so need not look into the journal's data.

        The callback must be quick: hand the message over and return. What it raises is logged.
        """
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback) if callback in self._listeners else None

    def _line_up(self, messages: Iterable[Message]) -> None:
        """For who keeps messages: have them told next. Call it in the order of their `seq`, under whatever lock gave that."""
        self._untold.extend(messages)

    def _tell(self) -> None:
        """For who keeps messages: tell what is lined up, without a lock. One thread does it for all."""
        while self._untold and self._telling.acquire(blocking=False):
            try:
                while self._untold:
                    message = recorded(self._untold.popleft())
                    for listener in tuple(self._listeners):
                        _tell_one(listener, message)
            finally:
                self._telling.release()


def encoded(event: Event) -> bytes:
    """The message of an event without its `seq`, as JSON. Raises `StoreError` where JSON cannot say it."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    try:
        body = {"recorded_at": now, **event.as_message()}
        return json.dumps(body, ensure_ascii=False, allow_nan=False, default=_plain).encode()
    except (TypeError, ValueError) as error:
        raise StoreError(f"cannot write a {event.type} event of call {event.call} to the journal: {error}") from error


def chosen(
    messages: Iterable[Message], call: str | None, types: Collection[str] | None, limit: int | None
) -> Iterable[Message]:
    """Those of a call and of some types, `limit` at most, None being no condition."""
    return islice(
        (
            message
            for message in messages
            if (call is None or message.get("call") == call) and (types is None or message["type"] in types)
        ),
        limit,
    )


def _tell_one(listener: Listener, message: RecordedMessage) -> None:
    try:
        listener(message)
    except Exception:
        log.exception("journal_listener_failed", seq=message.seq)


def _plain(value: object) -> object:
    """Numbers and arrays of numpy as JSON has them."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is not JSON")
