"""Audio files to blocks of samples, piece by piece: ffmpeg first, libsndfile for the few formats that only it knows."""

import os
from pathlib import Path

from monitor.errors import SourceError
from monitor.sources.decode.base import Decoder, NotAudio
from monitor.sources.decode.pipe import Pipe

__all__ = ["Decoder", "open_decoder", "open_pipe"]


def open_decoder(path: Path) -> Decoder:
    """Open an audio file and decode its beginning. Raises `SourceError` where there is no audio in it."""
    try:
        if path.is_dir():
            raise SourceError(f"{path}: is a directory; name one audio file in it")
        if path.stat().st_size == 0 and path.is_file():
            raise SourceError(f"{path}: the file is empty")
        if path.is_file():
            path.open("rb").close()
    except OSError as error:
        raise SourceError(f"{path}: cannot be opened: {error.strerror}") from None
    except ValueError:
        raise SourceError(f"{str(path)!r}: is not a path") from None
    if not path.is_file():
        return open_pipe(Pipe(os.open(path, os.O_RDONLY), owned=True), str(path))
    from monitor.sources.decode.ffmpeg import FfmpegDecoder  # here, so that what a source is can be asked without it
    from monitor.sources.decode.sndfile import SndfileDecoder

    try:
        return FfmpegDecoder(path)
    except NotAudio as reason:
        try:
            return SndfileDecoder(path)
        except NotAudio:
            raise SourceError(f"{path}: {reason}; give a file that ffmpeg or libsndfile reads") from None


def open_pipe(pipe: Pipe, name: str) -> Decoder:
    """Decode the beginning of a media file that comes out of a pipe. Raises `SourceError` where there is no audio in it."""
    from monitor.sources.decode.ffmpeg import FfmpegDecoder

    try:
        return FfmpegDecoder(pipe, name)
    except NotAudio as reason:
        pipe.close()
        raise SourceError(
            f"{name}: {reason}; a pipe can only be read forwards: give the file by its name, "
            "or raw PCM: ffmpeg -i FILE -f s16le -ar 16000 -ac 1 - | emotion-monitor run -"
        ) from None
