"""The inference worker: windows of all legs meet here and go to the engine in batches.

Nothing else calls the engine. A window that the engine cannot compute costs that window alone.
"""

import queue
import threading
import time
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np
import structlog

from monitor.engines.base import Engine, Window, WindowFrames
from monitor.errors import EngineError

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class InferenceStatus:
    """What the worker has done, and how quickly."""

    queued: int
    windows: int
    failed: int
    batches: int
    frames: int
    latency_p50: float
    """Seconds from the submission of a window to its result, over the last 1000 windows."""
    latency_p95: float
    busy_seconds: float
    """Spent in the engine."""


@dataclass(frozen=True, slots=True)
class _Task:
    window: Window
    result: "Future[WindowFrames]"
    submitted: float


class InferenceWorker:
    """A thread that owns an engine."""

    def __init__(self, engine: Engine, max_batch: int) -> None:
        if max_batch < 1:
            raise ValueError(f"max_batch must be at least 1, got {max_batch}")
        self.engine = engine
        self._max_batch = max_batch
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._waiting: deque[_Task] = deque()
        self._closing = False
        self._latencies: deque[float] = deque(maxlen=1000)
        self._windows = self._failed = self._batches = self._frames = 0
        self._busy = 0.0
        self._thread = threading.Thread(target=self._run, name="inference", daemon=True)
        self._thread.start()

    def submit(self, window: Window) -> "Future[WindowFrames]":
        """Queue a window. The future fails with `EngineError` where the engine cannot compute it."""
        task = _Task(window, Future(), time.monotonic())
        if self._closing:
            task.result.set_exception(EngineError("the inference worker is stopped"))
        else:
            self._tasks.put(task)
        return task.result

    def status(self) -> InferenceStatus:
        """A consistent enough look from any thread."""
        latencies = list(self._latencies) or [0.0]
        p50, p95 = np.quantile(latencies, [0.5, 0.95])
        queued = self._tasks.qsize() + len(self._waiting)
        return InferenceStatus(
            queued, self._windows, self._failed, self._batches, self._frames, float(p50), float(p95), self._busy
        )

    def close(self) -> None:
        """Finish what is queued, then stop the thread and close the engine."""
        if not self._closing:
            self._closing = True
            self._tasks.put(None)
            self._thread.join()
            self.engine.close()

    def _run(self) -> None:
        while batch := self._next_batch():
            self._compute(batch)

    def _next_batch(self) -> list[_Task]:
        """Up to `max_batch` windows in the order they came, at most one a leg; empty when closing and done."""
        while True:
            if not self._waiting:
                task = self._tasks.get()
                if task is None:
                    return []
                self._waiting.append(task)
            while not self._tasks.empty():
                task = self._tasks.get()
                if task is None:
                    self._tasks.put(None)
                    break
                self._waiting.append(task)
            if batch := self._pick():
                return batch

    def _pick(self) -> list[_Task]:
        batch: list[_Task] = []
        later: deque[_Task] = deque()
        legs: set[int] = set()
        while self._waiting:
            task = self._waiting.popleft()
            leg = id(task.window.context)
            if len(batch) == self._max_batch or leg in legs:
                later.append(task)
            elif task.result.set_running_or_notify_cancel():
                batch.append(task)
            legs.add(leg)
        self._waiting = later
        return batch

    def _compute(self, batch: list[_Task]) -> None:
        begun = time.monotonic()
        try:
            results = self.engine.infer([task.window for task in batch])
        except Exception as error:  # noqa: BLE001 - whatever an engine raises must not end the worker
            if len(batch) == 1:
                self._fail(batch[0], error)
                return
            for task in batch:
                self._compute([task])
            return
        done = time.monotonic()
        self._busy += done - begun
        self._batches += 1
        for task, result in zip(batch, results, strict=True):
            self._windows += 1
            self._frames += len(result.speech)
            self._latencies.append(done - task.submitted)
            task.result.set_result(result)

    def _fail(self, task: _Task, error: Exception) -> None:
        log.error("window_failed", first_frame=task.window.first, error=f"{type(error).__name__}: {error}")
        self._failed += 1
        if not isinstance(error, EngineError):
            error = EngineError(f"{type(error).__name__}: {error}")
        task.result.set_exception(error)
