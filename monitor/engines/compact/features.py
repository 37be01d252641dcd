"""What the network hears of a frame: mel bands, a pitch map, voicing and level; nothing of it depends on other frames.

Each frame is seen through one Hann window of 50 ms, centred on the frame's 20 ms, so it needs `MARGIN` samples to each
side. The pitch map is the autocorrelation of the band-limited, magnitude-compressed spectrum, its peaks gathered evenly in
octaves (Tolonen and Karjalainen, "A computationally efficient multipitch analysis model", IEEE TSAP 2000): it finds the
fundamental from its harmonics, which is all that a telephone line leaves of a low voice. Its value is one matrix product.
"""

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from monitor.timeline import FRAME_SAMPLES, SAMPLE_RATE

Array = NDArray[np.float32]

WINDOW = 800
"""Samples a frame is seen through."""
MARGIN = (WINDOW - FRAME_SAMPLES) // 2
"""Samples needed before the frame's first and after its last."""
TRANSFORM = 1024
BANDS = 40
MAP = 36
"""Places of the pitch map, 12 to the octave, 500 Hz down to 62.5 Hz."""
RAW = BANDS + MAP + 3
"""Width of a raw frame: log mel energies, pitch map, log level, log2 fundamental in octaves from 125 Hz, voicing."""
LEVEL, PITCH, VOICING = BANDS + MAP, BANDS + MAP + 1, BANDS + MAP + 2
"""Where the last three are."""

_FLOOR = 1e-8
_PITCH_SHARPNESS = 60.0


def _mel_bank() -> Array:
    """Triangular mel filters, shape (TRANSFORM / 2 + 1, BANDS), 60 Hz to 7600 Hz."""
    low, high = (2595 * np.log10(1 + frequency / 700) for frequency in (60, 7600))
    edges = 700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2595) - 1)
    frequency = np.arange(TRANSFORM // 2 + 1)[:, None] * SAMPLE_RATE / TRANSFORM
    rise = (frequency - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - frequency) / (edges[2:] - edges[1:-1])
    bank = np.clip(np.minimum(rise, fall), 0, None)
    return np.asarray(bank / bank.sum(0), dtype=np.float32)


_LAGS = np.concatenate([np.arange(32, 128), np.arange(128, 256, 2)])
"""Lags in samples: fine enough for the highest harmonics of a line to agree."""
_LOW, _HIGH = 16, 226
"""Bins from 250 Hz to 3.5 kHz: what every line carries."""
_HANN = np.hanning(WINDOW + 1)[:WINDOW].astype(np.float32)
_MEL = _mel_bank()
_COSINES = np.cos(2 * np.pi * np.arange(_LOW, _HIGH)[:, None] * _LAGS / TRANSFORM).astype(np.float32)
"""From compressed spectrum to autocorrelation, shape (bins, lags)."""
_OCTAVES = np.log2(SAMPLE_RATE / _LAGS / 125).astype(np.float32)
_PLACES = np.searchsorted(_LAGS, 32 * 2 ** (np.arange(MAP) / 12) - 1e-6)
"""First lag of each place of the map."""


def raw_frames(samples: Array) -> Array:
    """Raw frames of a stretch that has its margins.

    `samples`: shape (..., MARGIN + n * 320 + MARGIN), float32, 16 kHz. Returns shape (..., n, RAW), float32.
    """
    views = np.lib.stride_tricks.sliding_window_view(samples, WINDOW, axis=-1)[..., ::FRAME_SAMPLES, :]
    spectrum = scipy.fft.rfft(views * _HANN, TRANSFORM)  # numpy.fft takes up to seven times as long for many rows
    power = (spectrum.real**2 + spectrum.imag**2) * np.float32(4 / WINDOW**2)
    mel = np.log(power @ _MEL + _FLOOR)
    audible = power[..., _LOW:_HIGH]
    level = np.log(audible.sum(-1, keepdims=True) + 10 * _FLOOR)
    compressed = np.sqrt(audible)
    correlation = (compressed @ _COSINES) / (compressed.sum(-1, keepdims=True) + np.float32(1e-3))
    voicing = correlation.max(-1, keepdims=True)
    likely = np.exp(_PITCH_SHARPNESS * (correlation - voicing))
    pitch = (likely @ _OCTAVES)[..., None] / likely.sum(-1, keepdims=True)
    pooled = np.maximum.reduceat(correlation, _PLACES, axis=-1)
    return np.concatenate([mel, pooled, level, pitch, voicing], axis=-1, dtype=np.float32)


SILENCE = raw_frames(np.zeros(WINDOW, np.float32))[0]
"""The raw frame of digital silence, shape (RAW,)."""


def frames_of(samples: Array) -> Array:
    """Raw frames of a whole recording, silence around it. Shape (n * 320,) to (n, RAW)."""
    return raw_frames(np.pad(samples, MARGIN))
