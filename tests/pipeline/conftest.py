"""A monitor on a real store with a deterministic engine."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor.config import Settings, load_settings
from monitor.pipeline.inference import InferenceWorker
from monitor.pipeline.monitor import Monitor
from monitor.store.zarr.store import ZarrStore
from tests.pipeline.level_engine import LevelEngine

StartMonitor = Callable[..., Monitor]


@pytest.fixture
def settings_of(tmp_path: Path) -> Callable[..., Settings]:
    def settings(**flags: Any) -> Settings:
        dotted = {key.replace("__", "."): value for key, value in flags.items()}
        return load_settings(environment={}, flags={"store.path": tmp_path / "store", "store.fsync": False, **dotted})

    return settings


@pytest.fixture
def start_monitor(settings_of: Callable[..., Settings]) -> Iterator[StartMonitor]:
    started: list[Monitor] = []

    def start(engine: LevelEngine | None = None, **flags: Any) -> Monitor:
        settings = settings_of(**flags)
        monitor = Monitor(settings, InferenceWorker.of(engine or LevelEngine(), settings.engine), ZarrStore(settings.store))
        started.append(monitor)
        return monitor

    yield start
    for monitor in started:
        if isinstance(monitor.inference.engine, LevelEngine):
            monitor.inference.engine.gate.set()
        monitor.close(10)
