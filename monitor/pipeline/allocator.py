"""Memory that calls leave behind goes back to the system.

glibc gives each thread an arena of its own, up to eight a core, and an arena keeps what was freed in it. A call has a thread:
after hundreds of calls a service holds the most that each arena ever had, and looks as if it leaked.
"""

import ctypes
import threading

_M_ARENA_MAX = -8
"""mallopt(3)."""
ARENAS = 2
"""Enough for threads of which one at a time has Python's lock."""
PAUSE = 10.0
"""Seconds after a call's end at which memory is given back: its thread is gone, and calls that end together cost one pass."""


def keep_few_arenas() -> None:
    """Have the threads of this process share their memory. Before most of them begin; nothing happens without glibc."""
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
        mallopt(_M_ARENA_MAX, ARENAS)


def give_back() -> None:
    """Return to the system what is free: malloc_trim(3)."""
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)


class GivingBack:
    """Gives back what calls leave, a while after they end. From any thread."""

    def __init__(self, pause: float = PAUSE) -> None:
        self._pause = pause
        self._lock = threading.Lock()
        self._due = False
        self._ended = False
        """Whether a call ended while a pass was due: it may still hold what that pass is for."""

    def soon(self, _: object = None) -> None:
        """A call is over."""
        with self._lock:
            if self._due:
                self._ended = True
            else:
                self._wait()

    def _wait(self) -> None:
        self._due, self._ended = True, False
        timer = threading.Timer(self._pause, self._now)
        timer.daemon = True
        timer.start()

    def _now(self) -> None:
        with self._lock:
            self._due = False
            if self._ended:
                self._wait()
        give_back()
