"""Raw PCM on standard input: what another program writes into a pipe."""

import io
import os
import selectors
import sys
import threading
from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

import numpy as np
import soundfile
import structlog
from numpy.typing import NDArray

from monitor.audio.chunk import AudioChunk
from monitor.audio.resample import MAX_RATE, MIN_RATE
from monitor.errors import ConfigError, SourceError
from monitor.events import LEGS, Leg, LegReport
from monitor.sources.base import Source
from monitor.sources.channels import ChannelLegs, channel_legs
from monitor.sources.options import Legs

Encoding = Literal["s16le", "s24le", "s32le", "f32le", "mulaw", "alaw"]
SUBTYPES: Mapping[Encoding, tuple[str, int]] = {
    "s16le": ("PCM_16", 2),
    "s24le": ("PCM_24", 3),
    "s32le": ("PCM_32", 4),
    "f32le": ("FLOAT", 4),
    "mulaw": ("ULAW", 1),
    "alaw": ("ALAW", 1),
}
"""libsndfile's name of each encoding, and its bytes a sample."""
CONTAINERS = {b"RIFF": "WAV", b"fLaC": "FLAC", b"OggS": "Ogg", b"FORM": "AIFF", b"ID3\x03": "MP3", b"ID3\x04": "MP3"}
"""First bytes of files that are not raw PCM, and would be heard as noise."""
PATIENCE = 0.1
"""Seconds after which a pipe in which nothing comes is looked at again, so that `stop` is heard and a live call goes on."""
BLOCK = 0.5
"""Seconds of audio read at a time at most."""

log = structlog.get_logger(__name__)


class StdinSource(Source):
    """Raw interleaved samples until the pipe ends."""

    kind: ClassVar[str] = "stdin"

    def __init__(
        self,
        rate: int = 16_000,
        channels: int = 1,
        encoding: Encoding = "s16le",
        legs: Legs | None = None,
        realtime: bool = False,
    ) -> None:
        """Read `channels` interleaved at `rate` Hz. `realtime` says that the pipe is written at the speed of the clock."""
        if not MIN_RATE <= rate <= MAX_RATE:
            raise ConfigError(f"stdin: rate must be from {MIN_RATE} to {MAX_RATE} Hz, got {rate}")
        if channels < 1:
            raise ConfigError(f"stdin: channels must be 1 or 2, got {channels}")
        self.realtime = realtime
        self.description = f"standard input, {encoding} {rate} Hz"
        of_channels = channel_legs(channels, legs, "stdin")
        self.legs = tuple(sorted(of_channels, key=LEGS.index))
        self._subtype, width = SUBTYPES[encoding]
        self._rate = rate
        self._row = width * channels
        self._channels = ChannelLegs(of_channels, rate, encoding, "stdin")
        self._width = channels
        self._fd = _descriptor(sys.stdin)
        self._stop = threading.Event()
        self._ended = False

    def chunks(self) -> Iterator[AudioChunk]:
        """The pipe's audio. Raises `SourceError` where nothing came at all, or what came is a file with a header."""
        held = b""
        heard = False
        for data in self._reads():
            if not heard and data[:4] in CONTAINERS:
                raise SourceError(
                    f"stdin: this is a {CONTAINERS[data[:4]]} file, not raw PCM: give it by name, "
                    "or send ffmpeg -i FILE -f s16le -ar 16000 -ac 1 - instead"
                )
            heard = heard or bool(data)
            held += data
            whole = len(held) // self._row * self._row
            yield from self._channels.push(self._decode(held[:whole]))
            held = held[whole:]
        if held:
            log.warning("last_sample_not_whole", source=self.description, bytes=len(held))
        yield from self._channels.finish()
        if self._ended and not heard:
            raise SourceError("stdin: it ended before any audio came; look at the program that writes into the pipe")

    def stop(self) -> None:
        """End `chunks` within a tenth of a second."""
        self._stop.set()

    def report(self) -> Mapping[Leg, LegReport]:
        """What became of each leg so far."""
        return self._channels.report()

    def end_reason(self) -> str:
        """`finished` where the pipe ended, else `stopped`."""
        return "finished" if self._ended else "stopped"

    def _reads(self) -> Iterator[bytes]:
        """What the pipe gives, and nothing (b"") where a live pipe is silent."""
        size = max(1, int(self._rate * BLOCK)) * self._row
        with selectors.PollSelector() as selector:  # epoll and kqueue refuse a regular file: `run - < call.raw`
            selector.register(self._fd, selectors.EVENT_READ)
            while not self._stop.is_set():
                if selector.select(PATIENCE):
                    data = os.read(self._fd, size)
                    if not data:
                        self._ended = True
                        return
                    yield data
                elif self.realtime:
                    yield b""

    def _decode(self, data: bytes) -> NDArray[np.float32]:
        samples: NDArray[np.float32]
        samples, _ = soundfile.read(
            io.BytesIO(data),
            dtype="float32",
            always_2d=True,
            samplerate=self._rate,
            channels=self._width,
            format="RAW",
            subtype=self._subtype,
            endian="LITTLE",
        )
        return samples


def _descriptor(stream: object) -> int:
    try:
        descriptor: int = stream.fileno()  # type: ignore[attr-defined]
    except (AttributeError, OSError, ValueError):
        raise SourceError("stdin: this program has no standard input to read from") from None
    if os.isatty(descriptor):
        raise SourceError("stdin: it is a terminal; pipe raw PCM into this program, or name a file")
    return descriptor
