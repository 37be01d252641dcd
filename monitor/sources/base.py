"""What a source is: for each leg, gapless 16 kHz samples from sample 0 of the call, and an account of what was lost.

A source is opened by this program (`Source`: a microphone, a port, a file), or its calls come to the server over connections
(`monitor/sources/incoming/`). Every one passes its suite in `monitor/conformance/`. Modules of sources import nothing heavy
when they are loaded, so that what a source is (its options, its endings) can be asked of its class.
"""

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from threading import Event as Flag
from typing import Any, ClassVar

import numpy as np

from monitor.audio.chunk import AudioChunk
from monitor.errors import ConfigError
from monitor.events import Event, Leg, LegReport


def named(path: str | Path) -> str:
    """A path for people and documents: bytes that are not UTF-8 are written as they are written in code.

    >>> named("caf\\udce9.wav"), named("café.wav")
    ('caf\\\\xe9.wav', 'café.wav')
    """
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def named_options(kind: str, text: str) -> dict[str, Any]:
    """Options as they are written on the command line, `rate=8000,legs=customer,agent`: a value goes on to the next name.

    Raises `ConfigError` where the first has no name.
    """
    options: dict[str, Any] = {}
    name = ""
    for part in text.split(","):
        before, equals, value = part.partition("=")
        if equals:
            name = before.strip()
            options[name] = value
        elif name:  # a list within a value: legs=customer,agent
            options[name] += f",{part}"
        else:
            raise ConfigError(f"source {kind}: expected options as name=value, got {part!r}")
    return options


class SourceKind(ABC):
    """What is registered as a source: one that is opened (`Source`), or one whose calls come to the server (`IncomingCall`)."""

    kind: ClassVar[str]
    """The name in the configuration, on the command line and of its entry point."""


class Source(SourceKind):
    """One call's audio. Opened by its constructor, which raises `SourceError` where that cannot be done.

    The parameters of the constructor are the options; one that takes a section of the settings (`settings: RtpSection`) is
    given that.
    """

    main_option: ClassVar[str | None] = None
    """What text after `KIND:` on the command line is, where it is not `name=value`."""
    suffixes: ClassVar[tuple[str, ...]] = ()
    """Endings, in lower case, of the files that it takes: in folders, and where a path is named without a kind."""
    recurs: ClassVar[bool] = False
    """Whether the next call may come by the same way, as on a port: `sources:` opens it again."""
    legs: tuple[Leg, ...]
    """In the order of `LEGS`."""
    bounded: bool = False
    """Whether the sound has an end of its own, as a file has: a call that is stopped before that is stored as interrupted."""
    realtime: bool
    """Whether audio comes at the speed of the clock, so that falling behind loses some."""
    description: str
    """For people and for the store: a file's path, a device's name, the ports of a stream."""

    @abstractmethod
    def chunks(self) -> Iterator[AudioChunk]:
        """The audio, in the caller's thread, until it ends or `stop` is called. Call once.

        The legs advance together, none more than a second behind another but one whose sender or network stalls, which waits by
        itself; a leg that sends nothing is filled with silence, and at the end all legs have the same length. A realtime source
        yields at least every 100 ms, an empty chunk where nothing came. Raises `SourceError` where reading fails, after
        yielding what was good.
        """

    @abstractmethod
    def stop(self) -> None:
        """End `chunks` soon, cleanly, from any thread; what was received is still yielded. May be called twice."""

    @abstractmethod
    def report(self) -> Mapping[Leg, LegReport]:
        """What became of each leg so far. From any thread."""

    @classmethod
    def options_of(cls, text: str) -> dict[str, Any]:
        """The options that the text after `KIND:` names on the command line. Raises `ConfigError`."""
        if cls.main_option is not None and "=" not in text:
            return {cls.main_option: text}
        return named_options(cls.kind, text)

    def endpoints(self) -> Mapping[Leg, Mapping[str, Any]]:
        """Where each leg is to be sent, for whoever started the call; empty where nothing is sent to it."""
        return {}

    def descriptors(self) -> int:
        """How many file descriptors it holds for as long as the call lasts, where it is taken live."""
        return 0

    def end_reason(self) -> str:
        """Why `chunks` ended: `finished`, `stopped`, `inactive` or `interrupted`."""
        return "finished"

    def events(self) -> list[Event]:
        """What people should hear of since the last call of this method: `SourceMoved`, `HearingChanged`; `call` is empty."""
        return []


class PolledSource(Source):
    """A source at which one looks: it never has its caller wait, so one thread takes the audio of many calls.

    `look` until it is `over`, then `rest`, then `close`. One thread at a time; `stop` from any.
    """

    tick: ClassVar[float] = 0.1
    """Seconds between two looks."""

    def __init__(self) -> None:
        self.realtime = True
        self._stop = Flag()

    @abstractmethod
    def look(self) -> Iterable[AudioChunk]:
        """What has come since the last look. Raises `SourceError` as `chunks` does."""

    def due(self, sample: int) -> bool:
        """Whether to look, for who has no use for audio before there is that up to `sample` of the timeline. Asked often."""
        return True

    @property
    @abstractmethod
    def over(self) -> bool:
        """Whether nothing more is to be looked for, as of the last look: it was stopped, or the sender is gone."""

    @abstractmethod
    def rest(self) -> Iterable[AudioChunk]:
        """What is left, once it is over: at its end all legs have the same length."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what it holds. After the last look; may be called twice."""

    def chunks(self) -> Iterator[AudioChunk]:
        """See `Source`."""
        taken = dict.fromkeys(self.legs, 0)
        try:
            while not self.over:
                self._pause(self.tick)
                chunk = None
                for chunk in self.look():
                    taken[chunk.leg] = chunk.stop
                    yield chunk
                if chunk is None:
                    yield AudioChunk(self.legs[0], taken[self.legs[0]], np.zeros(0, np.float32))
            yield from self.rest()
        finally:
            self.close()

    def _pause(self, seconds: float) -> object:
        """Wait, or less where it is stopped."""
        return self._stop.wait(seconds)
