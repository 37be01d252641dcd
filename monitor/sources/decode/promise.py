"""How much audio a file's header promises, so that a file that was cut off is not taken for a short one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from monitor.errors import SourceError
from monitor.sources.decode.pipe import Pipe
from monitor.sources.decode.sizes import Sound, stated_sound

STATED = {"wav", "w64", "aiff", "au", "caf", "flac", "mov,mp4,m4a,3gp,3g2,mj2"}
"""ffmpeg's names of containers whose stream length stands in a header. For others (MP3 without an index, Ogg) it is a guess."""
EXACT = {"flac"}
"""Of these, those whose length is that of their samples, to the sample."""
TOLERATED = 0.5
"""Seconds at the end that a header may promise wrongly: codecs have a delay, and programs write trailers of their own."""
HEADER = 8_192
"""Bytes of a pipe in which a header has to say where the sound lies."""

log = structlog.get_logger(__name__)


def promised_seconds(container: Any, stream: Any) -> float | None:
    """The length that the header states; None where it states none."""
    if container.format.name not in STATED or stream.duration is None:
        return None
    return float(stream.duration * stream.time_base)


@dataclass(frozen=True, slots=True)
class Sizes:
    """What a file's header says of the bytes of its sound, to be held against the bytes that are there."""

    source: Path | Pipe
    magic: bytes
    sound: Sound | None

    @property
    def big_endian_wav(self) -> bool:
        """Whether it is a RIFX file."""
        return self.magic == b"RIFX"

    def check(self, name: str, seconds: float) -> None:
        """Hold the sizes against the file, of which `seconds` were heard. Reads a pipe to its end.

        Raises `SourceError` where sound is missing, or half a second or more follows that the format does not explain.
        Of less it warns.
        """
        if self.sound is None:
            return
        missing, beyond = self._missing_and_beyond(self.sound)
        if missing:
            raise SourceError(
                f"{name}: ends after {seconds:.1f} s, {missing} bytes short of what its header promises: "
                "the file is cut off; what there was has been taken"
            )
        if beyond and beyond / (self.sound.stop - self.sound.start) * seconds >= TOLERATED:
            raise SourceError(
                f"{name}: its header ends the sound after {seconds:.1f} s, but {beyond} bytes follow that the format "
                "does not explain; what the header promises has been taken. Where they are sound (the recorder was killed), "
                "mend the header; of a WAV file: ffmpeg -ignore_length 1 -i IN OUT.flac"
            )
        if beyond:
            log.warning("bytes_follow_the_sound", source=name, bytes=beyond)

    def _missing_and_beyond(self, sound: Sound) -> tuple[int, int]:
        if isinstance(self.source, Pipe):
            size = self.source.size()
            return sound.missing(size), sound.unexplained(self.source.at, size)
        with _Bytes(self.source) as file:
            return sound.missing(file.size), sound.unexplained(file.at, file.size)


def sizes_of(source: Path | Pipe) -> Sizes:
    """What the header says, of a file or of a pipe of which nothing was read."""
    if isinstance(source, Pipe):
        magic = source.peek(HEADER)[:4]
        return Sizes(source, magic, source.sound())
    with _Bytes(source) as file:
        return Sizes(source, file.at(0, 4), stated_sound(file.at))


class _Bytes:
    """A file's bytes at any offset."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self.size = path.stat().st_size

    def at(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes at `offset`."""
        if offset >= self.size:
            return b""
        self._file.seek(offset)
        return self._file.read(length)

    def __enter__(self) -> "_Bytes":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
