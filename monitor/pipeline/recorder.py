"""What a call says, on its way to the disk: kept in order, and kept trying where the disk refuses.

A full disk or a lost mount must not end a call: what could not be written waits in memory and goes out in order as soon
as writing works again. Where that takes so long that memory would suffer, the oldest frames are replaced by frames that are
marked as skipped; events are never given up.
"""

import time
from collections import Counter, deque
from dataclasses import replace

import numpy as np
import structlog

from monitor.audio.chunk import AudioChunk
from monitor.errors import StoreError
from monitor.events import CallEnded, Event, Frames, Leg, Mark
from monitor.store.base import CallWriter
from monitor.store.journal import Journal

log = structlog.get_logger(__name__)

MAX_HELD_FRAMES = 60_000
"""Frames that wait for the disk whole: ten minutes of a two-legged call, 250 MB of emotion2vec+ large."""
RETRY_SECONDS = 1.0


class CallRecorder:
    """Frames to the writer, events to the journal. One thread at a time."""

    def __init__(self, writer: CallWriter, journal: Journal) -> None:
        self._writer = writer
        self._journal = journal
        self._waiting: deque[Frames | Event] = deque()
        self._held_frames = 0
        self._blanked = 0
        self._retry_at = 0.0
        self.error: str | None = None
        """Why the disk refuses, while it does."""
        self.blanked: Counter[Leg] = Counter()
        """Frames of each leg given up because too many waited; without those that had been skipped before."""

    def put(self, item: Frames | Event) -> None:
        """Commit frames or journal an event, or keep it until that works."""
        self._waiting.append(item)
        if isinstance(item, Frames):
            self._held_frames += len(item)
        if self.error is None or time.monotonic() >= self._retry_at:
            self._write()
        while self._held_frames > MAX_HELD_FRAMES:
            self._blank_oldest()

    def audio(self, chunk: AudioChunk) -> None:
        """Keep audio, where the settings say so."""
        self._writer.append_audio(chunk.leg, chunk.samples)

    def finish(self, ended: CallEnded, patience: float) -> None:
        """Write all that waits, close the call, and only then say that it has ended: who hears it finds the call stored.
        Raises `StoreError` where the disk refuses for `patience` seconds."""
        give_up = time.monotonic() + patience
        stored = False
        while True:
            self._write()
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
                if time.monotonic() >= give_up:
                    raise
                time.sleep(RETRY_SECONDS)

    def _write(self) -> None:
        try:
            while self._waiting:
                item = self._waiting[0]
                if isinstance(item, Frames):
                    self._writer.append(item)
                else:
                    self._journal.append(item)
                self._forget_first()
        except StoreError as error:
            if self.error is None:
                log.error("store_refuses", error=str(error), kept_in_memory=len(self._waiting))
            self.error = str(error)
            self._retry_at = time.monotonic() + RETRY_SECONDS
        else:
            if self.error is not None:
                log.warning("store_works_again", blanked_frames=self.blanked.total())
            self.error = None

    def _forget_first(self) -> None:
        item = self._waiting.popleft()
        if self._blanked:
            self._blanked -= 1
        elif isinstance(item, Frames):
            self._held_frames -= len(item)

    def _blank_oldest(self) -> None:
        item = self._waiting[self._blanked]
        if isinstance(item, Frames):
            self._waiting[self._blanked] = _blank(item)
            self._held_frames -= len(item)
            self.blanked[item.leg] += int((item.marks & Mark.SKIPPED == 0).sum())
        self._blanked += 1


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
