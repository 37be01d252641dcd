from pathlib import Path

import pytest

from monitor.conformance.stored_calls import frames_of, record_of
from monitor.store.zarr.store import ZarrStore
from tests.store.zarr_folder import store_at


@pytest.fixture
def store(tmp_path: Path) -> ZarrStore:
    """A store with the finished call `call-1` of two legs, 6 s of the customer at 50 Hz and 4 s of the agent at 10."""
    kept = store_at(tmp_path / "store")
    writer = kept.create(record_of())
    writer.append(frames_of("call-1", "customer", 0, 300))
    writer.append(frames_of("call-1", "agent", 0, 200))
    writer.snapshot()
    writer.finish("finished", {})
    return kept
