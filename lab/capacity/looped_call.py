"""A recorded call that goes round and round at the speed of the clock: a live call of any length."""

import threading
import time
from collections.abc import Iterator, Mapping
from typing import ClassVar

import numpy as np

from monitor.audio.chunk import AudioChunk, Samples
from monitor.events import Leg, LegReport
from monitor.sources.base import Source
from monitor.sources.pace import Pace
from monitor.timeline import SAMPLE_RATE

STEP = SAMPLE_RATE // 20
"""Samples handed on at a time: 50 ms, as from a telephone system."""


class LoopedCall(Source):
    """Plays legs that are in memory, so that many calls cost the machine what receiving them would not: nothing but time."""

    kind: ClassVar[str] = "looped"

    def __init__(self, audio: Mapping[Leg, Samples], begin: float) -> None:
        """`begin`: seconds into the recording at which this call begins, so that many calls are not in step."""
        self.legs = tuple(audio)
        self.realtime = True
        self.description = "a recorded call, looped"
        self.behind = 0.0
        """Seconds by which audio was last handed on too late: the pipeline did not take it in time."""
        self._audio = audio
        self._begin = round(begin * SAMPLE_RATE)
        self._given = 0
        self._stop = threading.Event()

    def chunks(self) -> Iterator[AudioChunk]:
        """Audio until `stop`."""
        pace = Pace(self._stop.wait)
        began = time.monotonic()
        length = min(len(samples) for samples in self._audio.values())
        while not self._stop.is_set():
            place = np.arange(self._begin + self._given, self._begin + self._given + STEP) % length
            for leg, samples in self._audio.items():
                yield AudioChunk(leg, self._given, samples[place])
            self._given += STEP
            pace.until(self._given / SAMPLE_RATE)
            self.behind = time.monotonic() - began - self._given / SAMPLE_RATE

    def stop(self) -> None:
        """End soon."""
        self._stop.set()

    def report(self) -> Mapping[Leg, LegReport]:
        """Nothing is lost on the way."""
        return {leg: LegReport(seconds=self._given / SAMPLE_RATE) for leg in self.legs}

    def end_reason(self) -> str:
        """It ends when it is told to."""
        return "stopped"
