"""A source that is waited for: the call begins with its first audio, not when the source is opened."""

from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar

from monitor.audio.chunk import AudioChunk
from monitor.events import Event, Leg, LegReport
from monitor.sources.base import Source


class BegunSource(Source):
    """A source whose first audio has come."""

    kind: ClassVar[str] = "begun"

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


def first_audio(source: Source, give_up: Callable[[], bool] = lambda: False) -> BegunSource | None:
    """Wait for a source's first audio. Raises `SourceError` as the source does.

    None where it ends without any, or `give_up`, asked as often as the source looks, says so: it is stopped then, and has let
    go of its port.
    """
    chunks = source.chunks()
    while not give_up():
        chunk = next(chunks, None)
        if chunk is None:
            return None
        if len(chunk.samples):
            return BegunSource(source, chunk, chunks)
    source.stop()
    for _ in chunks:
        pass
    return None
