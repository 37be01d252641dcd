"""A source for tests of the pipeline: legs given as arrays, cut as told."""

import threading
from collections.abc import Iterator, Mapping

import numpy as np

from monitor.audio.chunk import AudioChunk, Gap
from monitor.errors import SourceError
from monitor.events import Leg, LegReport
from monitor.sources.base import Source


def tone(seconds: float, level: float, hertz: float = 220.0) -> np.ndarray:
    """A sine of a level, float32 at 16 kHz."""
    return (level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * 16_000)) / 16_000)).astype(np.float32)


class ScriptedSource(Source):
    kind = "scripted"

    def __init__(
        self,
        legs: Mapping[Leg, np.ndarray],
        *,
        chunk: int = 4_000,
        realtime: bool = False,
        gaps: Mapping[Leg, tuple[Gap, ...]] | None = None,
        fail_after: float | None = None,
    ) -> None:
        self.legs = tuple(legs)
        self.realtime = realtime
        self.description = "a script"
        self.more = threading.Event()
        """Set it to let a realtime source go on past its hold point."""
        self.hold_at: int | None = None
        self.held = threading.Event()
        """Set when the hold point is reached."""
        self._audio = dict(legs)
        self._chunk = chunk
        self._gaps = gaps or {}
        self._fail_after = fail_after
        self._stopped = threading.Event()
        self._given = 0

    def chunks(self) -> Iterator[AudioChunk]:
        length = max(len(samples) for samples in self._audio.values())
        for start in range(0, length, self._chunk):
            if self.hold_at is not None and start >= self.hold_at:
                self.held.set()
                self.more.wait(30)
            if self._stopped.is_set():
                return
            if self._fail_after is not None and start >= self._fail_after * 16_000:
                raise SourceError("the script says that reading fails here")
            for leg, samples in self._audio.items():
                piece = samples[start : start + self._chunk]
                gaps = tuple(gap for gap in self._gaps.get(leg, ()) if start <= gap.start < start + self._chunk)
                yield AudioChunk(leg, start, piece, gaps)
            self._given = min(length, start + self._chunk)

    def stop(self) -> None:
        self._stopped.set()
        self.more.set()

    def report(self) -> Mapping[Leg, LegReport]:
        return {leg: LegReport(seconds=self._given / 16_000) for leg in self.legs}

    def end_reason(self) -> str:
        return "stopped" if self._stopped.is_set() else "finished"
