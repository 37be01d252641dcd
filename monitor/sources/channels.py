"""The channels of one capture (a file, a pipe, a microphone), sample-locked to each other, as the legs of a call."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import numpy as np
import structlog
from numpy.typing import NDArray

from monitor.audio.chunk import AudioChunk, Gap, Samples
from monitor.audio.resample import Resampler
from monitor.errors import ConfigError, SourceError
from monitor.events import LEGS, Leg, LegReport
from monitor.timeline import FRAME_SAMPLES, SAMPLE_RATE, sample_seconds

Cause = Literal["lost", "silence"]

USABLE = 1e10
"""Magnitude from which a sample is no audio at any scale (32-bit integers end at 2.1e9) and would overflow what follows."""

log = structlog.get_logger(__name__)


def channel_legs(channels: int, legs: Sequence[Leg] | None, what: str) -> tuple[Leg, ...]:
    """The leg of each channel: as told, else `mixed` for one channel and customer, agent for two.

    Raises `SourceError` where `what` has more than two channels and `ConfigError` where `legs` do not fit them.
    """
    if channels > 2:
        raise SourceError(
            f"{what}: has {channels} channels, and a call has one or two legs; "
            "pick its channels first: ffmpeg -i IN -af 'pan=stereo|c0=c0|c1=c1' OUT.flac"
        )
    if legs is None:
        return ("mixed",) if channels == 1 else ("customer", "agent")
    if len(legs) != channels or len(set(legs)) != channels:
        raise ConfigError(f"{what}: has {channels} channel(s), so legs must name {channels} different, got {','.join(legs)}")
    if channels == 2 and "mixed" in legs:
        raise ConfigError(
            f"{what}: legs of two channels are customer and agent, in the order of the channels; mixed is for one"
        )
    return tuple(legs)


class ChannelLegs:
    """Turns blocks of all channels at one rate into each leg's chunks. `report` may be called from any thread."""

    def __init__(self, legs: Sequence[Leg], rate: int, codec: str, what: str) -> None:
        by_channel = [(channel, LegAudio(leg, rate, codec, what)) for channel, leg in enumerate(legs)]
        self._legs = sorted(by_channel, key=lambda item: LEGS.index(item[1].leg))

    def push(self, block: NDArray[np.float32], missing: Cause | None = None) -> Iterator[AudioChunk]:
        """Take a block, shape (n, channels), float32; yield one chunk a leg, in the order of `LEGS`.

        `missing` says that the block stands for audio that is not there.
        """
        for channel, leg in self._legs:
            samples = np.ascontiguousarray(block[:, channel], np.float32)
            yield leg.push(samples) if missing is None else leg.push_missing(samples, missing)

    def finish(self) -> Iterator[AudioChunk]:
        """What the resamplers still hold: one chunk a leg, after which all legs have the same length."""
        for _, leg in self._legs:
            yield leg.finish()

    def report(self) -> Mapping[Leg, LegReport]:
        """Each leg's account up to the last chunk."""
        return {leg.leg: leg.report() for _, leg in self._legs}


class LegAudio:
    """One leg: resampling, and gaps that wait for the chunk in which they lie. `report` may be called from any thread."""

    def __init__(self, leg: Leg, rate: int, codec: str, what: str) -> None:
        """`rate` in Hz, of the samples that are pushed; `what` is the source's name, for the log."""
        self.leg = leg
        self._what = what
        self._warned = False
        self._rate = rate
        self._codec = codec
        self._resampler = Resampler(rate)
        self._taken = 0
        self._start = 0
        self._gaps: list[Gap] = []
        self._missing: dict[Cause, int] = {"lost": 0, "silence": 0}

    def push(self, samples: Samples) -> AudioChunk:
        """Take samples, shape (n,), float32; the audio that is now decided.

        NaN, infinity and what is beyond `USABLE` become silence and are marked as lost: no engine makes sense of them.
        """
        usable = np.abs(samples) < USABLE
        if not usable.all():
            self._warn_once()
            self._mark_unusable(~usable)
            samples = np.where(usable, samples, np.float32(0))
        self._taken += len(samples)
        return self._chunk(self._resampler.push(samples))

    def push_missing(self, samples: Samples, cause: Cause) -> AudioChunk:
        """The same with samples that stand for audio that is not there."""
        self._mark(0, len(samples), cause)
        return self.push(samples)

    def finish(self) -> AudioChunk:
        """What the resampler still holds."""
        return self._chunk(self._resampler.flush())

    def report(self) -> LegReport:
        """The account up to the last chunk."""
        return LegReport(
            codec=self._codec,
            seconds=sample_seconds(self._start),
            lost_seconds=sample_seconds(self._missing["lost"]),
            silence_seconds=sample_seconds(self._missing["silence"]),
        )

    def _warn_once(self) -> None:
        if not self._warned:
            log.warning("samples_are_no_numbers", source=self._what, leg=self.leg, taken_as="lost")
        self._warned = True

    def _mark(self, start: int, stop: int, cause: Cause) -> None:
        """Note a gap, from sample `start` up to `stop` of the next block at the input's rate.

        Gaps of one cause that lie less than a frame apart are joined: nothing finer is told of them downstream.
        """
        first, last = (round((self._taken + at) * SAMPLE_RATE / self._rate) for at in (start, stop))
        previous = self._gaps[-1] if self._gaps else None
        if previous and previous.cause == cause and first - (previous.start + previous.length) < FRAME_SAMPLES:
            first = self._gaps.pop().start
        if last > first:
            self._gaps.append(Gap(first, last - first, cause))

    def _mark_unusable(self, unusable: NDArray[np.bool_]) -> None:
        """Note the runs of a mask over the next block as lost."""
        edges = np.flatnonzero(np.diff(unusable, prepend=False, append=False))
        for start, stop in edges.reshape(-1, 2):
            self._mark(int(start), int(stop), "lost")

    def _chunk(self, samples: NDArray[np.float32]) -> AudioChunk:
        stop = self._start + len(samples)
        inside = []
        while self._gaps and self._gaps[0].start < stop:
            gap = self._gaps.pop(0)
            length = min(gap.length, stop - gap.start)
            inside.append(Gap(gap.start, length, gap.cause))
            self._missing[gap.cause] += length
            if length < gap.length:
                self._gaps.insert(0, Gap(stop, gap.length - length, gap.cause))
        chunk = AudioChunk(self.leg, self._start, samples, tuple(inside))
        self._start = stop
        return chunk
