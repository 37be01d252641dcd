"""How long to wait before a receiver is tried again."""

import random

from monitor.config.sinks import RetrySection

LONGEST_ASKED = 3_600.0
"""Seconds that a receiver may ask for."""


class Backoff:
    """Doubles from failure to failure, and begins anew after a success. It is the receiver's, not the event's.

    >>> backoff = Backoff(RetrySection(first_pause=1, longest_pause=60), random.Random(7))
    >>> [0.5 <= backoff.after_failure() <= 1, 1 <= backoff.after_failure() <= 2, 2 <= backoff.after_failure() <= 4]
    [True, True, True]
    """

    def __init__(self, retry: RetrySection, draw: random.Random | None = None) -> None:
        self._retry = retry
        self._draw = draw or random.Random()
        self.failures = 0
        """In a row."""

    def after_failure(self, asked: float | None = None) -> float:
        """Seconds to wait now; not less than the receiver `asked` for."""
        longest = min(self._retry.first_pause * 2 ** min(self.failures, 60), self._retry.longest_pause)
        self.failures += 1
        return max(self._draw.uniform(longest / 2, longest), min(asked or 0.0, LONGEST_ASKED))

    def after_success(self) -> None:
        """Begin anew."""
        self.failures = 0
