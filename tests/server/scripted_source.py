"""A source whose audio a test writes down beforehand, and which lasts until the test lets it end."""

import threading
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from monitor.audio.chunk import AudioChunk
from monitor.events import Leg, LegReport
from monitor.sources.base import Source
from monitor.timeline import SAMPLE_RATE

CHUNK = SAMPLE_RATE // 10


class ScriptedSource(Source):
    """Legs of noise, a level for each second; then silence, in real time, until `stop`, or the end where `endless` is False.

    `rest`: levels in the place of that silence, which may be changed meanwhile. An alert that is to stand however late a busy
    machine comes to it needs one: half a minute of silence clears it. `overflow`: seconds of each leg that are said to have
    been dropped.
    """

    kind = "scripted"

    def __init__(
        self,
        levels: Mapping[Leg, Sequence[float]],
        *,
        rest: Mapping[Leg, float] | None = None,
        endless: bool = True,
        realtime: bool = False,
        overflow: float = 0.0,
    ) -> None:
        self.legs = tuple(levels)
        self.realtime = realtime
        self.rest = dict.fromkeys(levels, 0.0) | dict(rest or {})
        self.description = "scripted"
        self._levels = levels
        self._endless = endless
        self._overflow = overflow
        self._stopped = threading.Event()

    def chunks(self) -> Iterator[AudioChunk]:
        noise = np.random.default_rng(7).uniform(-1, 1, CHUNK).astype(np.float32)
        seconds = max(len(levels) for levels in self._levels.values())
        index = 0
        while not self._stopped.is_set() and (self._endless or index < seconds * 10):
            for leg, levels in self._levels.items():
                level = levels[index // 10] if index // 10 < len(levels) else self.rest[leg]
                yield AudioChunk(leg, index * CHUNK, noise * np.float32(level))
            index += 1
            if self.realtime or index >= seconds * 10:
                self._stopped.wait(0.1)

    def stop(self) -> None:
        self._stopped.set()

    def report(self) -> Mapping[Leg, LegReport]:
        return {leg: LegReport(codec="pcm", packets=50, overflow_seconds=self._overflow) for leg in self.legs}

    def end_reason(self) -> str:
        return "stopped" if self._endless else "finished"
