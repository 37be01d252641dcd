"""An engine in each of many processes: what is done with it goes on on all cores, and comes back in order."""

import os
import signal
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from logging import getLevelNamesMapping
from multiprocessing import get_context, parent_process
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import structlog
from threadpoolctl import threadpool_limits

from monitor.ahead import in_order
from monitor.config import Settings
from monitor.engines.base import EngineInfo
from monitor.engines.registry import load_engine
from monitor.errors import EngineError
from monitor.pipeline.inference import InferenceWorker

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 4
"""Items a process that wait in its queue, so that it is never idle and results do not pile up."""


class EngineUser(ABC, Generic[Item, Result]):
    """An engine with its worker, and what is done with it: one item at a time, in this process."""

    def __init__(self, settings: Settings) -> None:
        """Load the engine; on one thread, unless `engine.threads` says otherwise.

        Raises `EngineError` where it cannot be loaded, and `ConfigError` where the settings do not hold together.
        """
        threads = settings.engine.threads or 1
        threadpool_limits(threads)
        engine = settings.engine.model_copy(update={"threads": threads})
        self.settings = settings.model_copy(update={"engine": engine})
        loaded = load_engine(engine)
        self.begin(loaded.info)
        self.worker = InferenceWorker.of(loaded, engine)

    def begin(self, info: EngineInfo) -> None:
        """Prepare what else is needed, once the engine is known."""

    @property
    def info(self) -> EngineInfo:
        """Of the engine."""
        return self.worker.info

    @abstractmethod
    def do(self, item: Item) -> Result:
        """What is done with an item. Both may be sent to another process."""

    def close(self) -> None:
        """Let go of the engine."""
        self.worker.close()


class EngineProcesses(Generic[Item, Result]):
    """Does what an `EngineUser` does on `jobs` processes; in this one where `jobs` is 1. A context manager.

    Which process does an item changes nothing: results come in the order of the items, and do not depend on `jobs`.
    """

    info: EngineInfo
    """Of the engine, which is the same in every process."""

    def __init__(self, user: type[EngineUser[Item, Result]], settings: Settings, jobs: int | None = None) -> None:
        """Start; `jobs` defaults to the number of cores this process may use. Raises like `EngineUser`."""
        self.jobs = cores() if jobs is None else jobs
        if self.jobs < 1:
            raise ValueError(f"jobs must be at least 1, got {jobs}")
        self._user: EngineUser[Item, Result] | None = None
        self._pool: ProcessPoolExecutor | None = None
        if self.jobs == 1:
            self._user = user(settings)
            self.info = self._user.info
        else:
            self._pool = ProcessPoolExecutor(self.jobs, get_context("spawn"), _begin, (user, settings))
            self.info = self._ask_info(self._pool)

    def map(self, items: Iterable[Item]) -> Iterator[tuple[Item, Result]]:
        """Each item with what came of it, in the order given. Raises what `EngineUser.do` raises."""
        if self._user is not None:
            for item in items:
                yield item, self._user.do(item)
        elif self._pool is not None:
            with deaths_told():
                for item, future in in_order(self._pool, _do, items, self.jobs * AHEAD):
                    yield item, future.result()

    def close(self) -> None:
        """End the processes; what they have not begun is given up."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        if self._user is not None:
            self._user.close()

    def __enter__(self) -> Self:
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


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


@contextmanager
def deaths_told() -> Iterator[None]:
    """Turn the death of a process into an `EngineError` that says what to do."""
    try:
        yield
    except BrokenProcessPool:
        raise EngineError("a listening process died, most often for want of memory; try again with fewer: --jobs 1") from None


_user: "EngineUser[Any, Any] | Exception | None" = None
"""In a process of the pool: what uses the engine, or why there is none."""


def _begin(user: type[EngineUser[Any, Any]], settings: Settings) -> None:
    global _user
    follow_the_first()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(getLevelNamesMapping()[settings.log.level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )
    try:
        _user = user(settings)
    except Exception as error:  # noqa: BLE001 - told to the first process, which raises it
        _user = error


def follow_the_first() -> None:
    """Leave it to the first process to end this one, and end when it is gone: one that is killed cannot end the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_the_first, daemon=True).start()


def _leave_with_the_first() -> None:
    if (first := parent_process()) is not None:
        first.join()
        os._exit(1)


def _the_user() -> EngineUser[Any, Any]:
    if isinstance(_user, EngineUser):
        return _user
    raise _user if _user is not None else RuntimeError("this process was not begun with an engine")


def _info() -> EngineInfo:
    return _the_user().info


def _do(item: Any) -> Any:
    return _the_user().do(item)
