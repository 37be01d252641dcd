"""A port under a flood: the kernel keeps strangers out for as long as they flood it and its owners are there to be heard.

Nobody may take a leg from an owner who is heard, so nothing that is of use is turned away. Once an owner is silent, everybody
is let through again: his stream may go on from elsewhere.
"""

import socket
from collections.abc import Sequence

import structlog

from monitor.sources.rtp.kernel_filter import admit_all, admit_only
from monitor.sources.rtp.packet import Address
from monitor.sources.rtp.ports import kernel_drops

LOOKS = 25
"""Looks between two at the kernel's count of dropped datagrams; a filter is taken away where so many show next to none."""
SUBSIDED = 50
"""Datagrams refused within `LOOKS` by which a flood is over."""
log = structlog.get_logger(__name__)


class FloodGuard:
    """Watches what is turned away from a port's sockets. Used from the call's thread."""

    def __init__(self, sockets: Sequence[socket.socket]) -> None:
        self.refused = 0
        """Datagrams of strangers that the kernel kept out."""
        self.lost = 0
        """Datagrams that the kernel dropped because they were not read in time."""
        self._sockets = sockets
        self._senders: frozenset[Address] = frozenset()
        """Whom the filter lets through; none where there is no filter."""
        self.turned_away = 0
        """By the inbox, as of the last look."""
        self._looks = self._drops = 0

    def look(self, turned_away: int, senders: frozenset[Address]) -> None:
        """`turned_away`: of the inbox, all in all. `senders`: the owners of all its legs, while all of them are heard."""
        flooded = turned_away > self.turned_away
        self.turned_away = turned_away
        counted = self._looks % LOOKS == 0
        self._looks += 1
        subsided = counted and self.count() < SUBSIDED
        if self._senders and (subsided or senders != self._senders):
            self._open()
        if flooded and senders and not self._senders:
            self.count()
            self._close_to_all_but(senders)

    def count(self) -> int:
        """Ask the kernel what it has dropped, of strangers and of owners; how many since the last time."""
        drops = kernel_drops(self._sockets)
        since, self._drops = drops - self._drops, drops
        if self._senders:
            self.refused += since
        else:
            self.lost += since
        return since

    def _close_to_all_but(self, senders: frozenset[Address]) -> None:
        if not all(admit_only(opened, senders) for opened in self._sockets):
            self._open()
            return
        self._senders = senders
        log.warning("rtp_flood_kept_out", port=self._sockets[0].getsockname()[1], admitted=sorted(senders))

    def _open(self) -> None:
        self.count()
        for opened in self._sockets:
            admit_all(opened)
        self._senders = frozenset()
