"""Pauses between attempts."""

import random

from hypothesis import given
from hypothesis import strategies as st

from monitor.config.sinks import RetrySection
from monitor.sinks.backoff import LONGEST_ASKED, Backoff

RETRY = RetrySection(first_pause=1, longest_pause=60)


def pauses(count: int, seed: int = 0) -> list[float]:
    backoff = Backoff(RETRY, random.Random(seed))
    return [backoff.after_failure() for _ in range(count)]


@given(st.integers(0, 2**32))
def test_pauses_double_up_to_the_longest_and_are_spread_over_a_half(seed: int) -> None:
    wholes = [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert all(whole / 2 <= pause <= whole for pause, whole in zip(pauses(9, seed), wholes, strict=True))


def test_two_services_do_not_wait_alike() -> None:
    assert pauses(5, seed=1) != pauses(5, seed=2)


def test_a_success_begins_anew() -> None:
    backoff = Backoff(RETRY)
    before = [backoff.after_failure() for _ in range(8)][-1]
    backoff.after_success()
    assert backoff.after_failure() <= 1 < 30 <= before


def test_it_waits_at_least_as_long_as_it_was_asked_to_within_an_hour() -> None:
    backoff = Backoff(RETRY)
    assert (backoff.after_failure(120), backoff.after_failure(1e9)) == (120, LONGEST_ASKED)


def test_thousands_of_failures_are_no_number_too_large() -> None:
    assert max(pauses(5_000)) <= 60
