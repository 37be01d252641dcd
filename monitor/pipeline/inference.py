"""The inference worker: windows of all legs meet here and go to the engine in batches.

Nothing else calls the engine, and nobody waits in here for a result: whoever submits a window is told its frames. A window that
the engine cannot compute costs that window alone: a batch that fails is halved until the window at fault is by itself.
`backlog.py` says which windows are next.
"""

import threading
import time
from collections.abc import Sequence

import numpy as np
import structlog

from monitor.config.sections import EngineSection
from monitor.engines.base import Engine, EngineInfo, Window, WindowFrames
from monitor.errors import EngineError
from monitor.pipeline.backlog import Backlog, Done, GivenUpError, Job, LegQueue, Policy, Task
from monitor.pipeline.batch_size import BatchSize
from monitor.pipeline.inference_status import InferenceStatus, InferenceTally
from monitor.pipeline.joining import parts
from monitor.pipeline.traces import WindowTrace
from monitor.pipeline.urgency import Urgency
from monitor.pipeline.windows import Geometry

log = structlog.get_logger(__name__)


GATHERS = 0.1
"""Seconds from the beginning of a batch to that of the next, where the engine is quick enough; a fifteenth of the latency aimed
for at most. A leg's windows come every 0.4 s (compact), so a batch has a quarter of all legs."""


class InferenceWorker:
    """A thread that owns an engine."""

    def __init__(self, engine: Engine, max_batch: int, policy: Policy) -> None:
        self.engine = engine
        self._size = BatchSize(max_batch, policy.latency)
        self._backlog = Backlog(policy)
        self._tally = InferenceTally(policy.latency)
        self._gathers = min(GATHERS, policy.latency / 15)
        self._began = float("-inf")
        """When the last batch was begun."""
        self._changed = threading.Condition()
        self._legs_over: list[int] = []
        self._closing = self._closed = self._stopped = False
        self._thread = threading.Thread(target=self._run, name="inference", daemon=True)
        self._thread.start()

    @classmethod
    def of(cls, engine: Engine, settings: EngineSection) -> "InferenceWorker":
        """A worker by the settings. Raises `ConfigError` where the windows do not hold together."""
        return cls(engine, settings.max_batch, Policy.of(settings, Geometry.of(settings, engine.info)))

    @property
    def info(self) -> EngineInfo:
        """Of the engine."""
        return self.engine.info

    def open_leg(self, live: bool) -> LegQueue:
        """The queue of a leg that begins; `close_leg` ends it.

        A leg that is not live waits as long as it must, and keeps nobody else waiting.
        """
        return LegQueue(self.engine.open_leg(), Urgency.SPEAKING if live else Urgency.BACKGROUND)

    def close_leg(self, leg: LegQueue) -> None:
        """Let go of a leg and of what the engine remembers of it. Of its windows that still wait nobody is told."""
        with self._changed:
            self._backlog.drop(leg)
            self._legs_over.append(leg.leg_id)
            over = self._take_legs_over() if self._stopped else []
            self._changed.notify()
        self._forget(over)

    def submit(self, leg: LegQueue, window: Window, done: Done, trace: WindowTrace | None = None) -> None:
        """Queue a window; `done` is called once with its frames.

        It is told `GivenUpError` instead in overload, `EngineError` where the window cannot be computed. It is called in the
        thread of the engine, or in this one before `submit` returns, and must neither wait nor raise.
        """
        task = Task(leg, window, time.monotonic(), done, trace)
        with self._changed:
            refused = [task] if self._closing else []
            given_up = [] if self._closing else self._backlog.add(task)
            self._changed.notify()
        self._refuse(refused)
        self._give_up(given_up)

    def status(self) -> InferenceStatus:
        """A consistent look from any thread."""
        with self._changed:
            return self._tally.status(len(self._backlog), self._backlog.legs, self._size.most)

    def close(self) -> None:
        """Finish what is queued, then stop the thread and close the engine."""
        with self._changed:
            self._closing = True
            self._changed.notify()
            first, self._closed = not self._closed, True
        if first:
            self._thread.join()
            self.engine.close()

    def _run(self) -> None:
        try:
            while batch := self._next_batch():
                self._compute(batch)
        except Exception:
            # A defect of the schedule must not leave every call waiting for ever.
            log.exception("inference_stopped")
            with self._changed:
                self._closing = self._stopped = True
                self._tally.stopped()
                waiting, over = self._backlog.clear(), self._take_legs_over()
            self._refuse(waiting)
            self._forget(over)

    def _next_batch(self) -> list[Job]:
        """What is computed next; waits for it. Empty when closing and done."""
        while True:
            self._gather()
            with self._changed:
                now = time.monotonic()
                given_up = self._backlog.give_up(now, self._size.seconds)
                batch = self._backlog.take(now, self._size.most)
                over = self._take_legs_over()
                closing = self._closing
                if not (given_up or batch or over or closing):
                    self._changed.wait()
            self._give_up(given_up)
            self._forget(over)
            if batch or closing:
                return batch

    def _gather(self) -> None:
        """Let windows of other legs come, where the engine has just begun a batch: many at once cost each of them less.

        What is computed does not depend on it.
        """
        with self._changed:
            few = len(self._backlog) and self._backlog.all_live and self._backlog.legs < self._size.most
            wait = self._began + self._gathers - time.monotonic() if few and not self._closing else 0.0
        if wait > 0:
            time.sleep(wait)

    def _compute(self, batch: Sequence[Job]) -> None:
        begun = self._began = time.monotonic()
        try:
            computed = self.engine.infer([job.window for job in batch])
            results = [parts(result, [task.window for task in job.tasks]) for job, result in zip(batch, computed, strict=True)]
        except Exception as error:  # noqa: BLE001 - whatever an engine raises must not end the worker
            self._retry(batch, error)
            return
        done = time.monotonic()
        with self._changed:
            self._size.computed(len(batch), done - begun)
            self._tally.batch([len(job.tasks) for job in batch if job.leg.live], len(batch), done - begun)
        for job, frames in zip(batch, results, strict=True):
            for task, result in zip(job.tasks, frames, strict=True):
                if task.trace is not None:
                    task.trace.computed(begun, done, len(batch))
                self._deliver(task, result, done)

    def _retry(self, batch: Sequence[Job], error: Exception) -> None:
        """Halve what failed: the batch, then what was joined, in order, down to the one window at fault."""
        if _is_out_of_memory(error):
            log.warning("batch_exceeds_memory", windows=len(batch), error=_first_line(error))
            with self._changed:
                self._size.exceeded_memory(len(batch))
        if len(batch) > 1:
            half = len(batch) // 2
            self._compute(batch[:half])
            self._compute(batch[half:])
        elif len(batch[0].tasks) > 1:
            for task in batch[0].tasks:
                self._compute([Job([task], task.window)])
        else:
            self._fail(batch[0].tasks[0], error)

    def _deliver(self, task: Task, result: WindowFrames, done: float) -> None:
        if not (np.isfinite(result.logits).all() and np.isfinite(result.embedding).all()):
            self._fail(task, EngineError("the engine's result is not finite"))
            return
        with self._changed:
            self._tally.heard(task.frames, done - task.ready, task.leg.urgency)
        _tell(task, result)

    def _fail(self, task: Task, error: Exception) -> None:
        log.error("window_failed", first_frame=task.window.first, error=f"{type(error).__name__}: {_first_line(error)}")
        with self._changed:
            self._tally.failed(task.frames)
        if not isinstance(error, EngineError):
            error = EngineError(f"{type(error).__name__}: {_first_line(error)}")
        _tell(task, error)

    def _refuse(self, tasks: Sequence[Task]) -> None:
        for task in tasks:
            with self._changed:
                self._tally.failed(task.frames)
            _tell(task, EngineError("the inference worker is stopped"))

    def _give_up(self, tasks: Sequence[Task]) -> None:
        for task in tasks:
            with self._changed:
                self._tally.given_up(task.frames)
            _tell(task, GivenUpError("the engine could not keep up"))

    def _take_legs_over(self) -> list[int]:
        over, self._legs_over = self._legs_over, []
        return over

    def _forget(self, leg_ids: Sequence[int]) -> None:
        """Close legs in the engine. Only between batches: a window that is being computed finds its leg."""
        for leg_id in leg_ids:
            try:
                self.engine.close_leg(leg_id)
            except Exception:
                log.exception("leg_not_closed", leg_id=leg_id)


def _tell(task: Task, outcome: WindowFrames | EngineError) -> None:
    """A defect of one who is told must not end the inference of the others."""
    try:
        task.done(outcome)
    except Exception:
        log.exception("frames_not_taken", first_frame=task.window.first)


def _is_out_of_memory(error: Exception) -> bool:
    """Whether an engine ran out of memory. torch's own error is known by its name: nothing here imports torch."""
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
