"""A source that is waited for: the call begins with its first audio, not when the source is opened."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import ClassVar

from monitor.audio.chunk import AudioChunk
from monitor.events import Event, Leg, LegReport
from monitor.sources.base import PolledSource, Source


class _Begun(Source):
    """What both have in common: all but the audio is the source's."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.bounded = source.bounded
        self.legs = source.legs
        self.realtime = source.realtime
        self.description = source.description

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


class BegunSource(_Begun):
    """A source whose first audio has come."""

    kind: ClassVar[str] = "begun"

    def __init__(self, source: Source, first: AudioChunk, rest: Iterator[AudioChunk]) -> None:
        super().__init__(source)
        self._first = first
        self._rest = rest

    def chunks(self) -> Iterator[AudioChunk]:
        """The first chunk, and those that follow."""
        yield self._first
        yield from self._rest


class BegunPolledSource(_Begun, PolledSource):
    """The same, of a source at which one looks."""

    kind: ClassVar[str] = "begun"

    def __init__(self, source: PolledSource, first: Sequence[AudioChunk]) -> None:
        """`first`: what the look gave that found audio."""
        PolledSource.__init__(self)
        super().__init__(source)
        self._polled = source
        self._first = first

    def due(self, sample: int) -> bool:
        """The source's, once what was found before has been taken."""
        return bool(self._first) or self._polled.due(sample)

    def look(self) -> Iterable[AudioChunk]:
        """See `PolledSource`: the first time, what was found before is given, too."""
        first, self._first = self._first, ()
        return (*first, *self._polled.look())

    @property
    def over(self) -> bool:
        """The source's."""
        return self._polled.over

    def rest(self) -> Iterable[AudioChunk]:
        """The source's, after what was found before where nobody looked."""
        first, self._first = self._first, ()
        return (*first, *self._polled.rest())

    def close(self) -> None:
        """Have the source let go of what it holds."""
        self._polled.close()


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
