"""The stores that ship pass the suite of `monitor/conformance/stores.py`. A further one is one more line in `CASES`."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from monitor.config.sections import DiskOptions
from monitor.conformance.stores import *  # noqa: F403 - its tests
from monitor.store.base import Store
from monitor.store.memory import MemoryStore
from monitor.store.registry import STORES
from monitor.store.zarr.store import ZarrStore


def in_memory(folder: Path) -> Callable[[], Store]:
    store = MemoryStore()
    return lambda: store


CASES: Mapping[str, Callable[[Path], Callable[[], Store]]] = {
    "memory": in_memory,
    "zarr": lambda folder: lambda: ZarrStore(DiskOptions(path=folder / "store", fsync=False)),
}


@pytest.fixture(params=sorted(CASES))
def make_store(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Store]:
    return CASES[request.param](tmp_path)


def test_every_store_that_ships_has_a_case() -> None:
    assert sorted(CASES) == list(STORES.names())
