"""The stores that ship pass the suite of `monitor/conformance/stores.py`. A further one is one more line in `CASES`."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from monitor.config.sections import StoreSection
from monitor.conformance.stores import *  # noqa: F403 - its tests
from monitor.store.base import Store
from monitor.store.zarr_store import ZarrStore

CASES: Mapping[str, Callable[[Path], Store]] = {"zarr": lambda path: ZarrStore(StoreSection(path=path, fsync=False))}


@pytest.fixture(params=sorted(CASES))
def make_store(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Store]:
    return lambda: CASES[request.param](tmp_path / "store")
