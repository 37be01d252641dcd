"""A call of two tones, by which channels, rates and levels are known again."""

import numpy as np

RATE = 8_000


def two_tones(seconds: float = 2.0, rate: int = RATE) -> np.ndarray:
    at = np.arange(int(seconds * rate)) / rate
    return np.stack([0.5 * np.sin(2 * np.pi * 300 * at), 0.25 * np.sin(2 * np.pi * 700 * at)], axis=1).astype(np.float32)


def pitch(samples: np.ndarray) -> int:
    """Strongest frequency in Hz, of a second from its middle."""
    middle = len(samples) // 2
    return int(np.argmax(np.abs(np.fft.rfft(samples[middle - 8_000 : middle + 8_000]))))
