"""Puts frames in relation to what their leg has sounded like so far: causal, and nothing of the whole file.

Running means over voiced, loud frames say what is normal for this speaker on this line. They begin from a prior, so that
the first second works, and they are given to the network besides what they were subtracted from. Sums are sequential
in float64, so that the result does not depend on how the frames were cut.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.engines.compact.features import BANDS, LEVEL, MAP, PITCH, RAW, SILENCE, VOICING, Array

INPUTS = RAW + 1 + BANDS + 4
"""Width of a normalised frame."""

_SHAPE_PRIOR, _LEVEL_PRIOR, _PITCH_PRIOR = 50.0, 8.0, 25.0
"""Voiced frames that the priors weigh."""
_DECAY = 0.02
"""Log units that the remembered peak level falls a frame (about 4 dB a second)."""
_SUMS = 1 + BANDS + 4


@dataclass(frozen=True, slots=True)
class Prior:
    """What speech sounds like before any was heard; from the training data."""

    shape: Array
    """Mean log mel energies less the level, shape (BANDS,)."""
    level: float
    pitch: float


@dataclass(slots=True)
class Heard:
    """What B legs have sounded like so far."""

    sums: NDArray[np.float64]
    """Weight, weighted shape, level, level squared, pitch, pitch squared; shape (B, 45)."""
    peak: NDArray[np.float64]
    """Remembered peak level, shape (B,)."""

    @classmethod
    def nothing(cls, legs: int = 1) -> "Heard":
        """Before the first frame."""
        return cls(np.zeros((legs, _SUMS)), np.full(legs, -30.0))

    def after_silence(self, frames: int) -> "Heard":
        """What `normalise` leaves, to the bit, of so many frames of digital silence: nothing is learned, the peak falls."""
        fall = frames * _DECAY
        return Heard(self.sums, np.maximum(self.peak, float(SILENCE[LEVEL]) + fall) - fall)


def normalise(raw: Array, prior: Prior, heard: Heard) -> tuple[Array, Heard]:
    """Relate frames to what was heard up to and with each.

    `raw`: shape (B, n, RAW). Returns the normalised frames, shape (B, n, INPUTS), and what was heard after the last.
    """
    wide = raw.astype(np.float64)
    mel, level, pitch, voicing = wide[..., :BANDS], wide[..., LEVEL], wide[..., PITCH], wide[..., VOICING]
    peak = _falling_peak(level, heard.peak)
    weight = np.clip((voicing - 0.3) / 0.2, 0, 1) * np.clip((level - peak + 6) / 2, 0, 1)
    shape = mel - level[..., None]
    parts = np.concatenate([np.ones_like(mel[..., :1]), shape, np.stack([level, level**2, pitch, pitch**2], -1)], -1)
    sums = np.cumsum(np.concatenate([heard.sums[:, None], parts * weight[..., None]], 1), 1)[:, 1:]
    count = sums[..., :1]
    mean_shape = (sums[..., 1 : BANDS + 1] + _SHAPE_PRIOR * prior.shape) / (count + _SHAPE_PRIOR)
    mean_level, spread_level = _moments(sums[..., -4:-2], count, _LEVEL_PRIOR, prior.level, 1.5)
    mean_pitch, spread_pitch = _moments(sums[..., -2:], count, _PITCH_PRIOR, prior.pitch, 0.3)
    relative = np.clip(mel - mean_level - mean_shape, -12, 8)
    voiced = np.clip((voicing[..., None] - 0.15) / 0.3, 0, 1)
    normalised = np.concatenate(
        [
            relative,
            raw[..., BANDS : BANDS + MAP],
            np.clip(level[..., None] - mean_level, -12, 8),
            pitch[..., None] * voiced,
            voicing[..., None],
            (pitch[..., None] - mean_pitch) * voiced,
            mean_shape,
            spread_level,
            mean_pitch,
            spread_pitch,
            np.log1p(count / 10),
        ],
        axis=-1,
    )
    return normalised.astype(np.float32), Heard(sums[:, -1], peak[:, -1])


def _falling_peak(level: NDArray[np.float64], before: NDArray[np.float64]) -> NDArray[np.float64]:
    """The largest level so far, forgotten slowly; shape (B, n)."""
    fall = _DECAY * np.arange(level.shape[1] + 1)
    risen = np.concatenate([before[:, None], level], 1) + fall
    return np.asarray(np.maximum.accumulate(risen, axis=1)[:, 1:] - fall[1:])


def _moments(
    sums: NDArray[np.float64], count: NDArray[np.float64], weight: float, mean: float, deviation: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and deviation with a prior worth `weight` frames, each of shape (B, n, 1)."""
    total = count + weight
    first = (sums[..., :1] + weight * mean) / total
    second = (sums[..., 1:] + weight * (mean**2 + deviation**2)) / total
    return first, np.sqrt(np.maximum(second - first**2, 1e-4))
