"""The audio of one leg, kept where the settings say so: sample 0 is the start of frame 0, at 16 kHz.

What a killed process leaves is a playable file: FLAC lacks at most the last block (4096 samples, 0.26 s), Opus the last page
(1 s). A FLAC file then does not say how long it is; `repair` writes that in.
"""

import errno
import os
from io import SEEK_CUR, SEEK_END, SEEK_SET
from pathlib import Path
from typing import Literal

import soundfile
import structlog

from monitor.audio.chunk import Samples
from monitor.store import flac
from monitor.store.disk import PRIVATE, write_all
from monitor.timeline import SAMPLE_RATE

AudioFormat = Literal["flac", "opus"]

_CONTAINERS: dict[AudioFormat, tuple[str, str]] = {"flac": ("FLAC", "PCM_16"), "opus": ("OGG", "OPUS")}
_WAITING_BYTES = 16 * 1024 * 1024
"""Encoded audio that is kept in memory while the disk refuses it: a quarter of an hour of FLAC and more."""

log = structlog.get_logger(__name__)


class Recording:
    """Encodes one leg's samples as they come. A disk that refuses does not stop it: what it makes waits in memory."""

    def __init__(self, path: Path, format: AudioFormat) -> None:  # noqa: A002 - the word of the settings
        path.parent.mkdir(parents=True, exist_ok=True)
        container, codec = _CONTAINERS[format]
        self._path, self._file = path, _PatientFile(path)
        try:
            self._encoder = soundfile.SoundFile(self._file, "w", SAMPLE_RATE, 1, format=container, subtype=codec)
        except BaseException:
            self._file.close()
            raise
        self._refused = self._given_up = self._has_sound = False

    def write(self, samples: Samples) -> None:
        """Add samples that follow the last ones."""
        if self._given_up:
            return
        self._encoder.write(samples)
        self._has_sound = self._has_sound or len(samples) > 0
        try:
            self._file.flush()
            self._refused = False
        except OSError as error:
            if not self._refused:
                log.warning("audio_waits_for_disk", file=str(self._path), error=str(error))
            self._refused = True
            if self._file.waiting > _WAITING_BYTES:
                log.error("audio_given_up", file=str(self._path))
                self._given_up = True

    def close(self) -> None:
        """End the file, or remove it where nothing was written. Raises `OSError` where refused; it may be called again."""
        self._encoder.close()
        self._file.flush()
        self._file.close()
        if not self._has_sound:
            self._path.unlink(missing_ok=True)

    def discard(self) -> None:
        """Let go of the file as it is, with what waits for the disk."""
        self._encoder.close()
        self._file.close()


class _PatientFile:
    """A file for the encoder whose writes never fail: `flush` brings them to the disk."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_RDWR | os.O_CLOEXEC, PRIVATE)
        self._position = self._size = self.waiting = 0
        self._writes: list[tuple[int, bytes]] = []

    def write(self, data: bytes) -> int:
        """Take bytes at the current position."""
        content = bytes(data)
        self._writes.append((self._position, content))
        self.waiting += len(content)
        self._position += len(content)
        self._size = max(self._size, self._position)
        return len(content)

    def read(self, size: int) -> bytes:
        """Bytes at the current position, of what is on the disk."""
        content = os.pread(self._descriptor, size, self._position)
        self._position += len(content)
        return content

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        """Move the position."""
        self._position = offset + {SEEK_SET: 0, SEEK_CUR: self._position, SEEK_END: self._size}[whence]
        return self._position

    def tell(self) -> int:
        """The position."""
        return self._position

    def flush(self) -> None:
        """Write what waits. Raises `OSError`; what was not written goes on waiting."""
        while self._writes:
            offset, content = self._writes[0]
            write_all(self._descriptor, content, offset)
            self.waiting -= len(content)
            del self._writes[0]

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1


def repair(path: Path) -> None:
    """Write the length into a FLAC file whose writer died. Raises `OSError` where it cannot be read or written."""
    if path.suffix != ".flac":
        return
    import av  # heavy, and wanted after a kill alone

    try:
        with av.open(path) as container:
            length = sum(frame.samples for frame in container.decode(audio=0))
    except av.FFmpegError as error:
        raise OSError(errno.EIO, f"{path} is no whole FLAC file") from error
    with path.open("r+b") as file:
        file.seek(flac.OFFSET)
        fields = file.read(flac.LENGTH)
        if not flac.says_length(fields):
            file.seek(flac.OFFSET)
            file.write(flac.with_length(fields, length))
