"""Events for tests that need a journal but no call."""

from monitor.events import AlertAcknowledged
from monitor.store.journal import Journal
from tests.server.service import wait_until


def record(journal: Journal, count: int, call: str = "c", note: str = "") -> list[int]:
    """Append so many events, and wait until all who listen were told, which another thread may do; their sequence numbers."""
    told: set[int] = set()
    forget = journal.listen(lambda message: told.add(message.seq))
    appended = [
        journal.append(AlertAcknowledged(call=call, id=f"{call}:rule:{index}", by="tests", note=note))["seq"]
        for index in range(count)
    ]
    wait_until(lambda: told.issuperset(appended))
    forget()
    return appended
