"""Snapshots of calls in progress: when they are due, one at a time, and never in the way of the call."""

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from monitor.audio.chunk import Samples
from monitor.errors import StoreError
from monitor.events import Frames, Leg
from monitor.pipeline import snapshots as snapshots_module
from monitor.pipeline.snapshots import Snapshots, first_after
from monitor.store.base import CallWriter


class SnapshotCounter(CallWriter):
    """Counts snapshots, which take until `may_end` is set, and how many were written at once."""

    at_once = 0
    most_at_once = 0

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.may_end = threading.Event()
        self.may_end.set()
        self.error: Exception | None = None
        self.snapshots = 0

    def snapshot(self) -> None:
        SnapshotCounter.at_once += 1
        SnapshotCounter.most_at_once = max(SnapshotCounter.most_at_once, SnapshotCounter.at_once)
        self.begun.set()
        self.may_end.wait(10)
        SnapshotCounter.at_once -= 1
        self.snapshots += 1
        if self.error:
            raise self.error

    def append(self, frames: Frames) -> None: ...

    def append_audio(self, leg: Leg, samples: Samples) -> None: ...

    def committed(self, leg: Leg) -> int:
        return 0

    def close(self, reason: str, reports: Mapping[str, Mapping[str, Any]]) -> None: ...

    def release(self) -> None: ...

    def discard(self) -> None: ...


@pytest.fixture
def thread() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(snapshots_module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


def test_they_come_at_the_set_interval(thread: ThreadPoolExecutor, clock: list[float]) -> None:
    writer = SnapshotCounter()
    snapshots = Snapshots(writer, 180, thread)
    taken_at = []
    for second in range(0, 901, 10):
        clock[0], before = float(second), writer.snapshots
        snapshots.when_due()
        thread.submit(lambda: None).result()
        if writer.snapshots > before:
            taken_at.append(second)
    assert taken_at == [180, 360, 540, 720, 900]


def test_those_of_calls_that_begin_together_come_evenly_over_half_of_the_interval() -> None:
    firsts = sorted(first_after(f"20261130-120000-{number:06x}", 180) for number in range(200))
    assert firsts[0] >= 90
    assert firsts[-1] <= 180
    assert max(sum(begin <= first < begin + 10 for first in firsts) for begin in range(90, 180, 10)) < 40


def test_those_of_several_calls_are_written_one_after_the_other(thread: ThreadPoolExecutor, clock: list[float]) -> None:
    writers = [SnapshotCounter() for _ in range(5)]
    calls = [Snapshots(writer, 10, thread) for writer in writers]
    clock[0] = 10.0
    for call in calls:
        call.when_due()
    thread.submit(lambda: None).result()
    assert ([writer.snapshots for writer in writers], SnapshotCounter.most_at_once) == ([1] * 5, 1)


def test_a_call_that_ends_waits_for_its_own_snapshot_and_calls_off_one_that_has_not_begun(
    thread: ThreadPoolExecutor, clock: list[float]
) -> None:
    first, second = SnapshotCounter(), SnapshotCounter()
    first.may_end.clear()
    one, other = Snapshots(first, 10, thread), Snapshots(second, 10, thread)
    clock[0] = 10.0
    one.when_due()
    assert first.begun.wait(10)
    other.when_due()
    other.finish()
    first.may_end.set()
    one.finish()
    assert (first.snapshots, second.snapshots) == (1, 0)


@pytest.mark.parametrize("error", [StoreError("no space left on device"), ZeroDivisionError()])
def test_one_that_fails_is_tried_again_when_the_next_is_due(
    thread: ThreadPoolExecutor, clock: list[float], error: Exception
) -> None:
    writer = SnapshotCounter()
    writer.error = error
    snapshots = Snapshots(writer, 10, thread)
    for now in (10.0, 20.0, 30.0):
        clock[0] = now
        snapshots.when_due()
        thread.submit(lambda: None).result()
    snapshots.finish()
    assert writer.snapshots == 3
