"""Events for tests that need a journal but no call."""

from monitor.events import AlertAcknowledged
from monitor.store.journal import Journal


def record(journal: Journal, count: int, call: str = "c", note: str = "") -> list[int]:
    """Append so many events; their sequence numbers."""
    return [
        journal.append(AlertAcknowledged(call=call, id=f"{call}:rule:{index}", by="tests", note=note))["seq"]
        for index in range(count)
    ]
