"""Payloads of several codecs: of a voice, of what else a line carries, and encrypted ones."""

import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import soundfile

import monitor.demo

RATE = 8_000
PACKET = 160
SECONDS = 6
_TIME = np.arange(SECONDS * RATE) / RATE


def voice(channel: int = 0, seconds: float = 30.0) -> np.ndarray:
    """A speaker of the demonstration's call, shape (n,), 8 kHz."""
    samples, rate = soundfile.read(Path(monitor.demo.__file__).with_name("call.flac"), dtype="float32")
    return np.ascontiguousarray(samples[:: rate // RATE, channel][: round(seconds * RATE)])


def _tones(*hertz: float, level: float = 0.2) -> np.ndarray:
    return sum(level * np.sin(2 * np.pi * each * _TIME) for each in hertz).astype(np.float32)


def _noise(deviation: float) -> np.ndarray:
    return np.clip(np.random.default_rng(1).standard_normal(len(_TIME)) * deviation, -1, 1).astype(np.float32)


SOUNDS = {
    "a voice": voice(0),
    "another voice": voice(1),
    "a clipped voice": np.clip(voice(0) * 20, -1, 1),
    "a voice in noise": np.clip(voice(0)[: len(_TIME)] + _noise(0.05), -1, 1),
    "a faint voice": voice(0) * 0.02,
    "faint noise": _noise(0.001),
    "noise": _noise(0.05),
    "loud noise": _noise(0.3),
    "noise that fades": _noise(0.4) * (10 ** (-3 * (_TIME % 0.2) / 0.2)).astype(np.float32),
    "ringback": _tones(440, 480),
    "a key": _tones(852, 1477),
    "a high tone": _tones(3_000, level=0.5),
    "1 kHz": _tones(1_000),
    "a sweep": (0.7 * np.sin(2 * np.pi * (200 + 250 * _TIME) * _TIME)).astype(np.float32),
    "digital silence": np.zeros(len(_TIME), np.float32),
    "a steady level": np.full(len(_TIME), 0.3, np.float32),
}


def cut(octets: bytes, size: int = PACKET) -> list[bytes]:
    """Whole packets of a stream of octets."""
    return [octets[start : start + size] for start in range(0, len(octets) - size + 1, size)]


def g711(samples: np.ndarray, law: str) -> list[bytes]:
    """Packets of 20 ms by `pcmu` or `pcma`."""
    coded = io.BytesIO()
    soundfile.write(coded, samples, RATE, format="RAW", subtype={"pcmu": "ULAW", "pcma": "ALAW"}[law])
    return cut(coded.getvalue())


def l16(samples: np.ndarray) -> list[bytes]:
    """Packets of 20 ms at 8 kHz."""
    return cut((samples * 32767).astype(">i2").tobytes(), 2 * PACKET)


def by_libav(samples: np.ndarray, codec: str, rate: int, **options: str) -> list[bytes]:
    """Packets of 20 ms that libav makes of samples at 8 kHz."""
    encoder = av.CodecContext.create(codec, "w")
    encoder.sample_rate, encoder.layout, encoder.format = rate, "mono", "s16"
    encoder.time_base, encoder.options = Fraction(1, rate), options
    encoder.open()
    pcm = (np.repeat(samples, rate // RATE) * 32767).astype(np.int16)
    size = rate // 50
    packets = []
    for start in range(0, len(pcm) - size + 1, size):
        frame = av.AudioFrame.from_ndarray(pcm[None, start : start + size], format="s16", layout="mono")
        frame.sample_rate, frame.pts = rate, start
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return packets


def encrypted(packets: int, size: int = PACKET, tag: int = 0, seed: int = 1) -> list[bytes]:
    """What SRTP makes of packets of `size` octets: random ones, and a tag."""
    return cut(np.random.default_rng(seed).bytes(packets * (size + tag)), size + tag)
