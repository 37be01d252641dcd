"""An engine that goes by loudness: whoever is loud is angry. And what it takes in the configuration."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from monitor.engines.base import Engine, EngineInfo, Window, WindowFrames
from monitor.engines.legs import OpenLegs
from monitor.engines.options import EngineOptions
from monitor.timeline import FRAME_SAMPLES


class LoudnessOptions(EngineOptions):
    """What stands under `engine:` beside what every engine takes."""

    name: Literal["loudness"] = "loudness"
    loud: float = Field(default=0.2, gt=0, le=1)
    """Level from which on a frame is more angry than neutral; full scale is 1."""

    def load(self) -> Engine:
        """See `EngineOptions`."""
        return LoudnessEngine(self)


class LoudnessEngine(Engine):
    """Each frame by its own level: of a leg there is nothing to remember."""

    def __init__(self, options: LoudnessOptions) -> None:
        self._loud = options.loud
        self._legs = OpenLegs(object)
        self.info = EngineInfo(
            "loudness", "loudness", "1", ("angry", "neutral"), dim=1, window=0.4, hop=0.4, lookahead=0, licence="MIT"
        )

    def open_leg(self) -> int:
        """See `Engine`."""
        return self._legs.open()

    def close_leg(self, leg_id: int) -> None:
        """See `Engine`."""
        self._legs.close(leg_id)

    def infer(self, windows: Sequence[Window]) -> list[WindowFrames]:
        """See `Engine`."""
        self._legs.contexts(windows)  # refuses what is not in order
        return [self._frames(window) for window in windows]

    def _frames(self, window: Window) -> WindowFrames:
        frames = window.samples.reshape(-1, FRAME_SAMPLES)[window.first - window.start : window.stop - window.start]
        level = np.sqrt((frames**2).mean(axis=1, keepdims=True))
        logits = np.concatenate([level / self._loud - 1, 1 - level / self._loud], axis=1)
        return WindowFrames(level, logits, (level[:, 0] > 0.01).astype(np.float32))
