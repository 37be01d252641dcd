"""The emotion of one leg as it goes: posterior, label, valence and arousal, relative to the speaker's own beginning."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.affect.baseline import SpeakerBaseline
from monitor.affect.dimensions import Dimensions
from monitor.affect.hysteresis import LabelHysteresis
from monitor.affect.posterior import SmoothedPosterior
from monitor.config.sections import StateSection
from monitor.events import ABSTAIN
from monitor.timeline import TICK_RATE

FORGET_AFTER = 30.0
"""Seconds without speech after which nothing is known of a leg's emotion any more. Shorter than that, who was angry and now
listens is still taken to be angry."""


@dataclass(frozen=True, slots=True)
class Affect:
    """A leg's emotion at one moment."""

    emotion: str = ABSTAIN
    posterior: tuple[float, ...] = ()
    """Smoothed, in the order of the engine's labels."""
    valence: float = 0.0
    """-1 (negative) to 1 (positive)."""
    arousal: float = 0.0
    """-1 (calm) to 1 (excited)."""
    normal: tuple[float, float] | None = None
    """The speaker's own mean valence and arousal over the baseline; None until it is full."""


class SpeakerAffect:
    """Follows one leg, tick by tick. Only speech moves it; silence of `FORGET_AFTER` seconds clears it.

    >>> affect = SpeakerAffect(("angry", "neutral"), StateSection())
    >>> for _ in range(10):
    ...     now = affect.update(np.array([9.0, 0.0]))
    >>> now.emotion, round(now.valence, 2)
    ('angry', -0.5)
    """

    def __init__(self, labels: Sequence[str], settings: StateSection) -> None:
        self._posterior = SmoothedPosterior(len(labels), settings.smoothing, 1 / TICK_RATE)
        self._label = LabelHysteresis(labels, settings.enter, settings.leave, round(settings.min_hold * TICK_RATE))
        self._baseline = SpeakerBaseline(labels, round(settings.baseline * TICK_RATE))
        self._dimensions = Dimensions(labels)
        self._sums = np.zeros(2)
        self._steps = 0
        self._normal: tuple[float, float] | None = None
        self._silent = 0
        self.now = Affect(posterior=tuple(self._posterior.value.tolist()))

    def update(self, logits: NDArray[np.float64]) -> Affect:
        """Take the mean logits, shape (C,), of a tick of speech."""
        self._silent = 0
        posterior = self._posterior.update(self._baseline.update(logits))
        valence, arousal = self._dimensions(self._posterior.evidence)
        self._follow_normal(valence, arousal)
        self.now = Affect(self._label.update(posterior), tuple(posterior.tolist()), valence, arousal, self._normal)
        return self.now

    def rest(self) -> Affect:
        """Take a tick without speech of this leg."""
        self._silent += 1
        if self._silent == round(FORGET_AFTER * TICK_RATE):
            self._posterior.forget()
            self._label.forget()
            self.now = Affect(posterior=tuple(self._posterior.value.tolist()), normal=self._normal)
        return self.now

    def _follow_normal(self, valence: float, arousal: float) -> None:
        if self._normal is not None:
            return
        self._sums += (valence, arousal)
        self._steps += 1
        if self._baseline.ready:
            self._normal = (float(self._sums[0]) / self._steps, float(self._sums[1]) / self._steps)
