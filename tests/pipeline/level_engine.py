"""A small deterministic engine for tests of the pipeline: a frame's embedding is what can be measured of its own samples."""

import threading
from collections.abc import Sequence

import numpy as np

from monitor.engines.base import Engine, EngineInfo, Window, WindowFrames
from monitor.engines.legs import OpenLegs
from monitor.errors import EngineError
from monitor.timeline import FRAME_SAMPLES


class OutOfMemoryError(RuntimeError):
    """Named as torch's."""


LABELS = ("angry", "happy", "neutral", "sad")


class LevelEngine(Engine):
    """Loud frames are angry, quiet ones neutral; the embedding holds level, mean, first and last sample."""

    def __init__(self) -> None:
        self.info = EngineInfo("level", "level", "1", LABELS, dim=4, window=2.0, hop=0.5, lookahead=0.3)
        self.legs = OpenLegs(object)
        """It remembers nothing of them, but which there are."""
        self.batches: list[int] = []
        self.poison: float | None = None
        """A sample value on which the engine fails."""
        self.memory: int | None = None
        """Windows that fit into it."""
        self.gate = threading.Event()
        self.gate.set()
        self.waiting = threading.Event()
        """Set while a batch is held up at the gate."""

    def open_leg(self) -> int:
        return self.legs.open()

    def close_leg(self, leg_id: int) -> None:
        self.legs.close(leg_id)

    def infer(self, windows: Sequence[Window]) -> list[WindowFrames]:
        if not self.gate.is_set():
            self.waiting.set()
            self.gate.wait(60)
            self.waiting.clear()
        if self.memory is not None and len(windows) > self.memory:
            raise OutOfMemoryError("CUDA out of memory\nwith many lines")
        self.legs.contexts(windows)
        for window in windows:
            if self.poison is not None and (window.samples == np.float32(self.poison)).any():
                raise EngineError("a sample that this engine cannot take")
        self.batches.append(len(windows))
        return [self._frames(window) for window in windows]

    def _frames(self, window: Window) -> WindowFrames:
        frames = window.samples.reshape(-1, FRAME_SAMPLES)[window.first - window.start : window.stop - window.start]
        level = np.sqrt((frames**2).mean(1))
        embedding = np.stack([level, frames.mean(1), frames[:, 0], frames[:, -1]], 1).astype(np.float32)
        logits = np.stack([20 * level - 4, 0 * level, 2 - 10 * level, 0 * level], 1).astype(np.float32)
        return WindowFrames(embedding, logits, (level > 0.01).astype(np.float32))
