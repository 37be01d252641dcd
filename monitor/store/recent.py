"""The newest of what has numbers without a hole, in memory: as much as fits into so many bytes, however large each is."""

from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Generic, TypeVar

T = TypeVar("T")


class Recent(Generic[T]):
    """Oldest first; at least the newest, where there was one since `clear`. Not for several threads at a time.

    >>> recent = Recent(limit=5, size=len)
    >>> for word in ("one", "two", "three", "is"):
    ...     recent.append(word)
    >>> len(recent), recent.newest(3), recent.newest(1)
    (1, ['is'], ['is'])
    """

    def __init__(self, limit: int, size: Callable[[T], int]) -> None:
        """`limit` and what `size` says of each are bytes."""
        self._limit, self._size = limit, size
        self._bytes = 0
        self._kept: deque[T] = deque()

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[T]:
        return iter(self._kept)

    def append(self, newest: T) -> None:
        """Take the next, and let go of the oldest."""
        self._kept.append(newest)
        self._bytes += self._size(newest)
        while self._bytes > self._limit and len(self._kept) > 1:
            self._bytes -= self._size(self._kept.popleft())

    def newest(self, count: int, most: int | None = None) -> list[T]:
        """The newest `count`, as far as they are kept; of those the oldest `most`."""
        first = max(len(self._kept) - count, 0)
        return list(islice(self._kept, first, None if most is None else first + most))

    def change(self, changed: Callable[[T], T]) -> None:
        """Put another in the place of each."""
        kept = [changed(one) for one in self._kept]
        self.clear()
        for one in kept:
            self.append(one)

    def clear(self) -> None:
        """Let go of all."""
        self._kept.clear()
        self._bytes = 0
