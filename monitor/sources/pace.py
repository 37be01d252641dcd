"""Hands audio on at the speed of the clock."""

import time
from collections.abc import Callable


class Pace:
    """Waits until audio has been spoken. Deadlines count from the first one, so that lateness does not add up.

    `wait` sleeps for some seconds, or less where there is a reason to wake (`threading.Event.wait`).
    """

    def __init__(self, wait: Callable[[float], object], clock: Callable[[], float] = time.monotonic) -> None:
        self._wait = wait
        self._clock = clock
        self._began: float | None = None

    def until(self, seconds: float) -> None:
        """Return once `seconds` of audio can have been heard since the first call began; at once where that is past."""
        now = self._clock()
        if self._began is None:
            self._began = now
        if (ahead := self._began + seconds - now) > 0:
            self._wait(ahead)
