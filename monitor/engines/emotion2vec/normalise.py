"""What a leg's samples are normalised by: FunASR's layer norm of the waveform, made to stand still.

The model wants a waveform of mean 0 and deviation 1. FunASR takes both from the clip at hand. Windows slide, so each would have
its own, every feature would change with every step, and none could be kept. Here a leg's first two seconds of sound decide, and
from then on mean and deviation follow it slowly, a step a second. What a sample is normalised by then depends on its place and
on the sound before it, not on the windows that see it. Until there have been two seconds of sound, all that was heard decides,
window by window, as in FunASR; nothing is kept from that time.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from monitor.audio.chunk import Samples
from monitor.timeline import FRAME_SAMPLES

EPS = 1e-5
"""Added to the variance: torch's layer norm."""

_FIRST = 100
"""Frames of sound after which the normalisation stands."""
_STEP = 50
"""Frames between its steps."""
_MEMORY = 1500
"""Frames of sound that what was heard before weighs against a step's own: a time constant of 30 s."""
_QUIETEST, _LOUDEST = 1e-4, 100.0
"""Deviation of a frame that counts as sound. Digital silence must not decide, nor what no telephone carries."""

Moments = NDArray[np.float64]
"""Samples, their sum, the sum of their squares: shape (3,), or (n, 3) for n frames."""


@dataclass(slots=True)
class Normalisation:
    """One leg's. Hearing the same samples again changes nothing."""

    padding: int
    """Zeros that the network gets after a window; until the normalisation stands they count, as in FunASR."""
    _heard: int = 0
    _all: Moments = field(default_factory=lambda: np.zeros(3))
    _period: Moments = field(default_factory=lambda: np.zeros(3))
    _frames: int = 0
    """Of the period; of sound, in the first."""
    _now: Moments = field(default_factory=lambda: np.zeros(3))
    _steps: list[tuple[int, float, float]] = field(default_factory=list)
    """(first frame, mean, factor), in order."""

    @property
    def stands(self) -> bool:
        """What frames heard so far are normalised by will not change any more."""
        return bool(self._steps)

    def hear(self, start: int, samples: Samples) -> None:
        """Take the frames of a window, whose first is `start`, that were not heard yet; forget what lies before it."""
        fresh = samples[max(self._heard - start, 0) * FRAME_SAMPLES :].reshape(-1, FRAME_SAMPLES).astype(np.float64)
        self._heard = max(self._heard, start)
        if len(fresh):
            moments = np.stack([np.full(len(fresh), float(FRAME_SAMPLES)), fresh.sum(axis=1), np.square(fresh).sum(axis=1)], 1)
            self._all += moments.sum(axis=0)
            self._take(moments * _sounding(moments)[:, None])
        while len(self._steps) > 1 and self._steps[1][0] <= start:
            del self._steps[0]

    def apply(self, samples: Samples, first: int) -> Samples:
        """Samples from frame `first` on, normalised; shape as given."""
        steps = self._steps or [(0, *_mean_and_factor(self._all + np.array([self.padding, 0.0, 0.0])))]
        normalised = np.empty_like(samples)
        for at, (begin, mean, factor) in enumerate(steps):
            # The first step is also for what comes before it; the last has no end.
            start = max(begin - first, 0) * FRAME_SAMPLES if at else 0
            stop = max(steps[at + 1][0] - first, 0) * FRAME_SAMPLES if at + 1 < len(steps) else len(samples)
            np.multiply(samples[start:stop] - np.float32(mean), np.float32(factor), out=normalised[start:stop])
        return normalised

    def _take(self, sound: Moments) -> None:
        """Frames' moments, zero where there is no sound."""
        while len(sound):
            counts = (sound[:, 0] > 0) if not self.stands else np.ones(len(sound), bool)
            reached = self._frames + np.cumsum(counts)
            ends = np.flatnonzero(reached > _FIRST if not self.stands else reached == _STEP)
            taken = int(ends[0]) + 1 if len(ends) else len(sound)
            self._period += sound[:taken].sum(axis=0)
            self._frames = int(reached[taken - 1])
            self._heard += taken
            if len(ends):
                self._step()
            sound = sound[taken:]

    def _step(self) -> None:
        samples, memory = self._period[0], _MEMORY * FRAME_SAMPLES if self.stands else 0
        if samples:
            self._now += (self._period / samples - self._now) * samples / (samples + memory)
        self._steps.append((self._heard if self.stands else 0, *_mean_and_factor(self._now)))
        self._period = np.zeros(3)
        self._frames = 0


def by_its_own(samples: Samples) -> Samples:
    """Normalised by nothing but itself, as FunASR normalises a clip."""
    wide = samples.astype(np.float64)
    mean, factor = _mean_and_factor(np.array([len(wide), wide.sum(), np.square(wide).sum()]))
    return ((samples - mean) * factor).astype(np.float32)


def _sounding(moments: Moments) -> NDArray[np.bool_]:
    mean = moments[:, 1] / FRAME_SAMPLES
    variance = moments[:, 2] / FRAME_SAMPLES - mean**2
    return np.asarray((variance > _QUIETEST**2) & (variance < _LOUDEST**2))


def _mean_and_factor(moments: Moments) -> tuple[float, float]:
    mean = moments[1] / moments[0]
    return float(mean), float(1 / np.sqrt(max(moments[2] / moments[0] - mean**2, 0.0) + EPS))
