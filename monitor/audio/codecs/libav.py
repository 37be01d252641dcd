"""Codecs that libav decodes: G.722, GSM, Opus, G.729."""

from collections.abc import Sequence
from typing import cast

import av
import numpy as np
from av.error import FFmpegError

from monitor.audio.chunk import Samples
from monitor.audio.codecs.base import Decoder, PayloadError

_FRAME_UNITS = [480, 960, 1_920, 2_880] * 3 + [480, 960] * 2 + [120, 240, 480, 960] * 4
"""Of Opus, by the configuration in a packet's first octet: how long a frame is, at 48 kHz (RFC 6716, section 3.1)."""
_LONGEST_FRAME = 1_275
"""Octets (RFC 6716, section 3.2.1)."""
MAX_PAYLOAD = 8_192
"""Bytes. No packet of these codecs is near it; it bounds what a datagram can make the decoder do."""


class LibavDecoder(Decoder):
    """One payload, one libav packet."""

    def __init__(self, codec: str, clock: int, rate: int) -> None:
        self.clock, self.rate = clock, rate
        self._codec = codec
        self._context = self._open()

    def _open(self) -> av.AudioCodecContext:
        context = cast("av.AudioCodecContext", av.CodecContext.create(self._codec, "r"))
        context.sample_rate = self.rate
        context.layout = "mono"
        context.thread_count = 1
        return context

    def decode(self, payload: bytes) -> Samples:
        """See `Decoder`."""
        if not 0 < len(payload) <= MAX_PAYLOAD:  # an empty packet would put libav into its draining state
            raise PayloadError(f"{self._codec} payload of {len(payload)} bytes")
        try:
            frames = self._context.decode(av.Packet(payload))
        except (FFmpegError, ValueError) as error:
            self._context = self._open()
            raise PayloadError(f"{self._codec}: {error}") from None
        if not frames:
            raise PayloadError(f"{self._codec}: a payload of {len(payload)} bytes holds no audio")
        parts = [_as_float(frame) for frame in frames]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)


class G722(LibavDecoder):
    """G.722, of which every octet is two samples, whatever packet it came in."""

    def __init__(self) -> None:
        super().__init__("g722", clock=8_000, rate=16_000)

    def units(self, payload: bytes) -> int:
        """See `Decoder`."""
        return len(payload) if len(payload) <= MAX_PAYLOAD else 0

    def decode_run(self, payloads: Sequence[bytes]) -> Samples:
        """See `Decoder`."""
        octets = b"".join(payloads)
        parts = [self.decode(octets[first : first + MAX_PAYLOAD]) for first in range(0, len(octets), MAX_PAYLOAD)]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)


class G729(LibavDecoder):
    """G.729 with Annex B: frames of ten octets, and of two where the sender describes its silence (RFC 3551, section 4.5.6)."""

    _FRAME, _SILENCE = 10, 2

    def __init__(self) -> None:
        super().__init__("g729", clock=8_000, rate=8_000)

    def decode(self, payload: bytes) -> Samples:
        """See `Decoder`. No samples where there is nothing but a description of silence: it lasts until the next packet."""
        if len(payload) % self._FRAME == self._SILENCE:
            payload = payload[: -self._SILENCE]
        return super().decode(payload) if payload else np.zeros(0, np.float32)


class Opus(LibavDecoder):
    """Opus by libopus, which takes mono and stereo alike and mixes down by itself.

    Decoded sound is behind the speaker's by the encoder's look-ahead, 6.5 ms as a rule; it is no part of the RTP timestamp.
    """

    def __init__(self) -> None:
        super().__init__("libopus", clock=48_000, rate=48_000)
        self._last_toc: int | None = None

    def decode(self, payload: bytes) -> Samples:
        """See `Decoder`."""
        samples = super().decode(payload)
        self._last_toc = payload[0]
        return samples

    def units(self, payload: bytes) -> int:
        """See `Decoder`. Of packets of one frame: whatever is in that, it decodes."""
        return _FRAME_UNITS[payload[0] >> 3] if 1 < len(payload) <= 1 + _LONGEST_FRAME and not payload[0] & 3 else 0

    def decode_run(self, payloads: Sequence[bytes]) -> Samples:
        """See `Decoder`."""
        return np.concatenate([self.decode(payload) for payload in payloads])

    def conceal(self) -> Samples | None:
        """See `Decoder`. A packet of one empty frame means "lost" to libopus (RFC 6716, sections 3.2.1 and 4.4)."""
        if self._last_toc is None:
            return None
        try:
            return super().decode(bytes([self._last_toc & 0xFC]))
        except PayloadError:
            return None


def _as_float(frame: av.AudioFrame) -> Samples:
    mono = np.frombuffer(memoryview(frame.planes[0]), np.int16, frame.samples)
    return mono.astype(np.float32) / np.float32(32768)
