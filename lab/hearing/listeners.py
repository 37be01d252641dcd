"""Many recordings through the pipeline at once: a process a core, each with an engine of its own."""

import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from logging import getLevelNamesMapping
from multiprocessing import get_context, parent_process
from types import TracebackType

import structlog
from threadpoolctl import threadpool_limits

from lab.hearing.hearing import Hearing, hear
from lab.hearing.takes import Take
from monitor.alerts.rules import load_rules
from monitor.config import Settings
from monitor.engines.base import EngineInfo
from monitor.engines.registry import load_engine
from monitor.errors import EngineError, SourceError
from monitor.pipeline.inference import InferenceWorker

AHEAD = 4
"""Takes a process that wait in its queue, so that it is never idle and results do not pile up."""


@dataclass(frozen=True, slots=True)
class Unheard:
    """A recording that could not be heard. The others are not at fault."""

    take: Take
    reason: str


class Listener:
    """An engine with its worker and rules: hears one take at a time, in this process."""

    def __init__(self, settings: Settings) -> None:
        """Load the engine; on one thread, unless `engine.threads` says otherwise.

        Raises `EngineError` where it cannot be loaded, and `ConfigError` where the windows or the rules are wrong.
        """
        threads = settings.engine.threads or 1
        threadpool_limits(threads)
        engine = settings.engine.model_copy(update={"threads": threads})
        self._settings = settings.model_copy(update={"engine": engine})
        loaded = load_engine(engine)
        self._rules = load_rules(settings.alerts.rules, loaded.info.labels)
        self._worker = InferenceWorker.of(loaded, engine)

    @property
    def info(self) -> EngineInfo:
        """Of the engine."""
        return self._worker.info

    def hear(self, take: Take, embeddings: bool) -> Hearing | Unheard:
        """The whole take, or why not. Raises `ConfigError` where the settings do not allow to hear it."""
        try:
            source = take.open()
            return hear(source, self._settings, self._rules, self._worker, call=take.path.stem, embeddings=embeddings)
        except SourceError as error:
            return Unheard(take, str(error))

    def close(self) -> None:
        """Let go of the engine."""
        self._worker.close()


class Listeners:
    """Hears takes on `jobs` processes; in this one where `jobs` is 1. A context manager.

    Which process hears a take changes nothing: results come in the order of the takes, and do not depend on `jobs`.
    """

    info: EngineInfo
    """Of the engine, which is the same in every process."""

    def __init__(self, settings: Settings, jobs: int | None = None) -> None:
        """Start; `jobs` defaults to the number of cores this process may use. Raises like `Listener`."""
        self.jobs = len(os.sched_getaffinity(0)) if jobs is None else jobs
        if self.jobs < 1:
            raise ValueError(f"jobs must be at least 1, got {jobs}")
        self._listener: Listener | None = None
        self._pool: ProcessPoolExecutor | None = None
        if self.jobs == 1:
            self._listener = Listener(settings)
            self.info = self._listener.info
        else:
            self._pool = ProcessPoolExecutor(self.jobs, get_context("spawn"), _begin, (settings,))
            self.info = self._ask_info(self._pool)

    def hear(self, takes: Iterable[Take], *, embeddings: bool = False) -> Iterator[tuple[Take, Hearing | Unheard]]:
        """Each take with what was heard, in the order given. Raises `ConfigError` where the settings forbid to hear one."""
        if self._listener is not None:
            for take in takes:
                yield take, self._listener.hear(take, embeddings)
        elif self._pool is not None:
            with deaths_told():
                yield from _hear_ahead(self._pool, takes, embeddings, self.jobs * AHEAD)

    def close(self) -> None:
        """End the processes; what they have not begun is given up."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        if self._listener is not None:
            self._listener.close()

    def __enter__(self) -> "Listeners":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    def _ask_info(self, pool: ProcessPoolExecutor) -> EngineInfo:
        try:
            with deaths_told():
                return pool.submit(_info).result()
        except BaseException:
            self.close()
            raise


def _hear_ahead(
    pool: ProcessPoolExecutor, takes: Iterable[Take], embeddings: bool, ahead: int
) -> Iterator[tuple[Take, Hearing | Unheard]]:
    waiting: deque[tuple[Take, Future[Hearing | Unheard]]] = deque()
    for take in takes:
        waiting.append((take, pool.submit(_hear, take, embeddings)))
        if len(waiting) > ahead:
            first, future = waiting.popleft()
            yield first, future.result()
    for take, future in waiting:
        yield take, future.result()


@contextmanager
def deaths_told() -> Iterator[None]:
    """Turn the death of a process into an `EngineError` that says what to do."""
    try:
        yield
    except BrokenProcessPool:
        raise EngineError("a listening process died, most often for want of memory; try again with fewer: --jobs 1") from None


_listener: Listener | Exception | None = None
"""In a listening process: its listener, or why it has none."""


def _begin(settings: Settings) -> None:
    global _listener
    follow_the_first()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(getLevelNamesMapping()[settings.log.level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )
    try:
        _listener = Listener(settings)
    except Exception as error:  # noqa: BLE001 - told to the first process, which raises it
        _listener = error


def follow_the_first() -> None:
    """Leave it to the first process to end this one, and end when it is gone: one that is killed cannot end the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_the_first, daemon=True).start()


def _leave_with_the_first() -> None:
    if (first := parent_process()) is not None:
        first.join()
        os._exit(1)


def _the_listener() -> Listener:
    if isinstance(_listener, Listener):
        return _listener
    raise _listener if _listener is not None else RuntimeError("this process was not begun as a listener")


def _info() -> EngineInfo:
    return _the_listener().info


def _hear(take: Take, embeddings: bool) -> Hearing | Unheard:
    return _the_listener().hear(take, embeddings)
