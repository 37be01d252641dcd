"""The emotion of one leg as it goes: posterior, label, valence and arousal, relative to the speaker's own beginning."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.affect.baseline import NEUTRAL, SpeakerBaseline
from monitor.affect.belief import EmotionBelief
from monitor.affect.dimensions import Dimensions
from monitor.affect.hysteresis import LabelHysteresis
from monitor.affect.posterior import SmoothedPosterior
from monitor.config.sections import StateSection
from monitor.events import ABSTAIN
from monitor.timeline import TICK_RATE

FORGET_AFTER = 30.0
"""Seconds without speech after which nothing is known of a leg's emotion any more. Shorter than that, who was angry and now
listens is still taken to be angry."""


_FORGET_TICKS = round(FORGET_AFTER * TICK_RATE)


@dataclass(slots=True)
class Affect:
    """A leg's emotion at one moment. Not frozen, as one is made for every tick of speech, but nobody changes it."""

    emotion: str = ABSTAIN
    posterior: tuple[float, ...] = ()
    """What is believed, in the order of the engine's labels."""
    valence: float = 0.0
    """-1 (negative) to 1 (positive)."""
    arousal: float = 0.0
    """-1 (calm) to 1 (excited)."""
    normal: tuple[float, float] | None = None
    """The speaker's own mean valence and arousal while believed neutral; None until there is enough of that."""


class SpeakerAffect:
    """Follows one leg, tick by tick. Only speech moves it; silence of `FORGET_AFTER` seconds clears it.

    The emotion is what is *believed* given all speech so far (`belief.py`); valence and arousal are a running mean of what is
    *heard* (`posterior.py`), because they are matters of degree. Both are relative to the speaker's own neutral voice.

    >>> affect = SpeakerAffect(("angry", "neutral"), StateSection())
    >>> for _ in range(10):
    ...     now = affect.update(np.array([9.0, 0.0]))
    >>> now.emotion, round(now.valence, 2)
    ('angry', -0.5)
    """

    def __init__(self, labels: Sequence[str], settings: StateSection) -> None:
        self._neutral = labels.index(NEUTRAL) if NEUTRAL in labels else None
        self._belief = EmotionBelief(
            labels, settings.prior_neutral, settings.correlation_time, settings.mean_duration, 1 / TICK_RATE
        )
        self._baseline = SpeakerBaseline(labels, settings.baseline * TICK_RATE, settings.neutral_lead)
        self._label = LabelHysteresis(labels, settings.enter, settings.leave, round(settings.min_hold * TICK_RATE))
        self._heard = SmoothedPosterior(len(labels), settings.smoothing, 1 / TICK_RATE)
        self._dimensions = Dimensions(labels)
        self._sums = (0.0, 0.0)
        self._steps = 0.0
        self._silent = 0
        self.now = Affect(posterior=tuple(self._belief.value))

    def update(self, logits: NDArray[np.float64]) -> Affect:
        """Take the mean logits, shape (C,), of a tick of speech."""
        relative = self._baseline.relative(logits)
        belief = self._belief.update(relative, self._silent + 1)
        self._silent = 0
        self._heard.update(relative)
        valence, arousal = self._dimensions(self._heard.evidence)
        if self._neutral is not None:
            neutral = belief[self._neutral]
            self._baseline.learn(logits, neutral)
            self._sums = (self._sums[0] + neutral * valence, self._sums[1] + neutral * arousal)
            self._steps += neutral
        self.now = Affect(self._label.update(belief), tuple(belief), valence, arousal, self._normal())
        return self.now

    def rest(self) -> Affect:
        """Take a tick without speech of this leg."""
        self._silent += 1
        if self._silent == _FORGET_TICKS:
            self._belief.forget()
            self._heard.forget()
            self._label.forget()
            self.now = Affect(posterior=tuple(self._belief.value), normal=self._normal())
        return self.now

    def _normal(self) -> tuple[float, float] | None:
        if not self._baseline.ready:
            return None
        return self._sums[0] / self._steps, self._sums[1] / self._steps
