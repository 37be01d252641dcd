"""From the settings to the monitor of a service: alone, or with workers."""

from collections.abc import Callable

from monitor.config import Settings
from monitor.engines.options import EngineOptions
from monitor.pipeline.engine_processes import cores
from monitor.pipeline.inference import InferenceWorker
from monitor.pipeline.monitor import Monitor
from monitor.store.base import Store
from monitor.workers.crew import Crew


def open_monitor(
    settings: Settings, inference: InferenceWorker, store: Store, prepare: Callable[[], None] | None = None
) -> Monitor:
    """The monitor by `server.workers`; `prepare` is called in each worker first. Raises as `Monitor` does."""
    workers = settings.server.workers or default_workers(settings, store)
    if workers == 1:
        return Monitor(settings, inference, store)
    return Crew(settings, inference, store, workers, prepare)


def default_workers(settings: Settings, store: Store) -> int:
    """As many as cores, where that is of use and the store may be shared."""
    engine = settings.engine
    alone = not store.lasting or settings.engine.threads > 1 or not (isinstance(engine, EngineOptions) and engine.one_core)
    return 1 if alone else cores()
