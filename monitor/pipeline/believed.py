"""What live pages were told of a leg, from its stored frames: the smoothed values that the state events rest on."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from monitor.affect.speaker import SpeakerAffect
from monitor.config.sections import StateSection
from monitor.events import Frames
from monitor.frame_format import LegFormat
from monitor.pipeline.ticks import TickCutter
from monitor.timeline import TICK_FRAMES, TICK_RATE

_DIGITS = 3
"""As in live `frames`."""


class Believed:
    """Follows one leg of which emotion is inferred, frames as they come; without its change points, alerts and events."""

    def __init__(self, labels: tuple[str, ...], leg_format: LegFormat, state: StateSection) -> None:
        self._labels, self._threshold = labels, state.speech_threshold
        self._cutter, self._affect = TickCutter(leg_format), SpeakerAffect(labels, state)
        self._rows: list[tuple[float, ...]] = []
        """Valence, arousal and the posterior at each tick."""

    @property
    def frames(self) -> int:
        """The frame from which on it wants more."""
        return len(self._rows) * TICK_FRAMES

    def update(self, frames: Frames) -> None:
        """Take the next run. Raises `ValueError` where it does not follow the last."""
        for tick in self._cutter.cut(frames):
            speaks = tick.heard and tick.speech >= self._threshold
            now = self._affect.update(tick.logits) if speaks else self._affect.rest()
            self._rows.append((now.valence, now.arousal, *now.posterior))

    def series(self, begin: float, end: float | None) -> Mapping[str, Any]:
        """`time`, `rate`, `posterior`, `valence` and `arousal` from `begin` to `end` seconds, as in live `frames`."""
        first = min(int(begin * TICK_RATE), len(self._rows))
        stop = len(self._rows) if end is None else max(first, int(np.ceil(end * TICK_RATE)))
        columns = np.array(self._rows[first:stop]).reshape(-1, 2 + len(self._labels)).round(_DIGITS).T.tolist()
        return {
            "time": first / TICK_RATE,
            "rate": TICK_RATE,
            "posterior": dict(zip(self._labels, columns[2:], strict=True)),
            "valence": columns[0],
            "arousal": columns[1],
        }
