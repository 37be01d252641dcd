"""A journal with alerts, and sinks that follow it as those of a service do."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from monitor.config.sections import StoreSection
from monitor.config.sinks import SinkSection
from monitor.events import Alert
from monitor.sinks.follower import Follower
from monitor.sinks.following import Sinks
from monitor.store.base import Store
from monitor.store.journal import Journal
from monitor.store.zarr.store import ZarrStore

Message = dict[str, Any]
AT_ONCE = {"first_pause": 0, "longest_pause": 0}
FOR_HOURS = {"first_pause": 3600, "longest_pause": 86_400}
"""Pauses that no test outlives."""
PATIENCE = 60.0
"""Seconds after which a test gives up waiting; nothing depends on how quickly things come."""


def store_in(folder: Path) -> ZarrStore:
    """A store, the disk not asked to confirm each event."""
    return ZarrStore(StoreSection(path=folder, fsync=False))


def come_true(condition: Callable[[], bool]) -> None:
    """Wait for something that comes true by itself. Raises `TimeoutError`."""
    give_up = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > give_up:
            raise TimeoutError("it did not come true")
        time.sleep(0.02)


def alert(journal: Journal, call: str = "call-1", **changes: Any) -> Message:
    """Append one; the message."""
    fields = {
        "leg": "customer",
        "time": 1.0,
        "at": 2.0,
        "id": f"{call}:customer-angry:customer:1",
        "rule": "customer-angry",
        "severity": "critical",
        "status": "raised",
        "message": "customer sounds angry",
    }
    return journal.append(Alert(call=call, **{**fields, **changes}))


def alerts(journal: Journal, count: int, call: str = "call-1") -> list[Message]:
    """Append so many; the messages."""
    return [alert(journal, call, id=f"{call}:customer-angry:customer:{index}") for index in range(count)]


def section(kind: str, options: Mapping[str, Any], retry: Mapping[str, Any] = AT_ONCE, **events: Any) -> SinkSection:
    """The settings of a sink that, unless a test says otherwise, tries for ever and does not wait."""
    return SinkSection.model_validate(
        {"kind": kind, "options": options, "events": events, "retry": {"attempts": 1_000, **retry}}
    )


class Following:
    """Starts and ends the sinks of a store as a service does."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._started: list[Sinks] = []

    def start(self, **sections: SinkSection) -> dict[str, Follower]:
        """Begin to follow; the followers by their names."""
        self._started.append(Sinks(sections, self._store))
        self._started[-1].start()
        return {follower.name: follower for follower in self._started[-1].followers}

    def close(self, farewell: float = 60.0) -> None:
        """End all."""
        while self._started:
            self._started.pop().close(farewell)
