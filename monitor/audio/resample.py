"""Streaming sample-rate conversion to the timeline's 16 kHz, without net delay: output sample `i` is time `i / 16000`.

The filters are soxr's. Below 16 kHz the default takes its variable-rate filter, which works sample by sample: telephone audio
(8 kHz) is held back by 30 ms, always the same, flat to 3.6 kHz. soxr's fixed-rate filters work in blocks and hold back 64 ms
on average and 117 ms at worst there (MQ and HQ alike), or spoil what lies above 3 kHz (LQ: -8 dB at 3.4 kHz; QQ: images at
-10 dB). Above 16 kHz the variable-rate filter is 0.1 ms off and ten times dearer, and the fixed HQ filter holds back 21 ms on
average at 48 kHz. Figures: `lab/experiments/audio_cost.py`.
"""

from typing import TYPE_CHECKING, Literal

import numpy as np

from monitor.audio.chunk import Samples
from monitor.timeline import SAMPLE_RATE

if TYPE_CHECKING:
    import soxr

Quality = Literal["streaming", "LQ", "MQ", "HQ", "VHQ"]
"""`streaming`: the least delay at which telephone and wide-band speech stay whole. The others are soxr's fixed-rate recipes."""

MIN_RATE, MAX_RATE = 1_000, 768_000
"""Hz. Rates outside are taken for a broken header, not for audio."""


class Resampler:
    """One leg's converter; how the input is cut into pushes does not change the output.

    >>> resampler = Resampler(8_000)
    >>> out = [resampler.push(np.zeros(160, np.float32)) for _ in range(50)] + [resampler.flush()]
    >>> sum(len(samples) for samples in out)
    16000
    """

    def __init__(self, rate_in: int, quality: Quality = "streaming") -> None:
        if not MIN_RATE <= rate_in <= MAX_RATE:
            raise ValueError(f"rate_in must be from {MIN_RATE} to {MAX_RATE} Hz, got {rate_in}")
        self._rate_in = rate_in
        self._taken = 0
        self._given = 0
        self._stream = _stream(rate_in, quality) if rate_in != SAMPLE_RATE else None

    def push(self, samples: Samples) -> Samples:
        """Take input, shape (n,), float32 at `rate_in`; return the 16 kHz samples that are now decided, often fewer or none."""
        if samples.ndim != 1:
            raise ValueError(f"samples must have one dimension, got shape {samples.shape}")
        self._taken += len(samples)
        return self._convert(samples, last=False)

    def flush(self) -> Samples:
        """The rest, so that the total is round(n * 16000 / rate_in). The resampler is spent after it."""
        return self._convert(np.zeros(self._rate_in // 4, np.float32), last=True)

    def _convert(self, samples: Samples, *, last: bool) -> Samples:
        if self._stream is None:
            return np.zeros(0, np.float32) if last else samples.astype(np.float32, copy=False)
        whole = round(self._taken * SAMPLE_RATE / self._rate_in)
        converted: Samples = self._stream.resample_chunk(np.ascontiguousarray(samples, np.float32), last=last)
        converted = converted[: whole - self._given]
        self._given += len(converted)
        return converted


def _stream(rate_in: int, quality: Quality) -> "soxr.ResampleStream":
    import soxr  # here, so that what a source is can be asked without it

    variable = quality == "streaming" and rate_in < SAMPLE_RATE
    recipe = "HQ" if quality == "streaming" else quality
    return soxr.ResampleStream(rate_in, SAMPLE_RATE, 1, dtype="float32", quality=recipe, vr=variable)
