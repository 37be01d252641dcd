"""Frames that were committed before `kill -9` are there after it, and nobody ever reads what was not written."""

import random
import time
from pathlib import Path

import pytest

from monitor.conformance.stored_calls import assert_as_written
from monitor.errors import NotFoundError
from monitor.store.zarr.store import ZarrStore
from tests.store.conftest import Worker
from tests.store.zarr_folder import assert_no_fill_values


def wait_for(report: Path) -> None:
    while not report.exists() or report.stat().st_size == 0:
        time.sleep(0.002)


def read_for(store: ZarrStore, call: str, seconds: float) -> int:
    """Read the call again and again, as a dashboard and as a plain zarr reader; how often."""
    deadline, reads = time.monotonic() + seconds, 0
    while reads == 0 or time.monotonic() < deadline:
        stored = store.open(call)
        assert stored.status == "live"
        assert_as_written(stored)
        assert_no_fill_values(stored.path)
        reads += 1
    return reads


def reported(report: Path) -> dict[str, int]:
    lines = [line.split() for line in report.read_text().splitlines()]
    return {leg: int(frames) for leg, frames in lines}


@pytest.mark.parametrize("seed", range(30))
def test_what_was_committed_before_a_kill_is_there_after_it(seed: int, store: ZarrStore, worker: Worker, tmp_path: Path):
    report = tmp_path / "report"
    pid = worker.start("write_until_killed", path=str(store.settings.path), call="call-1", report=str(report))
    wait_for(report)
    read_for(store, "call-1", random.Random(seed).uniform(0, 0.25))

    worker.kill(pid)

    promised = reported(report)
    left = store.open("call-1")
    assert left.status == "interrupted"
    assert {leg: min(left.committed(leg), frames) for leg, frames in promised.items()} == promised
    assert_as_written(left)
    assert_no_fill_values(left.path)
    assert store.recover() == ["call-1"]
    recovered = store.open("call-1")
    assert recovered.status == "interrupted"
    assert {leg: recovered.committed(leg) for leg in left.record.legs} == {leg: left.committed(leg) for leg in left.record.legs}
    assert_as_written(recovered)
    assert_no_fill_values(recovered.path)


@pytest.mark.parametrize("seed", range(12))
def test_a_kill_while_a_call_is_created_leaves_a_call_or_nothing(seed: int, store: ZarrStore, worker: Worker, tmp_path: Path):
    pid = worker.start("write_until_killed", path=str(store.settings.path), call="call-1", report=str(tmp_path / "report"))
    time.sleep(random.Random(seed).uniform(0, 0.06))

    worker.kill(pid)

    recovered = store.recover()
    assert [line.id for line in store.catalogue()] == recovered
    assert [path for path in store.layout.calls.glob("*/*") if path.suffix != ".zarr"] == []


def test_a_call_whose_writer_lives_is_not_recovered(store: ZarrStore, worker: Worker, tmp_path: Path):
    report = tmp_path / "report"
    pid = worker.start("write_until_killed", path=str(store.settings.path), call="call-1", report=str(report))
    wait_for(report)

    recovered = store.recover()

    assert recovered == []
    assert store.open("call-1").status == "live"
    worker.kill(pid)


def test_an_unknown_call_is_not_found(store: ZarrStore):
    with pytest.raises(NotFoundError, match="call nobody is not in this store"):
        store.open("nobody")
