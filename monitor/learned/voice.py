"""Holds one leg's speech against templates and heads, tick by tick. A pure function of the ticks: replay equals live."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from monitor.affect.speaker import FORGET_AFTER
from monitor.learned.learned import Learned
from monitor.learned.speech_window import SpeechWindow, window_ticks
from monitor.timeline import TICK_RATE

_FORGET_TICKS = round(FORGET_AFTER * TICK_RATE)


@dataclass(frozen=True, slots=True)
class Likeness:
    """What templates and heads say of a leg at one moment. Who has not heard enough yet is left out."""

    templates: Mapping[str, float] = field(default_factory=dict)
    """Name -> cosine similarity, -1 to 1."""
    heads: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """Name -> a probability a label of the head."""


class LearnedVoice:
    """One leg. Only speech moves it; silence of `FORGET_AFTER` seconds clears it."""

    def __init__(self, learned: Learned) -> None:
        self._learned = learned
        lengths = {template.document.window for template in learned.templates.values()}
        lengths |= {head.document.window for head in learned.heads.values()}
        self._windows = {seconds: SpeechWindow(window_ticks(seconds)) for seconds in sorted(lengths)}
        self._silent = 0
        self.now = Likeness()

    def update(self, embedding: NDArray[np.float64]) -> Likeness:
        """Take the mean embedding, shape (D,), of a tick of speech."""
        self._silent = 0
        if self._windows:
            means = {seconds: window.update(embedding) for seconds, window in self._windows.items()}
            templates, heads = self._learned.templates, self._learned.heads
            self.now = Likeness(
                {k: t.similarity(mean) for k, t in templates.items() if (mean := means[t.document.window]) is not None},
                {k: h.posterior(mean) for k, h in heads.items() if (mean := means[h.document.window]) is not None},
            )
        return self.now

    def rest(self) -> Likeness:
        """Take a tick without speech of this leg."""
        self._silent += 1
        if self._silent == _FORGET_TICKS:
            for window in self._windows.values():
                window.forget()
            self.now = Likeness()
        return self.now
