"""What a call says, on its way to the disk: kept in order, and kept trying where the disk refuses.

Who hears the call puts, and waits for no disk; who writes has it written: first the frames of all calls, then the events of all
with one confirmation by the disk. A full disk or a lost mount must not end a call: what
could not be written waits in memory and goes out in order as soon as writing works again. Frames and events wait each for
themselves, since they may lie on different disks. Where frames wait so long that memory would suffer (`held_memory.py`), the
oldest are replaced by frames that are marked as skipped; events are never given up. A call that is over waits like any other.
"""

import time
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import replace
from threading import Lock
from typing import Generic, TypeVar

import numpy as np
import structlog

from monitor.audio.chunk import AudioChunk
from monitor.errors import StoreError
from monitor.events import CallEnded, Event, Frames, Leg, Mark
from monitor.pipeline.held_memory import HeldMemory
from monitor.store.base import CallWriter
from monitor.store.journal import Journal, Offer
from monitor.timeline import SAMPLE_RATE

log = structlog.get_logger(__name__)

RETRY_SECONDS = 1.0
MOST_SOUND = 120 * SAMPLE_RATE
"""Samples (a minute of two legs) that wait whole for a disk that hangs; audio after them is recorded as silence."""

_T = TypeVar("_T")


class _Way(ABC, Generic[_T]):
    """The way of frames, or of events, to their disk. One thread puts, one at a time writes."""

    def __init__(self, what: str) -> None:
        self.waiting: deque[_T] = deque()
        self.error: str | None = None
        """Why the disk refuses, while it does."""
        self._what = what
        self._retry_at = 0.0

    def flush(self) -> None:
        """Write what waits, as far as the disk takes it."""
        try:
            while self.waiting:
                self._write_first()
        except StoreError as error:
            self._refuse(error)
        else:
            self._accept()

    @abstractmethod
    def _write_first(self) -> None:
        """Write the first of what waits, or some of the first."""

    def _refuse(self, error: StoreError) -> None:
        if self.error is None:
            log.error("store_refuses", what=self._what, error=str(error), kept_in_memory=len(self.waiting))
        self.error = str(error)
        self._retry_at = time.monotonic() + RETRY_SECONDS

    def _accept(self) -> None:
        if self.error is not None:
            log.warning("store_works_again", what=self._what)
        self.error = None

    @property
    def due(self) -> bool:
        """Whether to try."""
        return self.error is None or time.monotonic() >= self._retry_at


class _EventsWay(_Way[Event]):
    """Of events, which share a write with those of other calls."""

    def __init__(self, journal: Journal) -> None:
        super().__init__("events")
        self._journal = journal
        self._offer: Offer | None = None
        """Of the first events that wait, until they are there."""

    def offer(self, count: int) -> None:
        """Have the first `count` of what waits written with what others offer, when one of them settles."""
        try:
            if count and self._offer is None:
                self._offer = self._journal.offer([self.waiting[index] for index in range(count)])
        except StoreError as error:
            self._refuse(error)

    def settle(self) -> None:
        """Write what was offered, and nothing that was put since: the frames that it is said of may not be there yet."""
        try:
            self._settle()
        except StoreError as error:
            self._refuse(error)
        else:
            self._accept()

    def _write_first(self) -> None:
        if self._offer is None:
            self._offer = self._journal.offer(tuple(self.waiting))
        self._settle()

    def _settle(self) -> None:
        if self._offer is not None:
            self._offer.settle()
            for _ in range(self._offer.count):
                self.waiting.popleft()
            self._offer = None


class _FramesWay(_Way[Frames]):
    """Of frames, the oldest of which are given up where too many wait."""

    def __init__(self, write: Callable[[Frames], object], memory: HeldMemory) -> None:
        super().__init__("frames")
        self._write = write
        self.blanked: Counter[Leg] = Counter()
        """Frames of each leg given up because too many waited; without those that had been skipped before."""
        self._memory = memory
        self._lock = Lock()
        """Held for no longer than it takes to look: never while the disk is asked."""
        self._given_up = 0
        """Of the frames that wait, how many at the front have no content any more."""
        self._in_hand = self._lost = 0
        """Frames that are being written; that never will be."""

    def put(self, frames: Frames) -> None:
        """Have frames wait."""
        with self._lock:
            self.waiting.append(frames)
            self._memory.hold(self, _size(frames))
            while self._given_up < len(self.waiting) and self._memory.too_much(self):
                self._blank(self._given_up)
                self._given_up += 1

    @property
    def count(self) -> int:
        """Frames that no disk has yet."""
        with self._lock:
            return self._lost + self._in_hand + sum(map(len, self.waiting))

    def let_go(self) -> None:
        """Write nothing more: what waits is lost, and holds up nobody else's memory."""
        with self._lock:
            self._memory.hold(self, -sum(map(_size, list(self.waiting)[self._given_up :])))
            self._lost += sum(map(len, self.waiting))
            self.waiting.clear()
            self._given_up = 0

    def _write_first(self) -> None:
        with self._lock:
            frames, blank = self.waiting.popleft(), self._given_up > 0
            self._given_up -= blank
            self._in_hand = len(frames)
        try:
            self._write(frames)
        except BaseException:
            with self._lock:
                self._in_hand = 0
                self._put_back(frames, blank)
            raise
        with self._lock:
            self._in_hand = 0
            if not blank:
                self._memory.hold(self, -_size(frames))

    def _put_back(self, frames: Frames, blank: bool) -> None:
        self.waiting.appendleft(frames)
        if not blank and self._given_up:  # those after it were given up while it was tried
            self._blank(0)
        self._given_up += blank or self._given_up > 0

    def _blank(self, index: int) -> None:
        frames = self.waiting[index]
        self.waiting[index] = _blank(frames)
        self._memory.hold(self, -_size(frames))
        self.blanked[frames.leg] += int((frames.marks & Mark.SKIPPED == 0).sum())


class CallRecorder:
    """Frames to the writer, events to the journal. One thread puts; another may write, and one ends it."""

    def __init__(self, writer: CallWriter, journal: Journal, memory: HeldMemory | None = None) -> None:
        """`memory`: shared by all calls."""
        self._writer = writer
        self._journal = journal
        self._frames = _FramesWay(writer.append, memory or HeldMemory())
        self._events = _EventsWay(journal)
        self._sound: deque[AudioChunk] = deque()
        self._sound_put = self._sound_written = 0
        """Samples."""
        self._silenced = False
        """Whether the last piece of audio was given up."""
        self._once_written: deque[Callable[[], object]] = deque()
        self._tellable = 0
        """Of these, those that were there as the last `write` began."""
        self._writing = Lock()

    @property
    def blanked(self) -> Counter[Leg]:
        """Frames of each leg given up because too many waited; without those that had been skipped before."""
        return self._frames.blanked

    @property
    def error(self) -> str | None:
        """Why a disk refuses, while it does."""
        return self._frames.error or self._events.error

    @property
    def waiting(self) -> int:
        """Frames that no disk has yet."""
        return self._frames.count

    def put(self, item: Frames | Event) -> None:
        """Have frames committed with the next `write`, or an event journalled with the next `confirm`, that the disk takes."""
        if isinstance(item, Frames):
            self._frames.put(item)
        else:
            self._events.waiting.append(item)

    def audio(self, chunk: AudioChunk) -> None:
        """Keep audio, where the settings say so."""
        if len(chunk.samples) and self._writer.records:
            kept = self._sound_put - self._sound_written < MOST_SOUND
            if not kept and not self._silenced:
                log.error("audio_recorded_as_silence", reason="the disk hangs", samples_kept=MOST_SOUND, leg=chunk.leg)
            self._silenced = not kept
            self._sound_put += len(chunk.samples)
            self._sound.append(chunk if kept else replace(chunk, samples=np.broadcast_to(np.float32(0), chunk.samples.shape)))

    def once_written(self, tell: Callable[[], object]) -> None:
        """Call this once all that was put by now is on its disk."""
        self._once_written.append(tell)

    def write(self) -> None:
        """Write the sound and the frames that wait, as far as the disk takes them, and have the events ready for `confirm`.

        A disk that refused is not tried at every call. From any thread.
        """
        with self._writing:
            self._tellable = len(self._once_written)
            events = len(self._events.waiting)
            self._write_sound()
            if self._frames.due:
                self._frames.flush()
            if self._events.due:
                self._events.offer(events)

    def confirm(self) -> None:
        """Have the events that `write` made ready in the journal, and those of other calls with them."""
        with self._writing:
            if self._events.due:
                self._events.settle()
            self._tell_written()

    def finish(self, ended: CallEnded, gives_up: Callable[[], bool]) -> None:
        """Write all that waits, close the call, and only then say that it has ended: who hears it finds the call stored.

        A disk that refuses is waited for until `gives_up` says so; then `StoreError` is raised.
        """
        stored = False
        while True:
            try:
                with self._writing:
                    self._write_sound()
                    self._frames.flush()
                    self._events.flush()
                    self._tellable = len(self._once_written)
                    self._tell_written()
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
                    self._frames.let_go()
                    self._writer.abandon()
                    raise
                time.sleep(RETRY_SECONDS)

    def give_up(self, ended: CallEnded) -> None:
        """Close a call that met a defect: what was committed is kept, and clients are told that it is over.

        Frames that wait are lost where they are what is at fault. Raises `StoreError` where the disk refuses.
        """
        try:
            self.finish(ended, lambda: True)
        except StoreError:
            raise
        except Exception:
            log.exception("frames_given_up", call=ended.call, frames=self.waiting)
            self._frames.let_go()
            self.finish(ended, lambda: True)

    def _tell_written(self) -> None:
        if self.error is None:
            for _ in range(self._tellable):
                self._once_written.popleft()()
            self._tellable = 0

    def _write_sound(self) -> None:
        for _ in range(len(self._sound)):
            chunk = self._sound.popleft()
            self._writer.append_audio(chunk.leg, chunk.samples)
            self._sound_written += len(chunk.samples)


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
