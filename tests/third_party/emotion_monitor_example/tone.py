"""A source that is a tone, to try a line with."""

import threading
from collections.abc import Iterator

import numpy as np

from monitor.audio.chunk import AudioChunk
from monitor.events import Leg, LegReport
from monitor.sources.base import Source
from monitor.sources.channels import LegAudio


class ToneSource(Source):
    """A tone, at a telephone's rate."""

    kind = "tone"
    main_option = "hertz"
    bounded = True

    def __init__(self, hertz: float = 440.0, seconds: float = 2.0) -> None:
        self.legs = ("customer",)
        self.realtime = False
        self.description = f"tone of {hertz:g} Hz"
        self._samples = np.sin(2 * np.pi * hertz * np.arange(int(seconds * 8_000)) / 8_000).astype(np.float32)
        self._audio = LegAudio("customer", 8_000, "pcm", self.description)
        self._stop = threading.Event()

    def chunks(self) -> Iterator[AudioChunk]:
        """See `Source`."""
        for start in range(0, len(self._samples), 4_000):
            if self._stop.is_set():
                break
            yield self._audio.push(self._samples[start : start + 4_000])
        yield self._audio.finish()

    def stop(self) -> None:
        """See `Source`."""
        self._stop.set()

    def report(self) -> dict[Leg, LegReport]:
        """See `Source`."""
        return {"customer": self._audio.report()}

    def end_reason(self) -> str:
        """See `Source`."""
        return "stopped" if self._stop.is_set() else "finished"
