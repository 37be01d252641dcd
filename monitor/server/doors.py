"""Who may hold a connection: requests that never end must not keep those that do from being served.

A request has a time by which it must be complete, and so many may be incomplete at once, in all and from one address; where
there are more, the one that has waited longest goes. Connections in all are limited, and some file descriptors are never given
to them: calls and the store need those.
"""

import resource
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


@dataclass(frozen=True, slots=True)
class DoorLimits:
    """How much is let in."""

    connections: int = 2_000
    """In all, websockets among them."""
    waiting: int = 256
    """Connections with a request that is not complete."""
    waiting_of_one: int = 64
    """Of them, from one address."""
    head: float = 10.0
    """Seconds within which a request's head must be complete, from its first byte or the connection's beginning on."""
    pause: float = 15.0
    """Seconds for which a body may pause."""
    body: float = 120.0
    """Seconds within which a body must be complete."""
    kept_descriptors: int = 50
    """Descriptors, the last of the process's limit, that no connection takes."""


class Guest(Protocol):
    """A connection."""

    address: str

    def turn_out(self) -> None:
        """Close it at once."""


class Doors:
    """Counts connections. Used from the event loop alone."""

    def __init__(self, limits: DoorLimits) -> None:
        self.limits = limits
        self.refused: Counter[str] = Counter()
        """Connections turned out, by cause."""
        self.invalid = 0
        """Requests that were no HTTP."""
        self.open = 0
        self._waiting: dict[Guest, None] = {}
        """Those with a request that is not complete, the one that has waited longest first."""
        self._of: Counter[str] = Counter()

    def admit(self, descriptor: int) -> bool:
        """Whether there is room for a connection; it is counted then, until `leave`."""
        if self.open >= self.limits.connections:
            self.refused["connections"] += 1
            return False
        if descriptor >= resource.getrlimit(resource.RLIMIT_NOFILE)[0] - self.limits.kept_descriptors:
            self.refused["descriptors"] += 1
            return False
        self.open += 1
        return True

    def leave(self, guest: Guest) -> None:
        """A connection that was admitted is over."""
        self.open -= 1
        self.served(guest)

    def wait(self, guest: Guest) -> None:
        """A request of this connection has begun, or is still to come."""
        if guest in self._waiting:
            return
        self._waiting[guest] = None
        self._of[guest.address] += 1
        if self._of[guest.address] > self.limits.waiting_of_one:
            self.turn_out(next(each for each in self._waiting if each.address == guest.address), "unfinished_of_one_address")
        elif len(self._waiting) > self.limits.waiting:
            self.turn_out(next(iter(self._waiting)), "unfinished")

    def served(self, guest: Guest) -> None:
        """Its request is complete."""
        if guest in self._waiting:
            del self._waiting[guest]
            self._of[guest.address] -= 1
            if not self._of[guest.address]:
                del self._of[guest.address]

    def turn_out(self, guest: Guest, cause: str) -> None:
        """Close a connection."""
        self.refused[cause] += 1
        self.served(guest)
        guest.turn_out()

    @property
    def waiting(self) -> int:
        """Connections with a request that is not complete."""
        return len(self._waiting)


class DoorCollector(Collector):
    """The figures as Prometheus metrics."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    def describe(self) -> list[Metric]:
        """Nothing: so that registering does not scrape."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All metrics at this moment."""
        yield GaugeMetricFamily("emotion_monitor_connections", "Connections, websockets among them.", self._doors.open)
        unfinished = "Connections with a request that is not complete."
        yield GaugeMetricFamily("emotion_monitor_connections_waiting", unfinished, self._doors.waiting)
        yield CounterMetricFamily("emotion_monitor_requests_invalid", "Requests that were no HTTP.", self._doors.invalid)
        refused = CounterMetricFamily("emotion_monitor_connections_refused", "Connections turned out.", labels=["cause"])
        for cause, count in sorted(self._doors.refused.items()):
            refused.add_metric([cause], count)
        yield refused
