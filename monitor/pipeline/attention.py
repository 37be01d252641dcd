"""Which calls somebody looks at: their legs are heard first where the engine cannot keep up with all, and live frames are made
of those alone whose frames somebody takes."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

LOOK_SECONDS = 30.0
"""That a single look counts: long enough for a page that asks again and again."""


@dataclass(frozen=True, slots=True)
class Looks:
    """Who is looked at, at a moment, for another process."""

    followed: tuple[str, ...]
    looked: tuple[tuple[str, float], ...]
    """Calls, and how many seconds ago."""
    framed: tuple[str, ...]
    """Calls whose live frames somebody takes."""
    all_framed: bool
    """Whether somebody takes those of all calls."""


class Attention:
    """All methods may be called from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.on_change: Callable[[], None] | None = None
        """Called, in the thread of whoever looks, where anything has changed."""
        self._clock = clock
        self._lock = threading.Lock()
        self._followed: Counter[str] = Counter()
        self._looked: dict[str, float] = {}
        self._framed: Counter[str] = Counter()
        self._all_framed = 0

    def look(self, call: str) -> None:
        """Somebody asked for a call."""
        with self._lock:
            now = self._clock()
            self._looked = {other: at for other, at in self._looked.items() if now - at < LOOK_SECONDS}
            self._looked[call] = now
        self._changed()

    @contextmanager
    def following(self, calls: Iterable[str], frames: bool = False) -> Iterator[None]:
        """Somebody looks at some calls for as long as the context lasts; `frames`: takes their live frames, where no call is
        named those of all."""
        calls = tuple(calls)
        if not (calls or frames):
            yield
            return
        self._follow(calls, frames, 1)
        try:
            yield
        finally:
            self._follow(calls, frames, -1)

    def on(self, call: str) -> bool:
        """Whether somebody looks at a call now."""
        with self._lock:
            return call in self._followed or self._clock() - self._looked.get(call, -LOOK_SECONDS) < LOOK_SECONDS

    def frames_of(self, call: str) -> bool:
        """Whether somebody takes a call's live frames."""
        return self._all_framed > 0 or call in self._framed

    def looks(self) -> Looks:
        """Who is looked at now."""
        with self._lock:
            now = self._clock()
            looked = tuple((call, now - at) for call, at in self._looked.items())
            return Looks(tuple(self._followed), looked, tuple(self._framed), self._all_framed > 0)

    def become(self, looks: Looks) -> None:
        """Have the attention that another process has."""
        with self._lock:
            now = self._clock()
            self._followed, self._framed = Counter(looks.followed), Counter(looks.framed)
            self._looked = {call: now - ago for call, ago in looks.looked}
            self._all_framed = int(looks.all_framed)

    def _follow(self, calls: tuple[str, ...], frames: bool, change: int) -> None:
        with self._lock:
            self._followed = _changed(self._followed, calls, change)
            if frames and calls:
                self._framed = _changed(self._framed, calls, change)
            elif frames:
                self._all_framed += change
        self._changed()

    def _changed(self) -> None:
        if self.on_change is not None:
            self.on_change()


def _changed(counts: Counter[str], calls: tuple[str, ...], change: int) -> Counter[str]:
    """Other counts, so that whoever reads the old ones is not disturbed; without those that came to nothing."""
    changed = counts.copy()
    for call in calls:
        changed[call] += change
    return +changed
