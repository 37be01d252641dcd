"""Takes a live source's audio in a thread, as the pipeline does."""

import threading
import time
from collections.abc import Callable

import numpy as np

from monitor.audio.chunk import AudioChunk
from monitor.sources.base import Source
from tests.sources.rtp.sender import audio


class Listener:
    """Takes all chunks until the source ends."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.chunks: list[AudioChunk] = []
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()

    def _take(self) -> None:
        for chunk in self.source.chunks():
            self.chunks.append(chunk)

    def seconds(self) -> float:
        return max((chunk.stop for chunk in list(self.chunks)), default=0) / 16_000

    def finish(self, stop: bool = True) -> list[AudioChunk]:
        """The chunks, once the source has ended; `stop`: end it."""
        if stop:
            self.source.stop()
        self._thread.join(30)
        assert not self._thread.is_alive(), "the source did not end"
        return self.chunks

    def heard(self, leg: str) -> np.ndarray:
        return audio(self.chunks, leg)


def wait_for(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Return once the condition holds; fail where it does not within a generous time."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.01)


def delay_of(heard: np.ndarray, sent: np.ndarray, start: int, stop: int, reach: int = 800) -> int:
    """Samples by which `heard` is behind `sent[start:stop]`, by cross-correlation."""
    template = sent[start:stop]
    around = heard[start - reach : stop + reach]
    return int(np.argmax(np.correlate(around, template, "valid"))) - reach
