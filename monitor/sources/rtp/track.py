"""One leg's 16 kHz track: audio and silence go in end to end at the codec's rate, chunks with their gaps come out.

Silence is kept as a length and becomes zeros only as it is taken, so that an hour of hold costs no memory.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal, TypeVar

import numpy as np

from monitor.audio.chunk import AudioChunk, Gap, Late, Samples
from monitor.audio.resample import Resampler
from monitor.events import MOST_SECONDS_LATE, Leg
from monitor.timeline import SAMPLE_RATE

Cause = Literal["lost", "silence"]
Stretch = TypeVar("Stretch", Gap, Late)


def to_timeline(samples: int, rate: int) -> int:
    """Samples of the timeline nearest to `samples` samples at `rate`."""
    return round(samples * SAMPLE_RATE / rate)


class Track:
    """Gapless by construction: what is appended follows what was appended before."""

    def __init__(self, leg: Leg) -> None:
        self.leg = leg
        self.taken = 0
        """Samples of the timeline that have come out."""
        self.totals: dict[Cause, int] = {"lost": 0, "silence": 0}
        """Samples of the timeline, a cause."""
        self.late = 0
        """Samples of audio that came late by a second or more."""
        self._pending: deque[tuple[int, Samples | int, int]] = deque()
        """Rate, and samples or a length of silence; and how many samples of these are not to be parted."""
        self._base, self._rate, self._native = 0, SAMPLE_RATE, 0
        """Where on the timeline the present rate began, the rate, and samples appended at it."""
        self._gaps: deque[Gap] = deque()
        self._late: deque[Late] = deque()
        self._resampler, self._resampling = Resampler(SAMPLE_RATE), SAMPLE_RATE
        self._closed = False

    @property
    def position(self) -> int:
        """Where on the timeline the next sample goes."""
        return self._base + to_timeline(self._native, self._rate)

    @property
    def pending(self) -> bool:
        """Whether `take` has something to do."""
        return bool(self._pending) or self._closed

    def append(self, samples: Samples, rate: int, cause: Cause | None = None, known: int = 0) -> None:
        """Continue with samples at `rate`; `cause` where they stand for audio that did not come, `known`: the sample of the
        timeline at which the call is by now."""
        self._extend(len(samples), samples, rate, cause, known)

    def append_run(self, samples: Samples, rate: int, packet: int) -> None:
        """Continue with the samples of several packets, each of `packet` samples, as if with one packet after the other; all of
        them come in time."""
        self._extend(len(samples), samples, rate, None, 0, packet)

    def foresee(self, packets: int, length: int, rate: int) -> Sequence[int] | None:
        """Where on the timeline each of so many packets of `length` samples will start; None where their rate is a new one."""
        if rate != self._rate:
            return None
        begun, step = divmod(self._native * SAMPLE_RATE, rate), divmod(length * SAMPLE_RATE, rate)
        if not begun[1] and not step[1]:  # on whole samples of the timeline, as nearly all are
            first = self._base + begun[0]
            return range(first, first + packets * step[0], step[0])
        return [self._base + to_timeline(self._native + index * length, rate) for index in range(packets)]

    def silence(self, length: int, rate: int, cause: Cause = "silence", known: int = 0) -> None:
        """Continue with `length` zeros at `rate`."""
        self._extend(length, length, rate, cause, known)

    def close(self) -> None:
        """Nothing more will be appended: let `take` give what the resampler still holds."""
        self._closed = True

    def _extend(
        self, length: int, content: Samples | int, rate: int, cause: Cause | None, known: int, whole: int | None = None
    ) -> None:
        if not length:
            return
        if rate != self._rate:
            self._base, self._rate, self._native = self.position, rate, 0
        start = self.position
        self._native += length
        self._pending.append((rate, content, whole or (1 if isinstance(content, int) else length)))
        if cause:
            self._mark(start, self.position - start, cause)
        elif known - start >= SAMPLE_RATE:
            self.late += self.position - start
        self._mark_late(start, self.position, known)

    def _mark(self, start: int, length: int, cause: Cause) -> None:
        self.totals[cause] += length
        last = self._gaps[-1] if self._gaps else None
        if last and last.cause == cause and last.start + last.length == start:
            self._gaps[-1] = Gap(last.start, last.length + length, cause)
        else:
            self._gaps.append(Gap(start, length, cause))

    def _mark_late(self, start: int, stop: int, known: int) -> None:
        """Note by how many seconds what is at `[start, stop)` became known after its moment."""
        while start < stop and known - start >= SAMPLE_RATE:
            seconds = min((known - start) // SAMPLE_RATE, MOST_SECONDS_LATE)
            until = min(stop, known - seconds * SAMPLE_RATE + 1)
            last = self._late[-1] if self._late else None
            if last and last.seconds == seconds and last.start + last.length == start:
                self._late[-1] = Late(last.start, last.length + until - start, seconds)
            else:
                self._late.append(Late(start, until - start, seconds))
            start = until

    def take(self, most: int = SAMPLE_RATE // 2) -> AudioChunk | None:
        """The next chunk, about `most` samples at most; None where what is pending is still in the resampler."""
        if self._pending and self._pending[0][0] != self._resampling:
            tail = self._resampler.flush()
            self._resampling = self._pending[0][0]
            self._resampler = Resampler(self._resampling)
            if len(tail):
                return self._chunk(tail)
        if not self._pending:
            samples = self._resampler.flush()
            self._resampler, self._resampling, self._closed = Resampler(SAMPLE_RATE), SAMPLE_RATE, False
        else:
            parts = list(self._due(most * self._resampling // SAMPLE_RATE))
            samples = self._resampler.push(parts[0] if len(parts) == 1 else np.concatenate(parts))
        return self._chunk(samples) if len(samples) else None

    def _due(self, most: int) -> Iterator[Samples]:
        while most > 0 and self._pending and self._pending[0][0] == self._resampling:
            rate, content, whole = self._pending.popleft()
            length = -(-most // whole) * whole
            if isinstance(content, int):
                if content > length:
                    self._pending.appendleft((rate, content - length, whole))
                content = np.zeros(min(content, length), np.float32)
            elif len(content) > length:
                self._pending.appendleft((rate, content[length:], whole))
                content = content[:length]
            yield content
            most -= len(content)

    def _chunk(self, samples: Samples) -> AudioChunk:
        start, stop = self.taken, self.taken + len(samples)
        self.taken = stop
        return AudioChunk(self.leg, start, samples, _inside(self._gaps, start, stop), _inside(self._late, start, stop))


def _inside(stretches: deque[Stretch], start: int, stop: int) -> tuple[Stretch, ...]:
    """The parts of stretches within `[start, stop)`; those that end before it are forgotten."""
    while stretches and stretches[0].start + stretches[0].length <= start:
        stretches.popleft()
    return tuple(_clip(stretch, start, stop) for stretch in stretches if stretch.start < stop)


def _clip(stretch: Stretch, start: int, stop: int) -> Stretch:
    first, last = max(stretch.start, start), min(stretch.start + stretch.length, stop)
    return replace(stretch, start=first, length=last - first)
