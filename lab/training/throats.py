"""A voice as somebody else's throat would make it, so that few speakers sound like many.

Pitch moves with the rate at which the recording is played, and the resonances are then moved by themselves: the envelope of
the short-time spectrum, read off the cepstrum, is stretched along the frequency (vocal tract length perturbation, Jaitly and
Hinton, ICML 2013 workshop on deep learning for audio, speech and language; a tract of another length moves all resonances by
one factor).
"""

from dataclasses import dataclass

import numpy as np
import soxr
from scipy.signal import istft, stft

from monitor.engines.compact.features import Array
from monitor.timeline import SAMPLE_RATE

_FRAME, _OVERLAP = 512, 384
_ENVELOPE = 24
"""Samples of the cepstrum that are the envelope: 1.5 ms, shorter than the period of any voice."""
_MOST = 3.0
"""By so much, as a natural logarithm of the amplitude, is a place raised or lowered at most."""


@dataclass(frozen=True, slots=True)
class Throat:
    """How another speaker differs from the one recorded; 1 and 1 is he himself."""

    pitch: float
    """So many times as high, and as fast."""
    resonances: float
    """So many times as high: above 1 a shorter tract."""


def draw_throat(generator: np.random.Generator) -> Throat:
    """Pitch by up to a third of an octave, resonances by up to a sixth of their frequency."""
    return Throat(float(2 ** generator.uniform(-0.33, 0.33)), float(2 ** generator.uniform(-0.22, 0.22)))


def spoken_by(throat: Throat, voice: Array) -> Array:
    """Shape (n,) at 16 kHz to (n / pitch,)."""
    played = np.asarray(soxr.resample(voice, SAMPLE_RATE * throat.pitch, SAMPLE_RATE), np.float32)
    if len(played) < _FRAME:
        return played
    _, _, spectrum = stft(played, nperseg=_FRAME, noverlap=_OVERLAP)
    envelope = _envelope(spectrum)
    place = np.arange(len(envelope))
    source = np.clip(place * throat.pitch / throat.resonances, 0, len(place) - 1)
    low = np.minimum(source.astype(int), len(place) - 2)
    share = (source - low)[:, None]
    moved = envelope[low] * (1 - share) + envelope[low + 1] * share
    _, voiced = istft(spectrum * np.exp(np.clip(moved - envelope, -_MOST, _MOST)), nperseg=_FRAME, noverlap=_OVERLAP)
    return np.asarray(voiced[: len(played)], np.float32)


def _envelope(spectrum: np.ndarray) -> np.ndarray:
    """Smooth logarithm of the amplitude, shape (257, frames)."""
    cepstrum = np.fft.irfft(np.log(np.abs(spectrum) + 1e-6), axis=0)
    cepstrum[_ENVELOPE : len(cepstrum) - _ENVELOPE + 1] = 0
    return np.fft.rfft(cepstrum, axis=0).real
