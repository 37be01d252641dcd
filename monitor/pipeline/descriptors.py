"""File descriptors: raised to what the system allows, and counted before a call is let in that would want for them later."""

import resource
from dataclasses import dataclass
from pathlib import Path

import structlog

from monitor.errors import BusyError
from monitor.store.base import Store

log = structlog.get_logger(__name__)

SOCKETS = 4
"""Of a call: one for RTP and one for RTCP of each of two legs. What its store opens beside is `Store.descriptors`."""
RESERVE = 100
"""For what opens files for a moment, whatever the number of calls (journal, chunks, snapshots), and for clients."""
ENOUGH = 524_288
"""What systemd allows a service; where a system allows a thousand times more, tables of that size are not asked for."""
_OWN = Path("/proc/self/fd")


@dataclass(frozen=True, slots=True)
class Descriptors:
    """How many this process has open, and may have."""

    open: int
    limit: int
    per_call: int

    @classmethod
    def now(cls, store: Store) -> "Descriptors":
        """As it is at this moment, for calls that are stored so; none open where the system does not say."""
        try:
            used = sum(1 for _ in _OWN.iterdir())
        except OSError:
            used = 0
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        return cls(used, limit, SOCKETS + store.descriptors)

    @property
    def calls(self) -> int:
        """Further calls for which there is room."""
        return max(self.limit - RESERVE - self.open, 0) // self.per_call

    def require(self, there: int = 0, beginning: int = 0) -> None:
        """Raise `BusyError` where there is no room for a call, of whose descriptors some are there, after others that begin."""
        if self.open - there + self.per_call * (1 + beginning) > self.limit - RESERVE:
            raise BusyError(
                f"no room for a call: {self.open} of {self.limit} file descriptors are in use, {RESERVE} are kept back; "
                "raise the hard limit (LimitNOFILE= of the unit, ulimit -Hn)"
            )


def prepare_descriptors(store: Store, max_calls: int) -> None:
    """At the start of a service: take what the system allows, and say so where that is too little for `max_calls`."""
    limit = raise_limit()
    room = Descriptors.now(store).calls
    if room < max_calls:
        log.warning("descriptors_limit_calls", limit=limit, calls=room, max_calls=max_calls, do="raise LimitNOFILE=")


def raise_limit() -> int:
    """Raise this process's soft limit to its hard one, which needs no privilege; the limit in force."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return soft
