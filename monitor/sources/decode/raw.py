"""Raw interleaved samples without a header."""

import io
from collections.abc import Iterator, Mapping
from typing import Literal

import numpy as np
import structlog
from numpy.typing import NDArray

from monitor.errors import SourceError
from monitor.sources.decode.base import Block, Decoder
from monitor.sources.decode.pipe import Pipe
from monitor.sources.decode.signature import ENOUGH, container_of

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
BLOCK = 0.5
"""Seconds of audio read at a time at most."""

log = structlog.get_logger(__name__)


def decode_raw(data: bytes, encoding: Encoding, channels: int) -> NDArray[np.float32]:
    """Interleaved samples of whole rows, shape (n, channels)."""
    import soundfile  # here, so that what a source is can be asked without it

    samples: NDArray[np.float32]
    samples, _ = soundfile.read(
        io.BytesIO(data),
        dtype="float32",
        always_2d=True,
        samplerate=8_000,  # libsndfile wants one, and does nothing with it
        channels=channels,
        format="RAW",
        subtype=SUBTYPES[encoding][0],
        endian="LITTLE",
    )
    return samples


class RawDecoder(Decoder):
    """What another program writes into a pipe, as it comes: an empty block where nothing did."""

    def __init__(self, pipe: Pipe, rate: int, channels: int, encoding: Encoding, name: str) -> None:
        self.rate = rate
        self.channels = channels
        self.codec = encoding
        self._name = name
        self._pipe = pipe
        self._encoding = encoding
        self._row = SUBTYPES[encoding][1] * channels

    def blocks(self) -> Iterator[Block]:
        """The samples. Raises `SourceError` where nothing came at all, or what came is a file with a header."""
        held = head = b""
        for data in self._pipe.reads(max(1, int(self.rate * BLOCK)) * self._row):
            if len(head) < ENOUGH:
                head += data
                self._refuse_a_file(head)
            held += data
            whole = len(held) // self._row * self._row
            yield Block(decode_raw(held[:whole], self._encoding, self.channels))
            held = held[whole:]
        if held:
            log.warning("last_sample_not_whole", source=self._name, bytes=len(held))
        if self._pipe.ended and not head:
            raise SourceError("stdin: it ended before any audio came; look at the program that writes into the pipe")

    def stop(self) -> None:
        """End `blocks` within a tenth of a second."""
        self._pipe.stop()

    def close(self) -> None:
        """Let go of the pipe."""
        self._pipe.close()

    def _refuse_a_file(self, head: bytes) -> None:
        if name := container_of(head):
            raise SourceError(
                f"stdin: this is a {name} file, not raw PCM: leave out rate, channels, encoding and realtime, "
                "and it is heard as its header says; or give it by its name"
            )
