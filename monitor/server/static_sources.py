"""Calls that `serve` takes by its configuration: each of `sources:` is waited for, followed, and reopened where it recurs."""

import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import structlog

from monitor.audio.chunk import AudioChunk
from monitor.config import Settings
from monitor.config.sections import StaticSource
from monitor.errors import MonitorError
from monitor.events import Event, Leg, LegReport
from monitor.pipeline.monitor import Monitor
from monitor.sources.base import Source
from monitor.sources.registry import open_source, source_of
from monitor.store.call_id import new_call_id

log = structlog.get_logger(__name__)

RETRY_SECONDS = 5.0


class StaticSources:
    """One thread a source, most of the time asleep."""

    def __init__(self, monitor: Monitor, settings: Settings) -> None:
        self._monitor = monitor
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
        for thread in self._threads:
            thread.join(RETRY_SECONDS)

    def _follow(self, number: int, static: StaticSource) -> None:
        while not self._closing.is_set():
            try:
                if number not in self._open:
                    self._open[number] = open_source(static.kind, static.options, self._settings)
                self._one_call(self._open[number], static)
            except MonitorError as error:
                log.error("static_source_failed", kind=static.kind, error=str(error), retry_in=RETRY_SECONDS)
                self._closing.wait(RETRY_SECONDS)
            self._open.pop(number, None)
            if not source_of(static.kind).recurs:
                return

    def _one_call(self, source: Source, static: StaticSource) -> None:
        chunks = source.chunks()
        first = next((chunk for chunk in chunks if len(chunk.samples)), None)
        if first is None:
            return
        own = new_call_id(datetime.now(UTC))
        call_id = f"{static.call}-{own}" if static.call else own
        self._monitor.start_call(_Begun(source, first, chunks), call_id=call_id, metadata=static.metadata).wait()


class _Begun(Source):
    """A source whose first audio has come."""

    kind = "begun"

    def __init__(self, source: Source, first: AudioChunk, rest: Iterator[AudioChunk]) -> None:
        self._source = source
        self._first = first
        self._rest = rest
        self.bounded = source.bounded
        self.legs = source.legs
        self.realtime = source.realtime
        self.description = source.description

    def chunks(self) -> Iterator[AudioChunk]:
        """The first chunk, and those that follow."""
        yield self._first
        yield from self._rest

    def stop(self) -> None:
        """End the source."""
        self._source.stop()

    def report(self) -> Mapping[Leg, LegReport]:
        """The source's."""
        return self._source.report()

    def descriptors(self) -> int:
        """The source's."""
        return self._source.descriptors()

    def end_reason(self) -> str:
        """The source's."""
        return self._source.end_reason()

    def events(self) -> list[Event]:
        """The source's."""
        return self._source.events()
