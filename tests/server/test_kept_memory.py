"""Calls that are over leave nothing in the memory of a service that goes on, but for what the store's index is made of."""

import gc
import time
import tracemalloc
from collections.abc import Iterator
from itertools import pairwise

import pytest

from monitor.server.collector import MonitorCollector
from monitor.server.hub import Hub, Limits
from tests.server.conftest import StartService
from tests.server.service import CALM, PATIENCE, Service, wait_until

RECENT = 10_000
"""Bytes of events that journal and hub keep, each: full after a few calls here, after a thousand in a service."""
BEFORE, CALLS, TIMES = 60, 30, 4
TOLERANCE = 4_000
"""Bytes an ended call. By itself it leaves 300 to 500 (its id in the list of what is stored, tables that double); beside what
other tests of this process left running 1,800 were seen. A call whose events are kept leaves 12,900."""


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start(1)
    yield
    tracemalloc.stop()


def test_an_ended_call_leaves_nothing_in_memory(
    start_service: StartService, monkeypatch: pytest.MonkeyPatch, traced: None
) -> None:
    monkeypatch.setattr("monitor.store.zarr.ledger.RECENT", RECENT)
    monkeypatch.setattr("monitor.pipeline.inference_status.RECENT", 100)
    service = start_service(limits=Limits(recent=RECENT))

    held = [_bytes_after(service, BEFORE + CALLS * times) for times in range(TIMES + 1)]

    # What is under way is now more, now less; what calls leave is more every time.
    assert min(after - before for before, after in pairwise(held)) / CALLS < TOLERANCE


def test_where_nobody_scrapes_ended_calls_are_not_remembered(service: Service) -> None:
    collector = MonitorCollector(service.monitor, Hub(service.monitor.journal))
    service.monitor.journal.listen(collector.take)

    for number in range(4):
        service.finished_call(f"call-{number}", {"customer": [CALM]})
    service.finished_call("last", {"customer": [CALM]})

    assert collector._over <= {"call-3", "last"}


def _bytes_after(service: Service, calls: int) -> int:
    """What Python holds once so many calls are over, stored and in the history."""
    there = range(len(service.monitor.store.ids()), calls)
    begun = [service.call({"customer": [CALM]}, f"call-{number}", endless=False) for number in there]
    assert all(call.wait(PATIENCE) for call in begun)
    del begun
    with service.http() as client:
        wait_until(lambda: client.get("/api/v1/calls").json()["total"] == calls)
    time.sleep(0.2)
    gc.collect()
    return tracemalloc.get_traced_memory()[0]
