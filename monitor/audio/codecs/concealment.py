"""What is heard in the place of lost packets: what the codec itself offers, else the last pitch period again, fading out.

The latter after ITU-T G.711 Appendix I: the period is found by cross-correlation, repeated with an overlap-add at its seam,
held for 10 ms and faded to silence at 60 ms; the first audio after the loss is cross-faded with the continued repetition.
"""

from collections import deque
from collections.abc import Callable

import numpy as np

from monitor.audio.chunk import Samples

_HISTORY = 0.05
"""Seconds of past audio that are kept."""
_PITCH_SHORTEST, _PITCH_LONGEST = 0.0025, 0.015
"""Seconds: 400 Hz and 66 Hz."""
_TEMPLATE = 0.02
_SEAM = 0.00375
_REPETITION, _BY_CODEC = (0.01, 0.06), (0.06, 0.12)
"""Seconds after the loss's start at which fading starts, and at which it is silent."""

LONGEST = max(_REPETITION[1], _BY_CODEC[1])


class Concealer:
    """Remembers the end of one stream's audio and continues it."""

    def __init__(self, rate: int, by_codec: Callable[[], Samples | None] | None = None) -> None:
        """`by_codec`: gives what the codec puts in the place of the next lost packet, or None; see `Decoder.conceal`."""
        self._rate = rate
        self._by_codec = by_codec
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
        """`length` samples in the place of lost ones; zeros once it has faded, at the latest after `LONGEST` seconds."""
        offered = self._offered(min(length, round(LONGEST * self._rate)))
        if offered is None:
            return self.repeat(length)
        out = np.zeros(length, np.float32)
        out[: len(offered)] = offered * self._fade(len(offered), *_BY_CODEC)
        self._remember(out[-self._need :])
        return out

    def repeat(self, length: int) -> Samples:
        """`length` samples that continue the audio by its last pitch period; zeros once it has faded."""
        out = np.zeros(length, np.float32)
        if self._kept < self._need:
            return out
        period = self._period(np.concatenate(self._past))
        seam = round(_SEAM * self._rate)
        sounding = min(length, round(_REPETITION[1] * self._rate))
        repeated = np.tile(period, -(-(sounding + seam) // len(period)))
        repeated *= self._fade(len(repeated), *_REPETITION)
        out[:sounding] = repeated[:sounding]
        self._remember(out[-self._need :])
        self._tail = repeated[sounding : sounding + seam] if sounding == length else None
        return out

    def _offered(self, length: int) -> Samples | None:
        """What the codec offers for `length` samples; None where it offers nothing."""
        parts, missing = list[Samples](), length
        while self._by_codec is not None and missing > 0:
            part = self._by_codec()
            if part is None or not len(part):
                break
            parts.append(part[:missing])
            missing -= len(part)
        return np.concatenate(parts) if parts else None

    def _fade(self, length: int, hold: float, faded: float) -> Samples:
        ramp = 1 - (np.arange(length) / self._rate - hold) / (faded - hold)
        return ramp.clip(0, 1).astype(np.float32)

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
