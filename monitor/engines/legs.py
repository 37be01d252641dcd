"""What an engine keeps of its open legs: contexts stay here, and windows name theirs by its id."""

from collections.abc import Callable, Sequence
from itertools import count
from typing import Generic, TypeVar

from monitor.engines.base import Window, WindowError, check_window

Context = TypeVar("Context")


class OpenLegs(Generic[Context]):
    """The contexts of an engine's legs. Legs may be opened and closed from any thread.

    >>> legs = OpenLegs[list[int]](list)
    >>> legs.open(), legs.open()
    (1, 2)
    """

    def __init__(self, begin: Callable[[], Context]) -> None:
        """`begin` makes the context of a leg of which nothing was heard."""
        self._begin = begin
        self._ids = count(1)
        self._contexts: dict[int, Context] = {}

    def __len__(self) -> int:
        return len(self._contexts)

    def open(self) -> int:
        """The id of a leg that begins; no id comes twice."""
        leg_id = next(self._ids)
        self._contexts[leg_id] = self._begin()
        return leg_id

    def close(self, leg_id: int) -> None:
        """Let go of a leg's context; nothing happens where it is gone."""
        self._contexts.pop(leg_id, None)

    def contexts(self, windows: Sequence[Window]) -> list[Context]:
        """The context of each window of a batch. Raises `WindowError` where one is not in order, or of no open leg."""
        found: dict[int, Context] = {}
        for index, window in enumerate(windows):
            check_window(window, index)
            if window.leg_id in found:
                raise WindowError("two windows of one leg are in the same batch", index)
            if window.leg_id not in self._contexts:
                raise WindowError(f"its leg {window.leg_id!r} is not open in this engine", index)
            found[window.leg_id] = self._contexts[window.leg_id]
        return list(found.values())
