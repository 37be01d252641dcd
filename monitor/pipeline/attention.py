"""Which calls somebody looks at: their legs are heard first where the engine cannot keep up with all."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

LOOK_SECONDS = 30.0
"""That a single look counts: long enough for a page that asks again and again."""


class Attention:
    """All methods may be called from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._followed: Counter[str] = Counter()
        self._looked: dict[str, float] = {}

    def look(self, call: str) -> None:
        """Somebody asked for a call."""
        with self._lock:
            now = self._clock()
            self._looked = {other: at for other, at in self._looked.items() if now - at < LOOK_SECONDS}
            self._looked[call] = now

    @contextmanager
    def following(self, calls: Iterable[str]) -> Iterator[None]:
        """Somebody looks at some calls for as long as the context lasts."""
        calls = tuple(calls)
        with self._lock:
            self._followed.update(calls)
        try:
            yield
        finally:
            with self._lock:
                self._followed -= Counter(calls)

    def on(self, call: str) -> bool:
        """Whether somebody looks at a call now."""
        with self._lock:
            return call in self._followed or self._clock() - self._looked.get(call, -LOOK_SECONDS) < LOOK_SECONDS
