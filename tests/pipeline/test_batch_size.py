"""The size of batches: as large as is quick, and never again as large as did not fit."""

import pytest

from monitor.pipeline.batch_size import FORGIVEN_AFTER, BatchSize


def test_it_doubles_up_to_the_limit_while_full_batches_are_quick() -> None:
    size = BatchSize(most=12, latency=1.5)
    sizes = []
    for _ in range(5):
        sizes.append(size.most)
        size.computed(size.most, 0.1)
    assert sizes == [1, 2, 4, 8, 12]


def test_batches_that_are_not_full_tell_nothing_about_larger_ones() -> None:
    size = BatchSize(most=12, latency=1.5)
    size.computed(1, 0.1)
    size.computed(1, 0.1)
    assert size.most == 2


def test_a_slow_batch_halves_it_and_one_window_is_the_least() -> None:
    size = BatchSize(most=8, latency=1.5)
    size.computed(1, 0.1)
    size.computed(2, 0.1)
    size.computed(4, 0.9)
    halved = size.most
    size.computed(1, 5.0)
    assert (halved, size.most) == (2, 1)


def test_what_did_not_fit_is_not_tried_again_for_a_long_while() -> None:
    size = BatchSize(most=64, latency=1.5)
    size.exceeded_memory(32)
    for _ in range(FORGIVEN_AFTER - 1):
        size.computed(size.most, 0.01)
    before = size.most
    size.computed(16, 0.01)
    assert (before, size.most) == (16, 32)


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="max_batch must be at least 1, got 0"):
        BatchSize(0, 1.5)
