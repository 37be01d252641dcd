"""Loads of many variants: tried in turn, and again about what was found."""

import argparse
from itertools import pairwise
from pathlib import Path

import pytest

from lab.experiments.many_calls.__main__ import guess_of
from lab.experiments.many_calls.load import Variant
from lab.experiments.many_calls.search import Guess, in_turn

OLD, NEW = Variant(Path("/older"), 1), Variant(None, 2)
CARRIED = {OLD: 87, NEW: 203}
GUESSES = (Guess(OLD, 60, 110), Guess(NEW, 120, 260))


def searched(repetitions: int) -> tuple[dict[Variant, list[int]], list[tuple[Variant, int]]]:
    """What is found of a fake load, and what was tried."""
    tried: list[tuple[Variant, int]] = []

    def carries(variant: Variant, calls: int) -> bool:
        tried.append((variant, calls))
        return calls <= CARRIED[variant]

    found = in_turn(GUESSES, repetitions, 0.08, carries)
    return {variant: list(calls) for variant, calls in found.items()}, tried


def test_each_variant_has_its_answer_of_each_repetition() -> None:
    found, tried = searched(3)
    assert {variant: len(calls) for variant, calls in found.items()} == {OLD: 3, NEW: 3}
    for variant, each in found.items():
        for calls in each:
            assert (variant, calls) in tried
            assert CARRIED[variant] * 0.92 <= calls <= CARRIED[variant]


def test_variants_take_turns() -> None:
    _, tried = searched(1)
    both = 2 * min(sum(variant is one for variant, _ in tried) for one in (OLD, NEW))
    assert all(first is not second for (first, _), (second, _) in pairwise(tried[:both]))


def test_a_further_repetition_costs_two_loads_a_variant_where_nothing_has_changed() -> None:
    assert len(searched(3)[1]) - len(searched(2)[1]) == 4


def test_a_variant_is_named_by_its_version_and_where_its_answer_is_thought_to_be() -> None:
    assert guess_of("this:2:120:240") == Guess(Variant(None, 2), 120, 240)


@pytest.mark.parametrize("text", ["this", "this:2:120", "this:two:1:2", "/no/such/checkout:1:2:3"])
def test_what_names_no_variant_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="VERSION:WORKERS:LOW:HIGH"):
        guess_of(text)
