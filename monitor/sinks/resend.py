"""Dead letters brought to their sink once more, by the wish of a person."""

from dataclasses import dataclass

from monitor.sinks.base import Delivery, DeliveryError, RejectedError, Sink
from monitor.sinks.follower import standing
from monitor.store.journal import Journal
from monitor.store.sink_state import DeadLetters


@dataclass(frozen=True, slots=True)
class Resent:
    """What became of dead letters."""

    delivered: int
    rejected: int
    left: int
    """Dead letters that there still are."""
    reason: str
    """Of the last that was not delivered; empty where all were."""


def resend(sink: Sink, letters: DeadLetters, journal: Journal) -> Resent:
    """Deliver dead letters, oldest first, and take out those that were; ends where the sink is not reached.

    A service may follow the journal to the same sink meanwhile. Raises `StoreError`.
    """
    delivered: set[int] = set()
    erased: set[int] = set()
    rejected, reason = 0, ""
    try:
        for letter in letters.read():
            if not standing(journal, letter.message):
                erased.add(letter.seq)
                continue
            try:
                sink.deliver(Delivery.of(letter.message))
            except RejectedError as error:
                rejected, reason = rejected + 1, str(error)
            except DeliveryError as error:
                reason = str(error)
                break
            else:
                delivered.add(letter.seq)
    finally:
        letters.remove(delivered | erased)
    return Resent(len(delivered), rejected, len(letters.read()), reason)
