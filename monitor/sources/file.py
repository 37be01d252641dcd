"""An audio file as a call: as fast as it is taken, or at the speed of the clock as it was spoken."""

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

from monitor.audio.chunk import AudioChunk
from monitor.audio.resample import MAX_RATE, MIN_RATE
from monitor.errors import SourceError
from monitor.events import LEGS, Leg, LegReport
from monitor.sources.base import Source
from monitor.sources.channels import ChannelLegs, channel_legs
from monitor.sources.decode import open_decoder
from monitor.sources.decode.base import Block, reblock
from monitor.sources.options import Legs
from monitor.sources.pace import Pace

BLOCK = 0.5
"""Seconds of audio handed on at a time as fast as it goes: few calls, and small enough to stay in the processor's cache."""
REALTIME_BLOCK = 0.05
"""Seconds of audio handed on at a time at the speed of the clock."""


class FileSource(Source):
    """Whatever ffmpeg or libsndfile reads, with one or two channels, decoded piece by piece."""

    kind: ClassVar[str] = "file"

    def __init__(self, path: Path, legs: Legs | None = None, realtime: bool = False) -> None:
        """Open `path`. `legs` names the leg of each channel; default `mixed` for one channel and customer, agent for two."""
        self.realtime = realtime
        self.description = str(path)
        self._decoder = open_decoder(path)
        try:
            rate = self._decoder.rate
            if not MIN_RATE <= rate <= MAX_RATE:
                raise SourceError(f"{path}: a sample rate of {rate} Hz is not that of audio; the header is damaged")
            of_channels = channel_legs(self._decoder.channels, legs, str(path))
        except Exception:
            self._decoder.close()
            raise
        self.legs = tuple(sorted(of_channels, key=LEGS.index))
        self._channels = ChannelLegs(of_channels, rate, self._decoder.codec, str(path))
        self._stop = threading.Event()
        self._whole = False

    def chunks(self) -> Iterator[AudioChunk]:
        """The file's audio. Raises `SourceError` where it is damaged or cut off, after yielding what was good."""
        failure: SourceError | None = None
        try:
            for block in self._blocks():
                yield from self._channels.push(block.samples, block.missing)
                if self._stop.is_set():
                    break
            else:
                self._whole = True
        except SourceError as error:
            failure = error
        finally:
            self._decoder.close()
        yield from self._channels.finish()
        if failure:
            raise failure

    def stop(self) -> None:
        """End `chunks` after the block at hand. The audio of a file that was stopped is not lost: it is in the file."""
        self._stop.set()

    def report(self) -> Mapping[Leg, LegReport]:
        """What became of each leg so far."""
        return self._channels.report()

    def end_reason(self) -> str:
        """`finished` where the file was taken to its end, else `stopped`."""
        return "finished" if self._whole else "stopped"

    def _blocks(self) -> Iterator[Block]:
        rate = self._decoder.rate
        blocks = reblock(self._decoder.blocks(), int(rate * (REALTIME_BLOCK if self.realtime else BLOCK)))
        if not self.realtime:
            yield from blocks
            return
        pace = Pace(self._stop.wait)
        position = 0
        for block in blocks:
            position += len(block.samples)
            pace.until(position / rate)
            yield block
