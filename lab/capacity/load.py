"""A load: so many live calls on a monitor of their own, with its engine, store and analysis, as in operation."""

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from lab.capacity.looped_call import LoopedCall, make_known, record
from monitor.audio.chunk import Samples
from monitor.config.sections import Settings
from monitor.engines.base import Engine, EngineInfo, Window, WindowFrames
from monitor.errors import EngineError
from monitor.events import Leg
from monitor.pipeline.in_progress import CallInProgress
from monitor.pipeline.inference import InferenceWorker
from monitor.pipeline.monitor import Monitor
from monitor.store.registry import open_store
from monitor.timeline import SAMPLE_RATE
from monitor.workers.crew import Crew

NO_LIMIT = 1_000_000
WORKERS_READY = 120.0
"""Seconds within which workers must have loaded their engines."""
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
    """Share of the time that a process spent in the engine."""

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

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        audio: Mapping[Leg, Samples],
        calls: int,
        workers: int = 1,
        prepare: Callable[[], None] | None = None,
    ) -> None:
        """`workers`: processes that hear, as `server.workers`; 1: this one, with `engine`; others load one of their own, and
        call `prepare` first."""
        self._folder = tempfile.TemporaryDirectory(prefix="emotion-monitor-load-")
        store = settings.store.model_copy(update={"path": Path(self._folder.name) / "store"})
        server = settings.server.model_copy(update={"max_calls": NO_LIMIT})
        settings = settings.model_copy(update={"store": store, "server": server})
        inference = InferenceWorker.of(LentEngine(engine), settings.engine)
        if workers == 1:
            self.monitor = Monitor(settings, inference, open_store(store))
        else:
            self.monitor = Crew(settings, inference, open_store(store), workers, partial(_prepare, prepare))
        self._workers = workers
        self._audio = Path(self._folder.name) / "audio"
        record(self._audio, audio)
        make_known()
        seconds = min(len(samples) for samples in audio.values()) / SAMPLE_RATE
        # The golden ratio spreads any number of calls evenly over the recording and over the hop.
        self._begins = [(0.618034 * number % 1) * seconds for number in range(calls)]
        self._spread = min(1.0, 0.05 * calls)
        self.calls: list[CallInProgress] = []
        self._began = 0.0

    def __enter__(self) -> Self:
        """Start the calls, spread over up to a second so that they are not in step."""
        try:
            if isinstance(self.monitor, Crew):
                self.monitor.begin(self._workers, WORKERS_READY)
                if self.monitor.status().workers < self._workers:
                    raise EngineError("a worker did not come to load its engine; its log says why")
            self._began = time.monotonic()
            for begin in self._begins:
                self.calls.append(self.monitor.open_call(LoopedCall.kind, {"folder": self._audio, "begin": begin}))
                time.sleep(self._spread / len(self._begins))
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End the calls and forget what they stored."""
        self._end()

    def _end(self) -> None:
        self.monitor.close()
        self._folder.cleanup()

    def report(self) -> LoadReport:
        """How it goes."""
        inference = self.monitor.status().inference
        return LoadReport(
            calls=len(self.calls),
            legs=sum(leg in self.monitor.settings.privacy.subjects for call in self.calls for leg in call.legs),
            p95_latency=round(inference.latency_p95, 3),
            behind=max((report["jitter"] for call in self.calls for report in call.reports().values()), default=0.0),
            hop_factor=inference.hop_factor,
            skipped=sum(inference.frames_skipped.values()),
            batch_size=inference.batch_size,
            busy=round(inference.busy_seconds / (time.monotonic() - self._began) / self._workers, 3),
        )


def _prepare(prepare: Callable[[], None] | None) -> None:
    """Make a worker ready for looped calls."""
    if prepare is not None:
        prepare()
    make_known()
