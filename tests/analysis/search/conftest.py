from pathlib import Path

import pytest

from monitor.analysis.search import SearchIndex, index_of
from monitor.store.zarr.store import ZarrStore
from tests.store.zarr_folder import store_at


@pytest.fixture
def store(tmp_path: Path) -> ZarrStore:
    return store_at(tmp_path / "store")


@pytest.fixture
def index(store: ZarrStore) -> SearchIndex:
    store.check_writable()
    found = index_of(store)
    assert found is not None
    return found
