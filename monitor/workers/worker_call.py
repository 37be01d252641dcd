"""A call that a worker hears, as the front sees it."""

import itertools
import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from monitor.errors import MonitorError
from monitor.events import Leg
from monitor.pipeline.in_progress import CallInProgress
from monitor.pipeline.tap import WAITING, SoundTick
from monitor.workers.line import Line
from monitor.workers.worker import Begun, Seen


class FarListener:
    """Somebody who listens to a call of a worker."""

    def __init__(self, number: int, on_change: Callable[[], None]) -> None:
        self.number = number
        self.reason: str | None = None
        self._on_change = on_change
        self._waiting: deque[SoundTick] = deque(maxlen=WAITING)

    def take(self) -> list[SoundTick]:
        """What came since the last time."""
        taken = []
        while self._waiting:
            taken.append(self._waiting.popleft())
        return taken

    def hear(self, ticks: list[SoundTick], over: str | None) -> None:
        """The worker has passed on some."""
        self._waiting.extend(ticks)
        self.reason = self.reason or over
        self._on_change()


class FarTap:
    """Where listeners come to a call of a worker."""

    _numbers = itertools.count(1)

    def __init__(self, call: str, line: Line) -> None:
        self._call, self._line = call, line
        self._listeners: dict[int, FarListener] = {}

    def open(self, on_change: Callable[[], None]) -> FarListener:
        """See `Tap`."""
        listener = FarListener(next(self._numbers), on_change)
        self._listeners[listener.number] = listener
        try:
            self._line.ask("listen", (listener.number, self._call))
        except MonitorError:
            del self._listeners[listener.number]
            raise
        return listener

    def close(self, listener: FarListener) -> None:
        """See `Tap`."""
        if self._listeners.pop(listener.number, None) is not None:
            self._line.tell("leave", listener.number)

    def take_sound(self, number: int, ticks: list[SoundTick], over: str | None) -> None:
        """What a worker passes on, where it is for a listener of this call."""
        if (listener := self._listeners.get(number)) is not None:
            listener.hear(ticks, over)

    def end(self, reason: str) -> None:
        """The call is over, or its worker gone."""
        for listener in list(self._listeners.values()):
            listener.hear([], reason)


class WorkerCall(CallInProgress):
    """See `CallInProgress`."""

    tap: FarTap

    def __init__(self, begun: Begun, metadata: Mapping[str, Any], line: Line, seen: Callable[[], Seen | None]) -> None:
        self.id = begun.call
        self.legs = begun.legs
        self.started_at = begun.started_at
        self.metadata = metadata
        self.tap = FarTap(begun.call, line)
        self.reason = ""
        self.error: MonitorError | None = None
        self._endpoints = begun.endpoints
        self._line = line
        self._seen = seen
        self._last: Seen | None = None
        self._over = threading.Event()

    @property
    def seconds(self) -> float:
        """See `CallInProgress`."""
        look = self._look()
        return 0.0 if look is None else look.seconds

    def stop(self, reason: str) -> None:
        """See `CallInProgress`."""
        self.ending = True
        self._line.tell("stop", (self.id, reason))

    def wait(self, timeout: float | None = None) -> bool:
        """See `CallInProgress`."""
        return self._over.wait(timeout)

    def endpoints(self) -> Mapping[Leg, Mapping[str, Any]]:
        """See `CallInProgress`."""
        return self._endpoints

    def reports(self) -> Mapping[str, Mapping[str, Any]]:
        """See `CallInProgress`."""
        look = self._look()
        return {} if look is None else look.reports

    def summary(self) -> Mapping[str, Any]:
        """See `CallInProgress`."""
        look = self._look()
        if look is not None:
            return look.summary
        return {"id": self.id, "status": "live", "legs": {}, "state": {}, "store_error": None, "metadata": dict(self.metadata)}

    def board(self) -> Mapping[str, Any]:
        """See `CallInProgress`."""
        look = self._look()
        return {"seconds": 0.0, "legs": {}, "silence": 0.0, "overtalk": 0.0} if look is None else look.board

    def end(self, reason: str, error: MonitorError | None) -> None:
        """It is over and stored, or its worker is gone."""
        self.reason, self.error = reason, error
        self.tap.end(reason)
        self._over.set()

    def _look(self) -> Seen | None:
        """The newest look at it; the last one once it is over."""
        if not self._over.is_set():
            self._last = self._seen() or self._last
        return self._last
