"""Calls that `serve` takes by its configuration: each of `sources:` is waited for, followed, and reopened where it recurs.

One that recurs is followed by a worker, where there are workers; until the first of them is ready, and where none is, here.
"""

import threading
from datetime import UTC, datetime

import structlog

from monitor.config import Settings
from monitor.config.sections import StaticSource
from monitor.errors import MonitorError
from monitor.pipeline.monitor import Monitor
from monitor.sources.base import Source
from monitor.sources.begun import first_audio
from monitor.sources.registry import open_source, source_of
from monitor.store.call_id import new_call_id
from monitor.workers.crew import Crew
from monitor.workers.line import LineDeadError

log = structlog.get_logger(__name__)

RETRY_SECONDS = 5.0


class StaticSources:
    """One thread a source, most of the time asleep."""

    def __init__(self, monitor: Monitor, settings: Settings) -> None:
        self._monitor = monitor
        self._crew = monitor if isinstance(monitor, Crew) else None
        self._settings = settings
        self._closing = threading.Event()
        self._open: dict[int, Source] = {}
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Open all. Raises `ConfigError` or `SourceError` where one cannot be opened, having closed the others."""
        try:
            for number, static in enumerate(self._settings.sources):
                self._open[number] = open_source(static.kind, static.options, self._settings)
        except MonitorError:
            self.close()
            raise
        for number, static in enumerate(self._settings.sources):
            thread = threading.Thread(target=self._follow, args=(number, static), name=f"source-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def close(self) -> None:
        """Stop waiting; calls in progress are the monitor's to end."""
        self._closing.set()
        for source in list(self._open.values()):
            source.stop()
        if self._crew is not None:
            self._crew.leave_sources()
        for thread in self._threads:
            thread.join(RETRY_SECONDS)

    def _follow(self, number: int, static: StaticSource) -> None:
        crew = self._crew if source_of(static.kind).recurs else None
        while not self._closing.is_set():
            try:
                if number in self._open or crew is None or not crew.follow(static):
                    self._one_call(number, static, crew)
            except LineDeadError as error:
                log.warning("static_source_lost", kind=static.kind, error=str(error))
            except MonitorError as error:
                if self._monitor.closing:
                    return
                log.error("static_source_failed", kind=static.kind, error=str(error), retry_in=RETRY_SECONDS)
                self._closing.wait(RETRY_SECONDS)
            if not source_of(static.kind).recurs or self._monitor.closing:
                return

    def _one_call(self, number: int, static: StaticSource, crew: Crew | None) -> None:
        """Follow a source here, until its call is over; where it has not begun and there is a worker, that one shall."""
        if number not in self._open:
            self._open[number] = open_source(static.kind, static.options, self._settings)
        try:
            source = first_audio(self._open[number], lambda: crew is not None and crew.has_worker)
            if source is not None:
                call_id = new_call_id(datetime.now(UTC), static.call)
                self._monitor.start_call(source, call_id=call_id, metadata=static.metadata).wait()
        finally:
            del self._open[number]
