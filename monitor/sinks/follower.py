"""One sink's way along the journal: a thread of its own, a position on the disk, and no hurry that anybody else would feel.

The journal tells that there is something new; what, the follower reads for itself. An event is settled once it was delivered,
given up (then it is among the dead letters) or is not wanted; only then does the position move. So an event that was
under way when the process died comes again: at least once, in order.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog

from monitor.config.sinks import RetrySection
from monitor.errors import StoreError
from monitor.messages import recorded
from monitor.sinks.backoff import Backoff
from monitor.sinks.base import Delivery, DeliveryError, Message, RejectedError, Sink
from monitor.sinks.selection import Selection
from monitor.store.journal import Journal
from monitor.store.sink_state import DeadLetter, SinkState

log = structlog.get_logger(__name__)

BATCH = 200
"""Events read at a time."""
LOOK_AGAIN = 1.0
"""Seconds after which a follower looks by itself: other processes append to the journal, too."""
NOTE_EVERY = 2.0
"""Seconds after which it is noted that events were passed over: at once, each would cost the disk a write for every sink."""


@dataclass(slots=True)
class Counts:
    """What became of the events of one sink since the program started."""

    delivered: int = 0
    failed: int = 0
    """Attempts."""
    retried: int = 0
    """Attempts that were not an event's first."""
    dead_lettered: int = 0


class Follower:
    """Brings the journal's events to a sink from `start` to `close`."""

    def __init__(
        self, name: str, sink: Sink, selection: Selection, retry: RetrySection, journal: Journal, state: SinkState
    ) -> None:
        """Raises `StoreError` where the position cannot be read or, of a new sink, not be written."""
        self.name = name
        self.counts = Counts()
        self._sink = sink
        self._selection = selection
        self._attempts = retry.attempts
        self._backoff = Backoff(retry)
        self._journal = journal
        self._state = state
        self._position = self._first_position()
        self._saved = self._position
        self._saved_at = time.monotonic()
        self._awake = threading.Event()
        self._unlisten: Callable[[], None] = lambda: None
        self._closing = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"sink-{name}", daemon=True)

    @property
    def lag(self) -> int:
        """Events of the journal that are not settled."""
        return max(0, self._journal.last - self._position)

    def start(self) -> None:
        """Begin to deliver."""
        self._unlisten = self._journal.listen(lambda _: self._awake.set())
        self._thread.start()
        log.info("sink_started", sink=self.name, position=self._position, lag=self.lag)

    def begin_close(self) -> None:
        """Deliver what is there by now, as long as it succeeds, and then end."""
        self._unlisten()
        self._closing.set()
        self._awake.set()

    def close(self, patience: float) -> None:
        """End. What is not delivered within `patience` seconds comes after the next start."""
        self.begin_close()
        if self._thread.ident is not None:
            self._thread.join(max(0.0, patience))
        self._stopped.set()
        if self._thread.is_alive():
            log.warning("sink_not_drained", sink=self.name, lag=self.lag)
        else:
            self._sink.close()

    def _first_position(self) -> int:
        position, last = self._state.position(), self._journal.last
        if position is None:
            self._state.settle(last)
            return last
        if position > last:  # a store that was put back from a backup
            log.warning("sink_ahead_of_journal", sink=self.name, position=position, journal=last)
            self._state.settle(last)
            return last
        return position

    def _run(self) -> None:
        while not self._stopped.is_set():
            closing = self._closing.is_set()  # asked first: what came before the closing is still delivered
            try:
                moved = self._advance()
            except Exception as error:
                told = not isinstance(error, StoreError)
                log.error("sink_cannot_go_on", sink=self.name, error=str(error), exc_info=told)
                moved = False
            ends = not moved and (closing or self._closing.is_set())
            if ends or time.monotonic() - self._saved_at >= NOTE_EVERY:
                self._save()
            if ends:
                return
            if not moved:
                self._awake.wait(LOOK_AGAIN)
                self._awake.clear()

    def _advance(self) -> bool:
        """Settle the next events; whether there were any, and none stands in the way of a close."""
        batch = self._journal.read(self._position, limit=BATCH)
        for message in batch:
            if self._stopped.is_set() or not self._settle(message):
                return False
            self._position = message["seq"]
        return bool(batch)

    def _settle(self, message: Message) -> bool:
        """Deliver an event, give it up, or pass it over; False where the follower closes before that is done."""
        if message["type"] == "damaged":
            log.warning("sink_event_damaged", sink=self.name, seq=message["seq"])
        try:
            if not self._selection.wants(recorded(message)):
                return True
        except Exception as error:  # noqa: BLE001 - one event that cannot be read must not end a sink's thread
            return self._give_up(message, 0, f"whether it is wanted cannot be known: {error}")
        settled = self._deliver(message)
        if settled:
            self._position = message["seq"]
            self._save()
        return settled

    def _deliver(self, message: Message) -> bool:
        attempt = 0
        while standing(self._journal, message):
            attempt += 1
            self.counts.retried += attempt > 1
            error = self._attempt(message)
            if error is None:
                return True
            if isinstance(error, RejectedError) or attempt >= self._attempts:
                return self._give_up(message, attempt, str(error))
            if self._pause(error.retry_after):
                return False
        return True

    def _attempt(self, message: Message) -> DeliveryError | None:
        try:
            self._sink.deliver(Delivery.of(message))
        except DeliveryError as error:
            failure = error
        except Exception as error:
            log.exception("sink_defect", sink=self.name, seq=message["seq"])
            failure = DeliveryError(f"defect of the sink: {type(error).__name__}")
        else:
            if self._backoff.failures:
                log.info("sink_delivers_again", sink=self.name, seq=message["seq"])
            self._backoff.after_success()
            self.counts.delivered += 1
            return None
        self.counts.failed += 1
        log.warning("sink_failed", sink=self.name, seq=message["seq"], error=str(failure))
        return failure

    def _give_up(self, message: Message, attempts: int, reason: str) -> bool:
        """Put an event among the dead letters, however long it takes; False where the follower closes before that."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        letter = DeadLetter(message["seq"], now, attempts, reason, message)
        while True:
            try:
                added = self._state.letters.add(letter, lambda: standing(self._journal, message))
            except StoreError as error:
                log.error("sink_dead_letter_not_written", sink=self.name, seq=message["seq"], error=str(error))
                if self._pause():
                    return False
            else:
                self.counts.dead_lettered += added
                log.error("sink_gave_up", sink=self.name, seq=message["seq"], attempts=attempts, reason=reason)
                return True

    def _pause(self, asked: float | None = None) -> bool:
        """Wait after a failure; whether the follower closes meanwhile."""
        return self._closing.wait(self._backoff.after_failure(asked))

    def _save(self) -> None:
        if self._position == self._saved:
            return
        try:
            self._state.settle(self._position)
            self._saved, self._saved_at = self._position, time.monotonic()
        except StoreError as error:  # a warning is worth more than the knowledge that it was given
            log.error("sink_position_not_written", sink=self.name, position=self._position, error=str(error))


def standing(journal: Journal, message: Mapping[str, Any]) -> bool:
    """Whether an event is still in the journal: its call may have been erased. Raises `StoreError`."""
    found = journal.read(message["seq"] - 1, limit=1)
    return bool(found) and found[0]["seq"] == message["seq"] and found[0].get("call") == message["call"]
