"""Stores that sinks follow, and a server that receives."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.conformance.followed_journal import Following
from monitor.store.zarr.store import ZarrStore
from tests.sinks.receiver import Receiver, running_receiver
from tests.store.zarr_folder import store_at


@pytest.fixture
def store(tmp_path: Path) -> ZarrStore:
    return store_at(tmp_path / "store")


@pytest.fixture
def following(store: ZarrStore) -> Iterator[Following]:
    """Ended after the test, however it went."""
    following = Following(store)
    yield following
    following.close(farewell=0)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as receiver:
        yield receiver
