"""Decoding by ffmpeg's libraries (PyAV).

Packets that do not decode, and stretches of time for which a recorder wrote none (WebRTC recordings of muted or silent
parties), become silence at their place, so that what follows keeps its time.
"""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np
import structlog
from av.error import FFmpegError, InvalidDataError
from numpy.typing import NDArray

from monitor.errors import SourceError
from monitor.sources.decode.base import Block, Decoder, NotAudio
from monitor.sources.decode.pipe import Pipe
from monitor.sources.decode.promise import EXACT, TOLERATED, promised_seconds, sizes_of

TOLERANCE = 0.04
"""Seconds. Containers round their timestamps (Matroska: 1 ms) and codecs have a delay; below this nothing is missing."""
MOST_FILLED = 4 * 3600
"""Seconds of a file in all. Jumps that add up to more are broken timestamps, not pauses, and are passed over."""
SKIPS_TIME = {"matroska,webm", "mov,mp4,m4a,3gp,3g2,mj2"}
"""Containers in which a stretch without packets is a pause of the sender."""
PLAYLISTS = {"hls", "concat", "dash", "imf"}
"""What ffmpeg opens as if it were audio, though it only names files that are."""

log = structlog.get_logger(__name__)


class FfmpegDecoder(Decoder):
    """The one audio stream of a media file."""

    def __init__(self, source: Path | Pipe, name: str | None = None) -> None:
        """Open a regular file, or what comes out of a pipe; messages call it `name`, default its path."""
        self._source = source
        self._name = name or str(source)
        self._damaged = 0
        self._sizes = sizes_of(source)
        try:
            # Playlists may name other files; they must not make this program fetch from the network.
            options = {"protocol_whitelist": "file"}
            where = source if isinstance(source, Pipe) else f"file:{source}"
            self._container = av.open(where, "r", options=options, metadata_errors="replace")
        except (FFmpegError, UnicodeError, ValueError):
            raise NotAudio("is not an audio file, or is cut off in its header") from None
        try:
            self._stream = self._the_stream()
            self._frames = self._decode()
            first = next(self._frames)
        except (FFmpegError, StopIteration):
            self._container.close()
            raise NotAudio("holds no audio that can be decoded") from None
        except (NotAudio, SourceError):
            self._container.close()
            raise
        self._frames = chain([first], self._frames)
        self.rate = first.sample_rate
        self.channels = first.layout.nb_channels
        self.codec = self._stream.codec.name
        # Bytes are counted exactly; durations of compressed AIFF and Wave64 are often wrong.
        self._promised = None if self._sizes.sound else promised_seconds(self._container, self._stream)
        self._tolerance = TOLERANCE if self._container.format.name in EXACT else TOLERATED

    def blocks(self) -> Iterator[Block]:
        """Decoded frames, and silence where time passes between them."""
        position = filled = damaged = 0
        origin: float | None = None
        try:
            for frame in self._frames:
                self._check_unchanged(frame, position)
                if frame.time is not None:
                    origin = frame.time if origin is None else origin
                    ahead = frame.time - origin - position / self.rate
                    hole = round(ahead * self.rate)
                    if ahead > TOLERANCE and filled + hole < MOST_FILLED * self.rate:
                        yield from self._silence(hole, self._cause(self._damaged > damaged))
                        position += hole
                        filled += hole
                    elif abs(ahead) > TOLERANCE:
                        origin = frame.time - position / self.rate
                damaged = self._damaged
                yield Block(samples_of(frame))
                position += frame.samples
        except (FFmpegError, OSError) as error:
            raise SourceError(f"{self._name}: cannot be read past {position / self.rate:.1f} s: {error.strerror}") from None
        self._check_whole(position / self.rate)

    def close(self) -> None:
        """Let go of the file or pipe."""
        self._container.close()
        if isinstance(self._source, Pipe):
            self._source.close()

    def stop(self) -> None:
        """End `blocks` soon, from any thread, also while nothing comes out of a pipe."""
        if isinstance(self._source, Pipe):
            self._source.stop()

    def _the_stream(self) -> Any:
        if self._container.format.name in PLAYLISTS:
            raise NotAudio("is a list of files")
        if self._sizes.big_endian_wav:
            raise NotAudio("is a big-endian WAV file, whose samples ffmpeg takes for little-endian ones")
        streams = self._container.streams.audio
        if not streams:
            raise NotAudio("holds no audio stream")
        if len(streams) > 1:
            raise SourceError(
                f"{self._name}: holds {len(streams)} audio streams; make them the channels of one: "
                "ffmpeg -i IN -filter_complex amerge=inputs=2 OUT.flac"
            )
        return streams[0]

    def _decode(self) -> Iterator[Any]:
        for packet in self._container.demux(self._stream):
            try:
                yield from packet.decode()
            except InvalidDataError:
                if not self._damaged:
                    log.warning("packets_do_not_decode", source=self._name, taken_as="lost")
                self._damaged += 1

    def _cause(self, damaged: bool) -> Literal["lost", "silence"]:
        return "silence" if self._container.format.name in SKIPS_TIME and not damaged else "lost"

    def _silence(self, length: int, cause: Literal["lost", "silence"]) -> Iterator[Block]:
        for start in range(0, length, self.rate):
            yield Block(np.zeros((min(self.rate, length - start), self.channels), np.float32), cause)

    def _check_unchanged(self, frame: Any, position: int) -> None:
        if (frame.sample_rate, frame.layout.nb_channels) != (self.rate, self.channels):
            raise SourceError(
                f"{self._name}: changes from {self.rate} Hz, {self.channels} channel(s) to {frame.sample_rate} Hz, "
                f"{frame.layout.nb_channels} at {position / self.rate:.1f} s; convert it first: ffmpeg -i IN OUT.flac"
            )

    def _check_whole(self, seconds: float) -> None:
        if isinstance(self._source, Pipe) and self._source.stopped:
            return
        if self._promised is not None and seconds < self._promised - self._tolerance:
            raise SourceError(
                f"{self._name}: ends after {seconds:.1f} s of the {self._promised:.1f} s that its header promises: "
                "the file is cut off or damaged; what there was has been taken"
            )
        self._sizes.check(self._name, seconds)


def samples_of(frame: Any) -> NDArray[np.float32]:
    """A decoded frame as float32, shape (n, channels); integer formats are scaled so that full scale is 1."""
    values: NDArray[Any] = frame.to_ndarray()
    samples = values.T if frame.format.is_planar else values.reshape(-1, frame.layout.nb_channels)
    if samples.dtype == np.uint8:
        samples = (samples.astype(np.int16) - 128) / 128
    elif np.issubdtype(samples.dtype, np.integer):
        samples = samples / -float(np.iinfo(samples.dtype).min)
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(samples, np.float32)
