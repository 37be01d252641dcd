"""What a source is: for each leg, gapless 16 kHz samples from sample 0 of the call, and an account of what was lost.

Every source passes `tests/conformance/test_sources.py`.
"""

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

from monitor.audio.chunk import AudioChunk
from monitor.events import Event, Leg, LegReport


def named(path: str | Path) -> str:
    """A path for people and documents: bytes that are not UTF-8 are written as they are written in code.

    >>> named("caf\\udce9.wav"), named("café.wav")
    ('caf\\\\xe9.wav', 'café.wav')
    """
    return os.fsencode(path).decode("utf-8", "backslashreplace")


class Source(ABC):
    """One call's audio. Opened by its constructor, which raises `SourceError` where that cannot be done."""

    kind: ClassVar[str]
    """The name in the configuration and on the command line."""
    legs: tuple[Leg, ...]
    """In the order of `LEGS`."""
    bounded: ClassVar[bool] = False
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

    def end_reason(self) -> str:
        """Why `chunks` ended: `finished`, `stopped` or `inactive`."""
        return "finished"

    def events(self) -> list[Event]:
        """What people should hear of since the last call of this method: `SourceMoved`, `HearingChanged`; `call` is empty."""
        return []
