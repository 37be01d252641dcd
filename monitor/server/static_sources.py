"""Calls that `serve` takes by its configuration: each of `sources:` is waited for, followed, and reopened where it recurs.

One that recurs is followed by a worker, where there are workers; until the first of them is ready, and where none is, here.
"""

import heapq
import threading
import time
from functools import partial

import structlog

from monitor.config import Settings
from monitor.config.sections import StaticSource
from monitor.errors import MonitorError
from monitor.pipeline.awaited import AwaitedCalls
from monitor.pipeline.monitor import Monitor
from monitor.sources.base import Source
from monitor.sources.registry import open_source, source_of
from monitor.workers.crew import Crew
from monitor.workers.line import LineDeadError

log = structlog.get_logger(__name__)

RETRY_SECONDS = 5.0


class StaticSources:
    """One thread for all, which opens them, asleep until one is to be opened again."""

    def __init__(self, monitor: Monitor, settings: Settings) -> None:
        self._monitor = monitor
        self._crew = monitor if isinstance(monitor, Crew) else None
        self._sources = settings.sources
        self._settings = settings
        self._awaited = AwaitedCalls(monitor)
        self._open: dict[int, Source] = {}
        """Those that are followed here, and at the start those that are to be."""
        self._changed = threading.Condition()
        self._due: list[tuple[float, int]] = []
        """When each is to be followed next."""
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="static-sources", daemon=True)

    def start(self) -> None:
        """Open all. Raises `ConfigError` or `SourceError` where one cannot be opened, having closed the others."""
        try:
            for number, static in enumerate(self._sources):
                self._open[number] = self._opened(static)
        except MonitorError:
            for source in self._open.values():
                source.stop()
            self._open.clear()
            raise
        if self._sources:
            self._due = [(0.0, number) for number in self._open]
            self._thread.start()

    def close(self) -> None:
        """Stop waiting; calls in progress are the monitor's to end."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for source in list(self._open.values()):
            source.stop()
        if self._crew is not None:
            self._crew.leave_sources()
        with self._changed:
            self._changed.wait_for(lambda: not self._open, RETRY_SECONDS)

    def _work(self) -> None:
        while (number := self._next()) is not None:
            self._follow(number)

    def _next(self) -> int | None:
        """The next that is due; waits for it. None where all is to end."""
        with self._changed:
            while not self._closing:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._due)[1]
                self._changed.wait(wait)
        return None

    def _follow(self, number: int) -> None:
        static = self._sources[number]
        over = partial(self._over, number)
        crew = self._crew if source_of(static.kind).recurs else None
        try:
            if number in self._open or crew is None or not crew.follow(static, over):
                source = self._open.setdefault(number, self._open.get(number) or self._opened(static))
                self._awaited.follow(
                    source,
                    static.call,
                    static.metadata,
                    over,
                    give_up=lambda: crew is not None and crew.has_worker,
                )
        except MonitorError as error:
            over(error)

    def _over(self, number: int, error: MonitorError | None) -> None:
        """A source is done with: its call is over, none came, or it could not be opened."""
        with self._changed:
            self._open.pop(number, None)
            self._changed.notify_all()
        static = self._sources[number]
        if self._closing or self._monitor.closing:
            return
        patience = 0.0
        if isinstance(error, LineDeadError):
            log.warning("static_source_lost", kind=static.kind, error=str(error))
        elif error is not None:
            patience = RETRY_SECONDS
            log.error("static_source_failed", kind=static.kind, error=str(error), retry_in=patience)
        if source_of(static.kind).recurs:
            with self._changed:
                heapq.heappush(self._due, (time.monotonic() + patience, number))
                self._changed.notify_all()

    def _opened(self, static: StaticSource) -> Source:
        return open_source(static.kind, static.options, self._settings)
