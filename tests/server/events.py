"""Events for tests that need a journal but no call."""

from queue import SimpleQueue

from monitor.events import AlertAcknowledged
from monitor.store.journal import Journal

PATIENCE = 30.0
"""Seconds after which whoever waits gives up."""


def record(journal: Journal, count: int, call: str = "c", note: str = "") -> list[int]:
    """Append so many events, and wait until all who listen were told, which another thread may do; their sequence numbers."""
    told: SimpleQueue[int] = SimpleQueue()
    forget = journal.listen(lambda message: told.put(message.seq))
    appended = [
        journal.append(AlertAcknowledged(call=call, id=f"{call}:rule:{index}", by="tests", note=note))["seq"]
        for index in range(count)
    ]
    while told.get(timeout=PATIENCE) < appended[-1]:
        pass
    forget()
    return appended
