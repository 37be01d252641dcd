"""From the settings to the monitor of a service: alone, or with workers."""

from collections.abc import Callable

from monitor.config import Settings
from monitor.engines.options import EngineOptions
from monitor.pipeline.engine_processes import cores
from monitor.pipeline.inference import InferenceWorker
from monitor.pipeline.monitor import Monitor
from monitor.store.base import Store
from monitor.store.registry import STORES
from monitor.workers.crew import Crew


def open_monitor(
    settings: Settings, inference: InferenceWorker, store: Store, prepare: Callable[[], None] | None = None
) -> Monitor:
    """The monitor by `server.workers`; `prepare` is called in each worker first. Raises as `Monitor` does."""
    workers = workers_of(settings)
    if workers == 1:
        return Monitor(settings, inference, store)
    return Crew(settings, inference, store, workers, prepare)


def workers_of(settings: Settings) -> int:
    """`server.workers`; by default as many as cores, where that is of use and the store may be shared."""
    if settings.server.workers is not None:
        return settings.server.workers
    engine = settings.engine
    shared = STORES.load(settings.store.kind, "store.kind").lasting
    alone = not shared or settings.engine.threads > 1 or not (isinstance(engine, EngineOptions) and engine.one_core)
    return 1 if alone else cores()
