"""L16: 16-bit linear PCM, big-endian, channels interleaved (RFC 3551, section 4.5.11)."""

import numpy as np

from monitor.audio.chunk import Samples
from monitor.audio.codecs.base import Decoder, PayloadError


class L16(Decoder):
    """Two bytes a sample and channel."""

    def __init__(self, clock: int, channels: int) -> None:
        self.rate = self.clock = clock
        self._channels = channels

    def decode(self, payload: bytes) -> Samples:
        """See `Decoder`."""
        if not payload or len(payload) % (2 * self._channels):
            raise PayloadError(f"L16 payload of {len(payload)} bytes does not hold whole samples of {self._channels} channels")
        samples = np.frombuffer(payload, ">i2").astype(np.float32) / np.float32(32768)
        return samples if self._channels == 1 else samples.reshape(-1, self._channels).mean(axis=1)

    def units(self, payload: bytes) -> int:
        """See `Decoder`."""
        frames, rest = divmod(len(payload), 2 * self._channels)
        return 0 if rest else frames
