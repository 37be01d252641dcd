"""The search for the greatest load: near the truth, with few trials."""

from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.capacity.search import PRECISION, largest


@given(st.integers(0, 3000), st.integers(1, 3000), st.integers(1, 3000))
def test_it_finds_the_truth_within_the_precision_and_never_more(truth: int, start: int, more: int) -> None:
    found = largest(lambda number: number <= truth, start, start + more)
    reachable = min(truth, start + more)
    assert reachable - max(1, PRECISION * reachable) <= found <= reachable


@given(st.integers(0, 3000), st.integers(1, 3000))
def test_no_number_is_tried_twice_and_few_are_tried(truth: int, start: int) -> None:
    tried: list[int] = []
    largest(lambda number: tried.append(number) or number <= truth, start, 3000)  # type: ignore[func-returns-value]
    assert len(tried) == len(set(tried))
    assert len(tried) <= 2 * log2(3000) + 2


@given(st.integers(1, 40), st.integers(1, 40))
def test_small_numbers_are_found_exactly(truth: int, start: int) -> None:
    assert largest(lambda number: number <= truth, start, 1000) in (truth, truth - 1)


@pytest.mark.parametrize(("start", "most"), [(0, 10), (11, 10)])
def test_a_start_that_is_not_between_is_refused(start: int, most: int) -> None:
    with pytest.raises(ValueError, match="must start between 1 and 10"):
        largest(lambda _: True, start, most)
