"""What is heard in the place of lost packets: the last pitch period again, fading out.

After ITU-T G.711 Appendix I: the period is found by cross-correlation, repeated with an overlap-add at its seam, held for
10 ms and faded to silence at 60 ms; the first audio after the loss is cross-faded with the continued repetition.
"""

from collections import deque

import numpy as np

from monitor.audio.chunk import Samples

_HISTORY = 0.05
"""Seconds of past audio that are kept."""
_PITCH_SHORTEST, _PITCH_LONGEST = 0.0025, 0.015
"""Seconds: 400 Hz and 66 Hz."""
_TEMPLATE = 0.02
_SEAM = 0.00375
_HOLD, FADED = 0.01, 0.06
"""Seconds after the loss's start at which fading starts, and at which it is silent."""


class Concealer:
    """Remembers the end of one stream's audio and continues it."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._past: deque[Samples] = deque()
        self._kept = 0
        self._need = round(_HISTORY * rate)
        self._tail: Samples | None = None

    def hear(self, samples: Samples) -> Samples:
        """Take the next good audio; returns it, its start cross-faded where something was concealed just before."""
        if self._tail is not None:
            samples = self._blend(samples, self._tail)
            self._tail = None
        self._remember(samples)
        return samples

    def silence(self) -> None:
        """The stream paused: there is nothing to continue."""
        self._past.clear()
        self._kept = 0
        self._tail = None

    def conceal(self, length: int) -> Samples:
        """`length` samples in the place of lost ones; zeros once it has faded."""
        seam = round(_SEAM * self._rate)
        sounding = min(length, round(FADED * self._rate))
        out = np.zeros(length, np.float32)
        if self._kept < self._need:
            return out
        period = self._period(np.concatenate(self._past))
        repeated = np.tile(period, -(-(sounding + seam) // len(period)))
        start = round(_HOLD * self._rate)
        fade = np.clip(1 - (np.arange(len(repeated)) - start) / (round(FADED * self._rate) - start), 0, 1).astype(np.float32)
        repeated *= fade
        out[:sounding] = repeated[:sounding]
        self._remember(out[-self._need :])
        self._tail = repeated[sounding : sounding + seam] if sounding == length else None
        return out

    def _remember(self, samples: Samples) -> None:
        self._past.append(samples)
        self._kept += len(samples)
        while self._kept - len(self._past[0]) >= self._need:
            self._kept -= len(self._past.popleft())

    def _period(self, past: Samples) -> Samples:
        """The last pitch period, its start cross-faded so that it repeats without a click."""
        template = past[-round(_TEMPLATE * self._rate) :]
        shortest, longest = round(_PITCH_SHORTEST * self._rate), round(_PITCH_LONGEST * self._rate)
        searched = past[-len(template) - longest : -shortest]
        products = np.correlate(searched, template, "valid")
        energy = np.convolve(searched**2, np.ones(len(template), np.float32), "valid")
        lag = longest - int(np.argmax(products / np.sqrt(np.maximum(energy, 1e-9))))
        period = past[-lag:].copy()
        seam = min(round(_SEAM * self._rate), lag // 4)
        ramp = np.linspace(0, 1, seam, endpoint=False, dtype=np.float32)
        period[-seam:] = period[-seam:] * (1 - ramp) + past[-lag - seam : -lag] * ramp
        return period

    @staticmethod
    def _blend(samples: Samples, tail: Samples) -> Samples:
        seam = min(len(samples), len(tail))
        ramp = np.linspace(0, 1, seam, endpoint=False, dtype=np.float32)
        blended = samples.copy()
        blended[:seam] = blended[:seam] * ramp + tail[:seam] * (1 - ramp)
        return blended
