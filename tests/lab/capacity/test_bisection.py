"""Bisection between two guesses: what it finds was tried, wherever the truth is, and few numbers are."""

from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.capacity.bisection import Bisection


def searched(truth: int, low: int, high: int, precision: float) -> tuple[int, list[int]]:
    return told(Bisection(low, high, precision), truth)


def told(search: Bisection, truth: int) -> tuple[int, list[int]]:
    """What is found where up to `truth` is carried, and what was tried."""
    tried: list[int] = []
    while search.next is not None:
        tried.append(search.next)
        search.tell(carried=search.next <= truth)
    return search.found, tried


CASES = (st.integers(0, 3000), st.integers(1, 600), st.integers(1, 600), st.floats(0.01, 0.3))


@given(*CASES)
def test_what_is_found_was_carried_and_little_more_was_not(truth: int, low: int, more: int, precision: float) -> None:
    found, tried = searched(truth, low, low + more, precision)
    refused = min(number for number in tried if number > truth)
    assert found <= truth
    assert found in tried or found == truth == 0
    assert refused - found <= max(1, precision * found)


@given(*CASES)
def test_no_number_is_tried_twice(truth: int, low: int, more: int, precision: float) -> None:
    _, tried = searched(truth, low, low + more, precision)
    assert len(tried) == len(set(tried))


@given(st.integers(1, 3000), st.integers(1, 3000), st.floats(0, 0.99), st.floats(0.01, 0.3))
def test_between_good_guesses_few_numbers_are_tried(low: int, more: int, place: float, precision: float) -> None:
    _, tried = searched(low + int(place * more), low, low + more, precision)
    assert len(tried) <= log2(more) + 3


@given(st.integers(20, 3000), st.floats(0.05, 0.3))
def test_two_trials_say_that_it_is_still_the_number_that_was_found_before(found: int, precision: float) -> None:
    again, tried = told(Bisection.around(found, precision), found)
    assert (again, len(tried)) == (found, 2)


@pytest.mark.parametrize("truth", [160, 175, 190, 200])
def test_a_little_beside_the_number_that_was_found_before_some_more_trials_find_the_new_one(truth: int) -> None:
    found, tried = told(Bisection.around(180, 0.08), truth)
    assert truth - 0.08 * truth <= found <= truth
    assert len(tried) <= 5


@pytest.mark.parametrize(("low", "high"), [(0, 10), (10, 10), (11, 10)])
def test_guesses_that_are_no_interval_are_refused(low: int, high: int) -> None:
    with pytest.raises(ValueError, match="1 <= low < high"):
        Bisection(low, high, 0.1)
