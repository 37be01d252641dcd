"""Telephone lines, drawn at random: band, level, noise, codec, loss, clipping, and the rate at which a voice is played."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.audio.chunk import Samples
from monitor.audio.codecs.concealment import Concealer
from monitor.audio.coding import coded
from monitor.timeline import FRAME_SAMPLES, SAMPLE_RATE

_NARROW = (("pcmu", 0.45), ("pcma", 0.35), ("g723", 0.06), ("amr", 0.08), ("", 0.06))
_WIDE = (("opus", 0.4), ("g722", 0.3), ("", 0.3))


@dataclass(frozen=True, slots=True)
class Line:
    """One leg's line, and where its speaker stands."""

    speed: float
    """Played so much faster, with the pitch: another vocal tract."""
    low: float
    high: float
    """Band in Hz."""
    level: float
    """dBFS of the speech."""
    noise: str
    """`babble`, `place` (a recording), or a power of the frequency: `-2` is brown, `-1` pink, `0` white."""
    snr: float
    """dB."""
    echo: float
    """Reverberation time of the room in seconds; 0 for a handset."""
    tilt: float
    """dB an octave that the microphone adds."""
    codec: str
    """A key of `coding.CODECS`, or empty."""
    loss: float
    """Share of 20 ms packets lost."""
    clipping: float
    """Peak level in dB over full scale at which the recording is cut; 0 for none."""


def draw_line(generator: np.random.Generator) -> Line:
    """A line as call centres have them: most are narrowband."""
    narrow = generator.random() < 0.7
    codecs, weights = zip(*(_NARROW if narrow else _WIDE), strict=True)
    quiet = generator.random() < 0.25
    return Line(
        speed=float(generator.uniform(0.88, 1.14)) if generator.random() < 0.7 else 1.0,
        low=float(generator.uniform(200, 350) if narrow else generator.uniform(40, 150)),
        high=float(generator.uniform(3200, 3700) if narrow else generator.uniform(5500, 7800)),
        level=float(generator.uniform(-35, -15)),
        noise=str(generator.choice(["babble", "place", "-2", "-1", "0"], p=[0.2, 0.3, 0.3, 0.15, 0.05])),
        snr=float(generator.uniform(30, 45) if quiet else generator.uniform(5, 30)),
        echo=float(generator.uniform(0.1, 0.5)) if generator.random() < 0.2 else 0.0,
        tilt=float(generator.uniform(-2, 2)),
        codec=str(generator.choice(codecs, p=weights)),
        loss=float(generator.uniform(0, 0.05)) if generator.random() < 0.3 else 0.0,
        clipping=float(generator.uniform(2, 12)) if generator.random() < 0.1 else 0.0,
    )


def through_line(speech: Samples, line: Line, noise: Samples, generator: np.random.Generator) -> Samples:
    """What the far end hears. `speech` and `noise`: shape (n,), 16 kHz; returns shape (n,), aligned with the speech."""
    return lossy(coded_line(speech, line, noise, generator), lost_packets(len(speech), line.loss, generator))


def coded_line(speech: Samples, line: Line, noise: Samples, generator: np.random.Generator) -> Samples:
    """All that a line does but losing packets; shapes as `through_line`."""
    if line.echo:
        speech = _room(speech, line.echo, generator)
    shaped = _filter(speech, line)
    gain = 10 ** (line.level / 20) / active_level(shaped)
    ambient = _filter(noise, line)
    ambient *= 10 ** ((line.level - line.snr) / 20) / (float(np.sqrt(np.mean(ambient**2))) + 1e-9)
    heard = shaped * gain + ambient
    if line.clipping:
        heard = np.clip(heard * 10 ** (line.clipping / 20), -0.5, 0.5) * 2 * 10 ** ((line.level + 15) / 20)
    heard = np.clip(heard, -1, 1)
    return coded(heard, line.codec) if line.codec else heard


def lost_packets(samples: int, share: float, generator: np.random.Generator) -> NDArray[np.bool_]:
    """Which packets of 20 ms are lost, each by itself: shape (samples // 320,)."""
    return generator.random(samples // FRAME_SAMPLES) < share if share else np.zeros(samples // FRAME_SAMPLES, np.bool_)


def lossy(audio: Samples, lost: NDArray[np.bool_]) -> Samples:
    """Lost packets as the RTP legs of this program conceal them; shape (n,) to (n,), `lost` shape (n // 320,)."""
    if not lost.any():
        return audio
    concealer = Concealer(SAMPLE_RATE)
    turns = np.flatnonzero(np.diff(lost)) + 1
    stretches = zip(np.split(audio, turns * FRAME_SAMPLES), lost[[0, *turns]], strict=True)
    return np.concatenate([concealer.conceal(len(each)) if gone else concealer.hear(each) for each, gone in stretches])


def active_level(speech: Samples) -> float:
    """Root mean square of the frames within 30 dB of the loudest."""
    frames = speech[: len(speech) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    energy = (frames**2).mean(1)
    return float(np.sqrt(energy[energy >= energy.max(initial=0) * 1e-3].mean())) + 1e-6 if len(energy) else 1e-6


def coloured(power: float, length: int, generator: np.random.Generator) -> Samples:
    """Noise whose power falls as frequency to `power`."""
    size = _fast_size(length)
    spectrum = np.fft.rfft(generator.standard_normal(size, dtype=np.float32))
    scale = np.maximum(np.fft.rfftfreq(size, 1 / SAMPLE_RATE), 50) ** (power / 2)
    return np.fft.irfft(spectrum * scale.astype(np.float32), size)[:length].astype(np.float32)


def _room(speech: Samples, seconds: float, generator: np.random.Generator) -> Samples:
    """Late reverberation: the direct sound, then noise that falls by 60 dB in `seconds`."""
    length = int(seconds * SAMPLE_RATE)
    tail = generator.standard_normal(length) * np.exp(-6.9 * np.arange(length) / length)
    tail *= generator.uniform(0.1, 0.5) / np.sqrt((tail**2).sum())
    tail[0] = 1
    size = _fast_size(len(speech) + length)
    return np.fft.irfft(np.fft.rfft(speech, size) * np.fft.rfft(tail, size), size)[: len(speech)].astype(np.float32)


def _filter(audio: Samples, line: Line) -> Samples:
    """Band and tilt of the line by a smooth-edged mask over the spectrum."""
    size = _fast_size(len(audio))
    frequency = np.fft.rfftfreq(size, 1 / SAMPLE_RATE)
    mask = 1 / (1 + np.exp((line.low - frequency) / 50)) / (1 + np.exp(np.minimum((frequency - line.high) / 60, 60)))
    mask *= 10 ** (line.tilt * np.log2(np.maximum(frequency, 50) / 1000) / 20)
    return np.fft.irfft(np.fft.rfft(audio, size) * mask.astype(np.float32), size)[: len(audio)].astype(np.float32)


def _fast_size(length: int) -> int:
    """The next length whose transform is quick."""
    return -(-length // 8192) * 8192
