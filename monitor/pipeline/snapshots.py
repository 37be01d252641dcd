"""When the `.npy` files of a call in progress are written, and by whom.

One thread writes for all calls: snapshots that came together would take the processors and the memory of as many calls at once,
and each new thread keeps a heap of its own. Those of calls that began together come one after the other, since in the process
that writes them these calls are heard.
"""

import math
import time
import zlib
from concurrent.futures import Executor, Future, wait
from threading import Lock

import structlog

from monitor.errors import StoreError
from monitor.store.base import CallWriter

log = structlog.get_logger(__name__)


def first_after(call: str, every: float) -> float:
    """Seconds from a call's beginning to its first snapshot: half of `every` to all of it, evenly over calls.

    >>> [round(first_after(call, 180.0)) for call in ("one", "two", "three")]
    [133, 96, 115]
    """
    return every * (1 + zlib.crc32(call.encode()) / 2**32) / 2


class Snapshots:
    """Those of one call; `thread` writes them."""

    def __init__(self, writer: CallWriter, every: float, thread: Executor, first: float | None = None) -> None:
        """`every` so many seconds, the first after `first` (`every`)."""
        self._writer, self._every, self._thread = writer, every, thread
        self._due_at = time.monotonic() + (every if first is None else first)
        self._writing: Future[None] | None = None
        self._lock = Lock()

    def when_due(self) -> None:
        """Have a snapshot written if it is time."""
        now = time.monotonic()
        with self._lock:
            if now >= self._due_at and (self._writing is None or self._writing.done()):
                self._due_at = now + self._every
                self._writing = self._thread.submit(self._write)

    def finish(self) -> None:
        """Call off a snapshot that has not begun; wait for one that has. No other is written after that."""
        with self._lock:
            self._due_at = math.inf
        if self._writing is not None and not self._writing.cancel():
            wait([self._writing])

    def _write(self) -> None:
        try:
            self._writer.snapshot()
        except StoreError as error:
            log.error("snapshot_failed", error=str(error))
        except Exception:
            log.exception("snapshot_failed")  # a defect; the frames are in the store all the same
