"""The queue between the callback and the call keeps count of what it drops."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.sources.capture import Captured, CaptureQueue


def block(length: int) -> np.ndarray:
    return np.ones((length, 1), np.float32)


def drained(queue: CaptureQueue) -> list[tuple[int, int]]:
    queue.close()
    return [(captured.lost, len(captured.samples)) for captured in iter(lambda: queue.get(0), None)]


def test_blocks_come_out_in_order_and_whole():
    queue = CaptureQueue(100)
    queue.put(block(10))
    queue.put(block(20))
    assert drained(queue) == [(0, 10), (0, 20)]


def test_what_did_not_fit_is_told_before_the_block_that_follows_it():
    queue = CaptureQueue(30)
    queue.put(block(20))
    queue.put(block(15))
    assert isinstance(queue.get(0), Captured)
    queue.put(block(10))
    assert drained(queue) == [(15, 10)]
    assert queue.overflowed == 15


def test_what_is_lost_at_the_end_is_told_too():
    queue = CaptureQueue(30)
    queue.put(block(20))
    queue.put(block(15))
    assert drained(queue) == [(0, 20), (15, 0)]


def test_what_the_device_lost_counts_like_what_the_queue_dropped():
    queue = CaptureQueue(30)
    queue.put(block(20), lost=7)
    assert drained(queue) == [(7, 20)]
    assert queue.overflowed == 7


def test_a_block_is_a_copy_because_the_device_reuses_its_memory():
    queue = CaptureQueue(30)
    samples = block(3)
    queue.put(samples)
    samples[:] = 0
    assert queue.get(0).samples.sum() == 3


def test_closing_wakes_a_reader_that_waits():
    queue = CaptureQueue(30)
    threading.Timer(0.05, queue.close).start()
    assert queue.get(60) is None


@given(st.lists(st.tuples(st.integers(1, 20), st.integers(0, 5), st.booleans())))
def test_lost_and_delivered_samples_add_up_to_what_was_captured(steps):
    queue = CaptureQueue(40)
    taken = []
    for length, lost, take in steps:
        queue.put(block(length), lost)
        taken.extend(filter(None, [queue.get(0) if take else None]))
    rest = drained(queue)
    told = sum(captured.lost + len(captured.samples) for captured in taken) + sum(lost + length for lost, length in rest)
    assert told == sum(length + lost for length, lost, _ in steps)


def test_a_queue_that_could_hold_nothing_is_refused():
    with pytest.raises(ValueError, match="got 0"):
        CaptureQueue(0)
