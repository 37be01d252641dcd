"""How often somebody may do something: so many times in any stretch of so many seconds."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from threading import Lock


class Allowance:
    """Counts what was done, a key each; where there are too many keys, the longest unused go. From any thread."""

    def __init__(self, count: int, seconds: float, clock: Callable[[], float] = time.monotonic, keys: int = 1_000) -> None:
        self._count = count
        self._seconds = seconds
        self._clock = clock
        self._keys = keys
        self._lock = Lock()
        self._done: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, key: str) -> float:
        """Seconds until there is one left for this key; 0 where there is."""
        with self._lock:
            done = self._done.get(key)
            if done is None or len(done) < self._count:
                return 0.0
            return max(0.0, done[0] + self._seconds - self._clock())

    def spend(self, key: str) -> float:
        """Take one where one is left. Answers as `wait` did before that."""
        with self._lock:
            done = self._done.setdefault(key, deque(maxlen=self._count))
            self._done.move_to_end(key)
            if len(self._done) > self._keys:
                self._done.popitem(last=False)
            now = self._clock()
            if len(done) == self._count and (ahead := done[0] + self._seconds - now) > 0:
                return ahead
            done.append(now)
            return 0.0
