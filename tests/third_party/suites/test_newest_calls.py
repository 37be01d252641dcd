"""The tests of that package: the suite of stores, and what is its own."""

from collections.abc import Callable

import pytest
from emotion_monitor_example.newest_calls import NewestCalls, NewestCallsOptions  # type: ignore[import-not-found]

from monitor.conformance.stores import *  # noqa: F403
from monitor.conformance.stores import stored_call
from monitor.store.base import Store


@pytest.fixture
def make_store() -> Callable[[], Store]:
    store = NewestCalls(NewestCallsOptions())
    return lambda: store


def test_the_oldest_call_is_forgotten() -> None:
    store = NewestCalls(NewestCallsOptions(calls=1))
    for name in ("a", "b", "c"):
        stored_call(store, name)
    assert len(store.catalogue()) == 2
