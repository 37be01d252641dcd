"""Listening in: the sound of a live call for people who hear it as it comes. Nothing is kept of it.

A listener has a bounded queue. One that takes too little loses the oldest sound; the call never waits for it. Where nobody
listens, a chunk costs a look at an empty tuple.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from monitor.audio.chunk import AudioChunk, Samples
from monitor.errors import BusyError
from monitor.events import Leg
from monitor.timeline import FRAME_SAMPLES, TICK_FRAMES

MOST_LISTENERS = 4
"""To one call: more than listen to a call for a reason."""
TICK_SAMPLES = FRAME_SAMPLES * TICK_FRAMES
WAITING = 100
"""Ticks of all legs that wait for a listener: five seconds of a call of two legs."""


@dataclass(frozen=True, slots=True)
class SoundTick:
    """100 ms of a leg."""

    leg: Leg
    tick: int
    """Its first sample is `tick * TICK_SAMPLES` of the call."""
    samples: bytes
    """TICK_SAMPLES of 16 bits, little-endian, 16 kHz."""


class Listener:
    """Somebody who listens. `hear` and `end` in the call's thread, the rest in the listener's."""

    def __init__(self, legs: Sequence[Leg], on_change: Callable[[], None]) -> None:
        self.reason: str | None = None
        """Why there is no more; None while there is."""
        self._on_change = on_change
        self._waiting: deque[SoundTick] = deque(maxlen=WAITING)
        self._rest: dict[Leg, Samples | None] = dict.fromkeys(legs)
        """Of each leg what does not fill a tick; None before its first whole tick begins."""

    def take(self) -> list[SoundTick]:
        """What came since the last time, of each leg in order."""
        taken = []
        while self._waiting:
            taken.append(self._waiting.popleft())
        return taken

    def hear(self, chunk: AudioChunk) -> None:
        """Take a chunk of the call. Of each leg it begins with a whole tick."""
        samples, rest = chunk.samples, self._rest[chunk.leg]
        if rest is None:
            samples = samples[-chunk.start % TICK_SAMPLES :]
            rest = samples[:0]
            if len(samples) == 0:
                return
        audio = np.concatenate([rest, samples])
        whole = len(audio) // TICK_SAMPLES
        first = (chunk.stop - len(audio)) // TICK_SAMPLES
        for index in range(whole):
            piece = audio[index * TICK_SAMPLES : (index + 1) * TICK_SAMPLES]
            self._waiting.append(SoundTick(chunk.leg, first + index, _pcm(piece)))
        self._rest[chunk.leg] = audio[whole * TICK_SAMPLES :].copy()
        if whole:
            self._on_change()

    def end(self, reason: str) -> None:
        """The call has no more sound."""
        self.reason = reason
        self._on_change()


class Tap:
    """Where listeners come to one call and leave it."""

    def __init__(self, legs: Sequence[Leg]) -> None:
        self._legs = tuple(legs)
        self._lock = threading.Lock()
        self._listeners: tuple[Listener, ...] = ()
        self._over: str | None = None

    def open(self, on_change: Callable[[], None]) -> Listener:
        """Begin to listen, from the next whole tick on. Raises `BusyError` where too many do.

        `on_change` is called, in the call's thread, where there is something to take or no more comes.
        """
        with self._lock:
            if len(self._listeners) >= MOST_LISTENERS:
                raise BusyError(f"{MOST_LISTENERS} people listen to this call, which is the most")
            listener = Listener(self._legs, on_change)
            if self._over is not None:
                listener.end(self._over)
            self._listeners = (*self._listeners, listener)
        return listener

    def close(self, listener: Listener) -> None:
        """Listen no more."""
        with self._lock:
            self._listeners = tuple(other for other in self._listeners if other is not listener)

    @property
    def listened(self) -> bool:
        """Whether somebody listens."""
        return bool(self._listeners)

    def hear(self, chunk: AudioChunk) -> None:
        """Take a chunk of the call."""
        for listener in self._listeners:
            listener.hear(chunk)

    def end(self, reason: str) -> None:
        """The call has no more sound. May be called twice."""
        with self._lock:
            if self._over is None:
                self._over = reason
                for listener in self._listeners:
                    listener.end(reason)


def _pcm(samples: Samples) -> bytes:
    pcm: bytes = np.clip(np.rint(samples * np.float32(32_768)), -32_768, 32_767).astype("<i2").tobytes()
    return pcm
