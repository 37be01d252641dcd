"""What a call says, on its way to the disk: kept in order, and kept trying where the disk refuses.

A full disk or a lost mount must not end a call: what could not be written waits in memory and goes out in order as soon
as writing works again. Frames and events wait each for themselves, since they may lie on different disks. Where frames wait so
long that memory would suffer (`held_memory.py`), the oldest are replaced by frames that are marked as skipped; events are never
given up. A call that is over waits like any other.
"""

import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

import numpy as np
import structlog

from monitor.audio.chunk import AudioChunk
from monitor.errors import StoreError
from monitor.events import CallEnded, Event, Frames, Leg, Mark
from monitor.pipeline.held_memory import HeldMemory
from monitor.store.base import CallWriter
from monitor.store.journal import Journal

log = structlog.get_logger(__name__)

RETRY_SECONDS = 1.0

_T = TypeVar("_T")


@dataclass(slots=True)
class _Way(Generic[_T]):
    """The way of frames, or of events, to their disk."""

    what: str
    write: Callable[[_T], object]
    waiting: deque[_T] = field(default_factory=deque)
    error: str | None = None
    """Why the disk refuses, while it does."""
    retry_at: float = 0.0

    def flush(self, written: Callable[[_T], None]) -> None:
        """Write what waits, as far as the disk takes it; `written` is told of each."""
        try:
            while self.waiting:
                self.write(self.waiting[0])
                written(self.waiting.popleft())
        except StoreError as error:
            if self.error is None:
                log.error("store_refuses", what=self.what, error=str(error), kept_in_memory=len(self.waiting))
            self.error = str(error)
            self.retry_at = time.monotonic() + RETRY_SECONDS
        else:
            if self.error is not None:
                log.warning("store_works_again", what=self.what)
            self.error = None

    @property
    def due(self) -> bool:
        """Whether to try."""
        return self.error is None or time.monotonic() >= self.retry_at


class CallRecorder:
    """Frames to the writer, events to the journal. One thread at a time."""

    def __init__(self, writer: CallWriter, journal: Journal, memory: HeldMemory | None = None) -> None:
        """`memory`: shared by all calls."""
        self._writer = writer
        self._journal = journal
        self._memory = memory or HeldMemory()
        self._frames: _Way[Frames] = _Way("frames", writer.append)
        self._events: _Way[Event] = _Way("events", journal.append)
        self._given_up = 0
        """Of the frames that wait, how many at the front have no content any more."""
        self.blanked: Counter[Leg] = Counter()
        """Frames of each leg given up because too many waited; without those that had been skipped before."""

    @property
    def error(self) -> str | None:
        """Why a disk refuses, while it does."""
        return self._frames.error or self._events.error

    @property
    def waiting(self) -> int:
        """Frames that no disk has yet."""
        return sum(map(len, self._frames.waiting))

    def put(self, item: Frames | Event) -> None:
        """Commit frames or journal an event, or keep it until that works."""
        if isinstance(item, Frames):
            self._frames.waiting.append(item)
            self._memory.hold(self, _size(item))
        else:
            self._events.waiting.append(item)
        self._write(patient=True)
        while self._given_up < len(self._frames.waiting) and self._memory.too_much(self):
            self._blank_oldest()

    def audio(self, chunk: AudioChunk) -> None:
        """Keep audio, where the settings say so."""
        self._writer.append_audio(chunk.leg, chunk.samples)

    def finish(self, ended: CallEnded, gives_up: Callable[[], bool]) -> None:
        """Write all that waits, close the call, and only then say that it has ended: who hears it finds the call stored.

        A disk that refuses is waited for until `gives_up` says so; then `StoreError` is raised.
        """
        stored = False
        while True:
            self._write(patient=False)
            try:
                if self.error is not None:
                    raise StoreError(self.error)
                if not stored:
                    self._writer.close(ended.reason, ended.legs)
                    stored = True
                self._journal.append(ended)
                self._writer.release()
                return
            except StoreError:
                if gives_up():
                    self._memory.hold(self, -sum(map(_size, list(self._frames.waiting)[self._given_up :])))
                    raise
                time.sleep(RETRY_SECONDS)

    def _write(self, patient: bool) -> None:
        if self._frames.due or not patient:
            self._frames.flush(self._written)
        if self._events.due or not patient:
            self._events.flush(lambda _: None)

    def _written(self, frames: Frames) -> None:
        if self._given_up:
            self._given_up -= 1
        else:
            self._memory.hold(self, -_size(frames))

    def _blank_oldest(self) -> None:
        frames = self._frames.waiting[self._given_up]
        self._frames.waiting[self._given_up] = _blank(frames)
        self._memory.hold(self, -_size(frames))
        self.blanked[frames.leg] += int((frames.marks & Mark.SKIPPED == 0).sum())
        self._given_up += 1


def _size(frames: Frames) -> int:
    """Bytes of a run's content."""
    return frames.embedding.nbytes + frames.logits.nbytes + frames.speech.nbytes


def _blank(frames: Frames) -> Frames:
    """The same stretch without content, in next to no memory."""
    nan = np.float32(np.nan)
    return replace(
        frames,
        embedding=np.broadcast_to(nan, frames.embedding.shape),
        logits=np.broadcast_to(nan, frames.logits.shape),
        speech=np.zeros(len(frames), np.float32),
        marks=frames.marks | np.uint8(Mark.SKIPPED),
    )
