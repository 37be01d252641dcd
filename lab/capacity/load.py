"""A load: so many live calls on a monitor of their own, with its engine, store and analysis, as in operation."""

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from lab.capacity.looped_call import LoopedCall
from monitor.audio.chunk import Samples
from monitor.config.sections import Settings
from monitor.engines.base import Engine, EngineInfo, Window, WindowFrames
from monitor.events import Leg
from monitor.pipeline.call import LiveCall
from monitor.pipeline.inference import InferenceWorker
from monitor.pipeline.monitor import Monitor
from monitor.store.registry import open_store
from monitor.timeline import SAMPLE_RATE

NO_LIMIT = 1_000_000
GROWN = 1.05
"""Mean growth of the hop from which on the engine does not keep up; below it, the machine had a hiccup."""


class LentEngine(Engine):
    """An engine that many monitors use one after another: none of them closes it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.info: EngineInfo = engine.info

    def open_leg(self) -> int:
        """See `Engine`."""
        return self._engine.open_leg()

    def close_leg(self, leg_id: int) -> None:
        """See `Engine`."""
        self._engine.close_leg(leg_id)

    def infer(self, windows: Sequence[Window]) -> list[WindowFrames]:
        """See `Engine`."""
        return self._engine.infer(windows)


@dataclass(frozen=True, slots=True)
class LoadReport:
    """How a load was carried."""

    calls: int
    legs: int
    """Of them, those whose emotion is inferred."""
    p95_latency: float
    """Seconds from a window's arrival to its result, over the last 1000 windows."""
    behind: float
    """Seconds by which the call that is furthest behind has taken its audio too late."""
    hop_factor: float
    skipped: int
    """Frames not heard."""
    batch_size: float
    busy: float
    """Share of the time spent in the engine."""

    def failure(self, latency: float) -> str:
        """Why this load was too much for a p95 of `latency` seconds; empty where it was not."""
        if self.skipped:
            return f"{self.skipped} frames were skipped"
        if self.p95_latency > latency:
            return f"p95 latency {self.p95_latency:.2f} s"
        if self.behind > latency:
            return f"audio was taken {self.behind:.1f} s late"
        if self.hop_factor > GROWN:
            return f"the hop grew to {self.hop_factor:.2f} times"
        return ""


class Load:
    """So many calls, from entering to leaving the context. What is stored goes with it."""

    def __init__(self, settings: Settings, engine: Engine, audio: Mapping[Leg, Samples], calls: int) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="emotion-monitor-load-")
        store = settings.store.model_copy(update={"path": Path(self._folder.name) / "store"})
        server = settings.server.model_copy(update={"max_calls": NO_LIMIT})
        settings = settings.model_copy(update={"store": store, "server": server})
        self.monitor = Monitor(settings, InferenceWorker.of(LentEngine(engine), settings.engine), open_store(store))
        seconds = min(len(samples) for samples in audio.values()) / SAMPLE_RATE
        # The golden ratio spreads any number of calls evenly over the recording and over the hop.
        self._sources = [LoopedCall(audio, (0.618034 * number % 1) * seconds) for number in range(calls)]
        self._spread = min(1.0, 0.05 * calls)
        self.calls: list[LiveCall] = []
        self._began = 0.0

    def __enter__(self) -> Self:
        """Start the calls, spread over up to a second so that they are not in step."""
        self._began = time.monotonic()
        for source in self._sources:
            self.calls.append(self.monitor.start_call(source))
            time.sleep(self._spread / len(self._sources))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End the calls and forget what they stored."""
        self.monitor.close()
        self._folder.cleanup()

    def report(self) -> LoadReport:
        """How it goes."""
        inference = self.monitor.status().inference
        return LoadReport(
            calls=len(self.calls),
            legs=sum(leg in self.monitor.settings.privacy.subjects for call in self.calls for leg in call.legs),
            p95_latency=round(inference.latency_p95, 3),
            behind=round(max(source.behind for source in self._sources), 3),
            hop_factor=inference.hop_factor,
            skipped=sum(inference.frames_skipped.values()),
            batch_size=inference.batch_size,
            busy=round(inference.busy_seconds / (time.monotonic() - self._began), 3),
        )
