"""Telephone codecs, there and back: what a coded line does to a voice."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import av
import numpy as np
import soxr

from monitor.audio.chunk import Samples
from monitor.errors import ConfigError
from monitor.timeline import SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Codec:
    """How ffmpeg makes and reads one."""

    encoder: str
    decoder: str
    rate: int
    bits: int | None = None
    """Bits a second."""
    options: dict[str, str] = field(default_factory=dict)


CODECS = {
    "pcmu": Codec("pcm_mulaw", "pcm_mulaw", 8_000),
    "pcma": Codec("pcm_alaw", "pcm_alaw", 8_000),
    "g723": Codec("g723_1", "g723_1", 8_000, 6_300),
    "amr": Codec("libopencore_amrnb", "amrnb", 8_000, 12_200),
    "g722": Codec("g722", "g722", 16_000),
    "opus": Codec("libopus", "libopus", 16_000, 20_000, {"application": "voip", "compression_level": "2"}),
}
"""G.723.1 and AMR stand for G.729 and GSM: narrowband CELP."""


def coded(audio: Samples, name: str) -> Samples:
    """Through an encoder and back: shape (n,) to (n,), 16 kHz. The codec's delay, at most 8 ms, is left in.

    Raises ConfigError where this build of ffmpeg lacks the codec.
    """
    codec = CODECS[name]
    pcm = soxr.resample(audio, SAMPLE_RATE, codec.rate) if codec.rate != SAMPLE_RATE else audio
    try:
        packets = _encode((np.clip(pcm, -1, 1) * 32767).astype(np.int16), codec)
        back = _decode(packets, codec)
    except av.FFmpegError as error:
        raise ConfigError(f"this build of ffmpeg cannot code {name}: {error}; install PyAV from its wheels") from error
    return np.pad(back[: len(audio)], (0, max(len(audio) - len(back), 0)))


def _encode(pcm: np.ndarray[Any, np.dtype[np.int16]], codec: Codec) -> list[Any]:
    encoder: Any = av.CodecContext.create(codec.encoder, "w")
    encoder.sample_rate, encoder.layout, encoder.time_base = codec.rate, "mono", Fraction(1, codec.rate)
    encoder.format = encoder.codec.audio_formats[0].name
    encoder.options = codec.options
    if codec.bits:
        encoder.bit_rate = codec.bits
    encoder.open()
    size = encoder.frame_size or 320
    pcm = np.pad(pcm, (0, -len(pcm) % size))
    convert = av.AudioResampler(format=encoder.format.name, layout="mono", rate=codec.rate)
    packets: list[Any] = []
    for start in range(0, len(pcm), size):
        frame = av.AudioFrame.from_ndarray(pcm[None, start : start + size], format="s16", layout="mono")
        frame.sample_rate, frame.pts = codec.rate, start
        packets += [packet for part in convert.resample(frame) for packet in encoder.encode(part)]
    return [*packets, *encoder.encode(None)]


def _decode(packets: list[Any], codec: Codec) -> Samples:
    decoder: Any = av.CodecContext.create(codec.decoder, "r")
    decoder.sample_rate, decoder.layout = codec.rate, "mono"
    convert = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
    frames = [frame for packet in packets for frame in decoder.decode(packet)]
    parts = [part for frame in [*frames, None] for part in convert.resample(frame)]
    return np.concatenate([np.ravel(part.to_ndarray()) for part in parts]).astype(np.float32)
