"""An audio file as a call: as fast as it is taken, or at the speed of the clock as it was spoken."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from monitor.sources.base import named
from monitor.sources.decode import open_decoder
from monitor.sources.decode.base import Block, reblock
from monitor.sources.decoded import DecodedSource
from monitor.sources.options import Legs
from monitor.sources.pace import Pace

BLOCK = 0.5
"""Seconds of audio handed on at a time as fast as it goes: few calls, and small enough to stay in the processor's cache."""
REALTIME_BLOCK = 0.05
"""Seconds of audio handed on at a time at the speed of the clock."""


class FileSource(DecodedSource):
    """Whatever ffmpeg or libsndfile reads, with one or two channels, decoded piece by piece."""

    kind: ClassVar[str] = "file"
    main_option: ClassVar[str] = "path"
    # fmt: off
    suffixes: ClassVar[tuple[str, ...]] = (
        ".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".m4a", ".m4b", ".aac", ".webm", ".mka", ".mkv", ".mp4", ".mov",
        ".wma", ".au", ".aif", ".aiff", ".caf", ".w64", ".rf64", ".amr", ".gsm",
    )
    # fmt: on
    """A file that is named itself may have any."""
    bounded = True

    def __init__(self, path: Path, legs: Legs | None = None, realtime: bool = False) -> None:
        """Open `path`. `legs` names the leg of each channel; default `mixed` for one channel and customer, agent for two."""
        self.realtime = realtime
        self.description = named(path)
        super().__init__(open_decoder(path), legs, str(path))

    @classmethod
    def options_of(cls, text: str) -> dict[str, Any]:
        """A path, whatever is in it."""
        return {"path": text}

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
