"""Standard input: raw PCM that another program writes into a pipe, or a sound file."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from monitor.audio.resample import MAX_RATE, MIN_RATE
from monitor.errors import ConfigError, SourceError
from monitor.sources.channels import channel_legs
from monitor.sources.decode import open_decoder, open_pipe
from monitor.sources.decode.base import Block, Decoder, reblock
from monitor.sources.decode.pipe import Pipe
from monitor.sources.decode.raw import Encoding, RawDecoder
from monitor.sources.decode.signature import ENOUGH, container_of
from monitor.sources.decoded import DecodedSource
from monitor.sources.options import Legs

BLOCK = 0.1
"""Seconds of a file's audio handed on at a time: the pipe may be live."""


class StdinSource(DecodedSource):
    """What comes until the pipe ends."""

    kind: ClassVar[str] = "stdin"
    bounded = True

    def __init__(
        self,
        rate: int | None = None,
        channels: int | None = None,
        encoding: Encoding | None = None,
        legs: Legs | None = None,
        realtime: bool = False,
    ) -> None:
        """Read standard input.

        Where `rate` (Hz), `channels` or `encoding` is given, it is raw PCM, interleaved; what is not given is 16000, 1, s16le.
        So it is where `realtime` says that the pipe is written at the speed of the clock. Else a sound file is known by how
        it begins, which is waited for, and what is none is raw PCM.
        """
        if rate is not None and not MIN_RATE <= rate <= MAX_RATE:
            raise ConfigError(f"stdin: rate must be from {MIN_RATE} to {MAX_RATE} Hz, got {rate}")
        if channels is not None and channels < 1:
            raise ConfigError(f"stdin: channels must be 1 or 2, got {channels}")
        raw = realtime or not (rate is None and channels is None and encoding is None)
        if raw:
            channel_legs(channels or 1, legs, "stdin")
        self.realtime = realtime
        descriptor = _descriptor(sys.stdin)
        pipe = Pipe(descriptor)
        container = None if raw else container_of(pipe.peek(ENOUGH))
        self._of_file = container is not None
        decoder: Decoder
        if container is not None:
            self.description = f"standard input, {container}"
            by_name = Path(f"/dev/fd/{descriptor}")  # of `run - < call.m4a`, which can be read in any order
            decoder = open_decoder(by_name) if by_name.is_file() else open_pipe(pipe, f"stdin, {container}")
        else:
            self.description = f"standard input, {encoding or 's16le'} {rate or 16_000} Hz"
            decoder = RawDecoder(pipe, rate or 16_000, channels or 1, encoding or "s16le", self.description)
        super().__init__(decoder, legs, "stdin")

    def _blocks(self) -> Iterator[Block]:
        blocks = self._decoder.blocks()
        return reblock(blocks, int(self._decoder.rate * BLOCK)) if self._of_file else blocks


def _descriptor(stream: object) -> int:
    try:
        descriptor: int = stream.fileno()  # type: ignore[attr-defined]
    except (AttributeError, OSError, ValueError):
        raise SourceError("stdin: this program has no standard input to read from") from None
    if os.isatty(descriptor):
        raise SourceError("stdin: it is a terminal; pipe a sound file or raw PCM into this program, or name a file")
    return descriptor
