"""Decoding by libsndfile, for what ffmpeg does not know (big-endian WAV, HTK, MAT4 and MAT5, SDS, XI, PAF, WVE)."""

from collections.abc import Iterator
from pathlib import Path

import soundfile

from monitor.errors import SourceError
from monitor.sources.decode.base import Block, Decoder, NotAudio
from monitor.sources.decode.promise import sizes_of


class SndfileDecoder(Decoder):
    """A file as libsndfile reads it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sizes = sizes_of(path)
        try:
            self._file = soundfile.SoundFile(path)
        except (soundfile.LibsndfileError, TypeError):
            raise NotAudio("libsndfile does not know it") from None
        if not self._file.frames:
            self._file.close()
            raise NotAudio("holds no audio")
        self.rate = self._file.samplerate
        self.channels = self._file.channels
        self.codec = self._file.subtype.lower()

    def blocks(self) -> Iterator[Block]:
        """The samples in blocks of a tenth of a second, so that damage loses little of what is good before it."""
        position = 0
        while position < self._file.frames:
            try:
                samples = self._file.read(max(1, self.rate // 10), dtype="float32", always_2d=True)
            except soundfile.LibsndfileError:
                samples = ()
            if not len(samples):
                raise SourceError(f"{self._path}: cannot be decoded past {position / self.rate:.1f} s: cut off or damaged")
            position += len(samples)
            yield Block(samples)
        self._sizes.check(str(self._path), position / self.rate)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
