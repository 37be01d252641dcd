"""A recorded call that goes round and round at the speed of the clock: a live call of any length."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np

from monitor.audio.chunk import AudioChunk, Samples
from monitor.events import LEGS, Leg, LegReport
from monitor.sources.base import PolledSource
from monitor.sources.registry import SOURCES
from monitor.timeline import SAMPLE_RATE

STEP = SAMPLE_RATE // 50
"""Samples that come at a time: 20 ms, as in packets of a telephone system."""


class LoopedCall(PolledSource):
    """Plays legs that lie in a folder, so that many calls cost the machine what receiving them would not: nothing but time.

    Many calls, in many processes, share the memory of one recording.
    """

    kind: ClassVar[str] = "looped"

    def __init__(self, folder: Path, begin: float) -> None:
        """`begin`: seconds into the recording at which this call begins, so that many calls are not in step."""
        super().__init__()
        self._audio: dict[Leg, Samples] = {
            leg: np.load(path, mmap_mode="r") for leg in LEGS if (path := folder / f"{leg}.npy").exists()
        }
        self.legs = tuple(self._audio)
        self.description = "a recorded call, looped"
        self._length = min(len(samples) for samples in self._audio.values())
        self._begin = round(begin * SAMPLE_RATE)
        self._began: float | None = None
        self._given = 0
        self._behind = 0.0

    def look(self) -> Iterator[AudioChunk]:
        """See `PolledSource`."""
        now = time.monotonic()
        if self._began is None:
            self._began = now
        spoken = now - self._began
        self._behind = max(0.0, spoken - self._given / SAMPLE_RATE - self.tick)
        due = int(spoken * SAMPLE_RATE) // STEP * STEP
        while self._given < due:
            begin, end = self._given, min(due, self._given + SAMPLE_RATE)
            place = np.arange(self._begin + begin, self._begin + end) % self._length
            for leg, samples in self._audio.items():
                yield AudioChunk(leg, begin, np.asarray(samples[place]))
            self._given = end

    @property
    def over(self) -> bool:
        """It ends when it is told to."""
        return self._stop.is_set()

    def rest(self) -> tuple[AudioChunk, ...]:
        """Nothing: both legs were given alike."""
        return ()

    def close(self) -> None:
        """It holds nothing."""

    def stop(self) -> None:
        """End soon."""
        self._stop.set()

    def report(self) -> Mapping[Leg, LegReport]:
        """Nothing is lost on the way; `jitter` is by how much audio was last taken too late."""
        return {leg: LegReport(seconds=self._given / SAMPLE_RATE, jitter=round(self._behind, 3)) for leg in self.legs}

    def end_reason(self) -> str:
        """See `over`."""
        return "stopped"


def record(folder: Path, audio: Mapping[Leg, Samples]) -> None:
    """Put the legs of a call where looped calls find them."""
    folder.mkdir()
    for leg, samples in audio.items():
        np.save(folder / f"{leg}.npy", samples)


def make_known() -> None:
    """Have this process open looped calls by their kind, as a worker does."""
    SOURCES.add(LoopedCall.kind, f"{__name__}:LoopedCall")
