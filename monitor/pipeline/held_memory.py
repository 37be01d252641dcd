"""How much all calls together may keep in memory while a disk refuses: one that is full for hours must not end us."""

from threading import Lock

MAX_HELD_BYTES = 512 * 2**20
"""Of frames that wait for the disk whole: ten minutes of a hundred two-legged calls of the compact engine, of two calls of
emotion2vec+ large."""


class HeldMemory:
    """Counts bytes by holder. From any thread."""

    def __init__(self, limit: int = MAX_HELD_BYTES) -> None:
        self._limit = limit
        self._lock = Lock()
        self._held: dict[int, int] = {}
        self._total = 0

    def hold(self, holder: object, change: int) -> None:
        """A holder keeps so many bytes more, or less."""
        with self._lock:
            self._total += change
            left = self._held.get(id(holder), 0) + change
            if left:
                self._held[id(holder)] = left
            else:
                self._held.pop(id(holder), None)

    def too_much(self, holder: object) -> bool:
        """Whether all hold more than they may, and this one no less than its share: then it is to give something up."""
        with self._lock:
            return self._total > self._limit and self._held.get(id(holder), 0) * len(self._held) >= self._total
