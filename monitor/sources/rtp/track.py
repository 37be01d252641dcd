"""One leg's 16 kHz track: audio and silence go in end to end at the codec's rate, chunks with their gaps come out.

Silence is kept as a length and becomes zeros only as it is taken, so that an hour of hold costs no memory.
"""

from collections import deque
from collections.abc import Iterator
from typing import Literal

import numpy as np

from monitor.audio.chunk import AudioChunk, Gap, Samples
from monitor.audio.resample import Resampler
from monitor.events import Leg
from monitor.timeline import SAMPLE_RATE

Cause = Literal["lost", "silence"]


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
        self.trailing_silence = 0
        """Samples of the timeline since the last audio."""
        self._pending: deque[tuple[int, Samples | int]] = deque()
        """Rate, and samples or a length of silence."""
        self._base, self._rate, self._native = 0, SAMPLE_RATE, 0
        """Where on the timeline the present rate began, the rate, and samples appended at it."""
        self._gaps: deque[Gap] = deque()
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

    def append(self, samples: Samples, rate: int, cause: Cause | None = None) -> None:
        """Continue with samples at `rate`; `cause` where they stand for audio that did not come."""
        self._extend(len(samples), samples, rate, cause)

    def silence(self, length: int, rate: int, cause: Cause = "silence") -> None:
        """Continue with `length` zeros at `rate`."""
        self._extend(length, length, rate, cause)

    def close(self) -> None:
        """Nothing more will be appended: let `take` give what the resampler still holds."""
        self._closed = True

    def _extend(self, length: int, content: Samples | int, rate: int, cause: Cause | None) -> None:
        if not length:
            return
        if rate != self._rate:
            self._base, self._rate, self._native = self.position, rate, 0
        start = self.position
        self._native += length
        self._pending.append((rate, content))
        self.trailing_silence = self.trailing_silence + self.position - start if cause == "silence" else 0
        if cause:
            self._mark(start, self.position - start, cause)

    def _mark(self, start: int, length: int, cause: Cause) -> None:
        self.totals[cause] += length
        last = self._gaps[-1] if self._gaps else None
        if last and last.cause == cause and last.start + last.length == start:
            self._gaps[-1] = Gap(last.start, last.length + length, cause)
        else:
            self._gaps.append(Gap(start, length, cause))

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
            rate, content = self._pending.popleft()
            if not isinstance(content, int):
                yield content
                most -= len(content)
                continue
            length = min(content, most)
            if content > length:
                self._pending.appendleft((rate, content - length))
            yield np.zeros(length, np.float32)
            most -= length

    def _chunk(self, samples: Samples) -> AudioChunk:
        start, stop = self.taken, self.taken + len(samples)
        self.taken = stop
        while self._gaps and self._gaps[0].start + self._gaps[0].length <= start:
            self._gaps.popleft()
        inside = [gap for gap in self._gaps if gap.start < stop]
        return AudioChunk(self.leg, start, samples, tuple(_clip(gap, start, stop) for gap in inside))


def _clip(gap: Gap, start: int, stop: int) -> Gap:
    first, last = max(gap.start, start), min(gap.start + gap.length, stop)
    return Gap(first, last - first, gap.cause)
