"""The greatest number that is carried, by bisection between two numbers that are guesses themselves."""

from math import ceil


class Bisection:
    """Asked for the `next` number to try, and told how it went, until there is none; then `found` is the answer.

    Where one of the two numbers turns out to be on the wrong side, the search goes on beyond it. What is `found` was tried and
    carried, and a number at most `precision` of it greater was tried and not. No number is tried twice.

    >>> search = Bisection(100, 200, precision=0.1)
    >>> while search.next is not None:
    ...     search.tell(carried=search.next <= 170)
    >>> search.found
    162
    """

    def __init__(self, low: int, high: int, precision: float) -> None:
        """`low` is thought to be carried, `high` is not. `precision`: a share of the answer."""
        if not 1 <= low < high:
            raise ValueError(f"expected 1 <= low < high, got {low} and {high}")
        if not 0 < precision < 1:
            raise ValueError(f"precision is a share between 0 and 1, got {precision:g}")
        self.found = 0
        """The greatest number that was carried so far; 0: none."""
        self._failed: int | None = None
        self._low, self._high, self._precision = low, high, precision

    @classmethod
    def around(cls, found: int, precision: float) -> "Bisection":
        """A search for a number that was found before: two trials, where it is the same."""
        low = min(ceil(found / (1 + precision)), found - 1)
        return cls(max(1, low), max(2 * found - low, 2), precision)

    @property
    def next(self) -> int | None:
        """What is to be tried next; None where enough is known."""
        low = self.found or self._low
        high = self._failed or self._high
        if high - low > max(1, int(self._precision * low)):
            return (low + high) // 2
        if self._failed is None:
            return high
        return None if self.found or self._failed == 1 else low

    def tell(self, *, carried: bool) -> None:
        """How the `next` number went."""
        if (number := self.next) is None:
            raise ValueError("nothing is to be tried any more")
        width = max(self._high - self._low, 1)
        if carried:
            self.found = number
            if number >= self._high:
                self._high = number + width
        else:
            self._failed = number
            if number <= self._low:
                self._low = max(1, number - width)
