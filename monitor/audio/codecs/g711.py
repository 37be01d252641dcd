"""G.711 mu-law and A-law by table (ITU-T G.711; the tables equal those of ffmpeg's pcm_mulaw and pcm_alaw)."""

from typing import Literal

import numpy as np

from monitor.audio.chunk import Samples
from monitor.audio.codecs.base import Decoder, PayloadError


def _mu_law_table() -> Samples:
    code = ~np.arange(256, dtype=np.uint8)
    exponent = (code >> 4 & 0x07).astype(np.int32)
    magnitude = (((code & 0x0F).astype(np.int32) << 3) + 0x84 << exponent) - 0x84
    return (np.where(code & 0x80, -magnitude, magnitude) / 32768).astype(np.float32)


def _a_law_table() -> Samples:
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    exponent = (code >> 4 & 0x07).astype(np.int32)
    mantissa = ((code & 0x0F).astype(np.int32) << 4) + 8
    magnitude = np.where(exponent == 0, mantissa, mantissa + 0x100 << np.maximum(exponent - 1, 0))
    return (np.where(code & 0x80, magnitude, -magnitude) / 32768).astype(np.float32)


TABLES = {"pcmu": _mu_law_table(), "pcma": _a_law_table()}


class G711(Decoder):
    """One byte a sample.

    >>> G711("pcmu", 8_000).decode(bytes([0xFF, 0x80])).tolist()
    [0.0, 0.9803466796875]
    """

    def __init__(self, law: Literal["pcmu", "pcma"], clock: int) -> None:
        self._table = TABLES[law]
        self.rate = self.clock = clock

    def decode(self, payload: bytes) -> Samples:
        """See `Decoder`."""
        if not payload:
            raise PayloadError("empty G.711 payload")
        return self._table.take(np.frombuffer(payload, np.uint8))

    def units(self, payload: bytes) -> int:
        """See `Decoder`."""
        return len(payload)
