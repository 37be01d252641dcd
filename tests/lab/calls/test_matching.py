"""Matching of changes, and covering."""

from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.calls.covering import covering
from lab.calls.matching import match

times = st.lists(st.integers(0, 400).map(lambda tick: tick / 10), max_size=6, unique=True)


def best_by_trying_all(true, found, tolerance):
    """Most pairs, then least distance, over all one-to-one matchings."""
    short, long = sorted((true, found), key=len)
    distances = [
        [abs(one - other) for one, other in zip(short, chosen, strict=True) if abs(one - other) <= tolerance + 1e-9]
        for chosen in permutations(long, len(short))
    ]
    return min((-len(each), round(sum(each), 6)) for each in distances)


@given(times, times, st.sampled_from((1.0, 2.0, 4.0)))
def test_the_matching_has_the_most_pairs_and_of_those_the_nearest(true, found, tolerance):
    pairs = match(true, found, tolerance)
    distance = sum(abs(true[i] - found[j]) for i, j in pairs)
    assert (-len(pairs), round(distance, 6)) == best_by_trying_all(true, found, tolerance)


@given(times, times)
def test_each_change_is_in_one_pair_at_most_and_pairs_are_near(true, found):
    pairs = match(true, found, 2.0)
    assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs)
    assert all(abs(true[i] - found[j]) <= 2.0 + 1e-6 for i, j in pairs)


@given(times, times)
def test_it_does_not_matter_which_side_is_true(true, found):
    assert len(match(true, found, 2.0)) == len(match(found, true, 2.0))


@given(times, times, st.floats(-100, 100))
def test_shifting_both_sides_changes_nothing(true, found, shift):
    here = match(true, found, 2.05)
    assert len(match([t + shift for t in true], [t + shift for t in found], 2.05)) == len(here)


@given(times)
def test_what_is_found_in_its_place_is_matched_to_itself(true):
    assert match(true, true, 0.0) == [(index, index) for index in range(len(true))]


@given(times, times)
def test_a_wider_tolerance_never_finds_fewer(true, found):
    assert len(match(true, found, 1.0)) <= len(match(true, found, 2.0)) <= len(match(true, found, 4.0))


def test_a_greedy_matching_would_find_fewer():
    assert match([10.0, 11.0], [11.0, 12.0], 1.0) == [(0, 0), (1, 1)]


def test_a_negative_tolerance_is_refused():
    with pytest.raises(ValueError, match=r"-1\.0"):
        match([1.0], [1.0], -1.0)


def covering_by_counting(true, found, length):
    """The definition over sets of samples."""

    def segments(changes):
        edges = [0, *changes, length]
        return [set(range(start, stop)) for start, stop in pairwise(edges)]

    best = [max(len(one & other) / len(one | other) for other in segments(found)) * len(one) for one in segments(true)]
    return sum(best) / length


places = st.lists(st.integers(1, 39), max_size=6, unique=True).map(sorted)


@given(places, places)
def test_covering_is_that_of_the_definition(true, found):
    assert covering(true, found, 40.0) == pytest.approx(covering_by_counting(true, found, 40))


@given(places, places)
def test_covering_is_one_only_where_the_segments_are_the_same(true, found):
    value = covering(true, found, 40.0)
    assert 0 < value <= 1 + 1e-12
    assert (value == pytest.approx(1.0)) == (true == found)


@given(places, places, st.floats(0.1, 100))
def test_covering_does_not_depend_on_the_unit_of_time(true, found, unit):
    scaled = covering([t * unit for t in true], [t * unit for t in found], 40.0 * unit)
    assert scaled == pytest.approx(covering(true, found, 40.0))


def test_changes_outside_of_the_call_are_no_segments():
    assert covering([5.0], [5.0, 12.0, -1.0], 10.0) == pytest.approx(1.0)


def test_covering_of_no_time_is_refused():
    with pytest.raises(ValueError, match="above 0"):
        covering([], [], 0.0)


def test_covering_counts_half_of_a_call_that_is_not_split():
    assert covering(np.array([5.0]), np.array([]), 10.0) == pytest.approx(0.5)
