"""The schedule in virtual time: who is heard, when, and what is given up, at any load and by the hour."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.engines.base import Window
from monitor.pipeline.backlog import LAST_WINDOWS, Backlog, LegQueue, Policy, Task
from monitor.pipeline.batch_size import SHARE
from monitor.pipeline.urgency import Urgency
from monitor.pipeline.windows import Geometry
from tests.pipeline.virtual_time import STREAMING, WINDOWED, Cost, Outcome, per_frame, simulate

BACKGROUND, QUIET, SPEAKING, URGENT = Urgency
LIVE = [QUIET, SPEAKING, URGENT]
MIXED = [SPEAKING] * 6 + [QUIET] * 5 + [URGENT]
GEOMETRIES = pytest.mark.parametrize("geometry", [WINDOWED, STREAMING], ids=["windowed", "streaming"])

loads = st.floats(0.05, 12)
urgencies = st.lists(st.sampled_from(LIVE), min_size=1, max_size=12)
geometries = st.sampled_from([WINDOWED, STREAMING])


def cost_of(load: float, legs: int, geometry: Geometry) -> Cost:
    """An engine for which so many live legs are `load` times what it can compute in real time."""
    return per_frame(load / (legs * geometry.window * 50 / geometry.hop))


def run(load: float, legs: list[Urgency], geometry: Geometry, seconds: float = 120) -> Outcome:
    return simulate(legs, seconds, cost_of(load, len(legs), geometry), geometry=geometry)


@given(loads, urgencies, geometries)
def test_every_frame_is_heard_or_is_a_gap(load: float, legs: list[Urgency], geometry: Geometry) -> None:
    outcome = run(load, legs, geometry, 20)
    assert [leg.heard + leg.gaps for leg in outcome.legs] == [leg.offered for leg in outcome.legs]


@given(loads, urgencies, geometries)
def test_the_windows_of_a_leg_stay_in_order_and_one_a_batch(load: float, legs: list[Urgency], geometry: Geometry) -> None:
    outcome = run(load, legs, geometry, 20)
    assert all(first < second for leg in outcome.legs for first, second in pairwise(leg.firsts))
    assert all(len({leg for leg, _ in batch}) == len(batch) for batch in outcome.batches)


@given(loads, urgencies, geometries)
def test_the_windows_of_a_batch_have_one_length(load: float, legs: list[Urgency], geometry: Geometry) -> None:
    assert all(len({samples for _, samples in batch}) == 1 for batch in run(load, legs, geometry, 20).batches)


@given(st.floats(0.05, 0.9), urgencies, geometries)
def test_without_overload_nothing_is_joined_given_up_or_late(load: float, legs: list[Urgency], geometry: Geometry) -> None:
    outcome = run(load, legs, geometry, 20)
    assert {hops for leg in outcome.legs for hops in leg.hops} == {1}
    assert sum(leg.gaps for leg in outcome.legs) == 0
    assert outcome.p95(*LIVE) < 1.5


@pytest.mark.parametrize("load", [1.1, 1.5, 2.0])
def test_the_hop_grows_before_anything_is_given_up(load: float) -> None:
    outcome = run(load, MIXED, WINDOWED)
    assert max(hops for leg in outcome.legs for hops in leg.hops) > 1
    assert sum(leg.gaps for leg in outcome.legs) == 0


@pytest.mark.parametrize("load", [3, 4, 10])
@GEOMETRIES
def test_in_overload_the_urgent_are_heard_more_than_the_speaking_and_these_more_than_the_quiet(
    load: float, geometry: Geometry
) -> None:
    outcome = run(load, MIXED, geometry)
    assert outcome.share(URGENT) >= outcome.share(SPEAKING) > outcome.share(QUIET) > 0


@pytest.mark.parametrize("load", [2, 4, 10])
@GEOMETRIES
def test_in_overload_no_leg_is_lost(load: float, geometry: Geometry) -> None:
    outcome = run(load, MIXED, geometry)
    assert max(leg.longest_unheard for leg in outcome.legs) < 4 * load


@pytest.mark.parametrize("load", [2, 4, 10])
@GEOMETRIES
def test_equally_urgent_legs_have_equally_many_turns(load: float, geometry: Geometry) -> None:
    turns = [len(leg.heard_at) for leg in run(load, [SPEAKING] * 12, geometry).legs]
    assert max(turns) - min(turns) <= 0.1 * max(turns) + 1


@pytest.mark.parametrize("load", [1.5, 2, 4])
@GEOMETRIES
def test_in_a_lasting_overload_who_speaks_is_heard_in_time_or_not_at_all(load: float, geometry: Geometry) -> None:
    outcome = run(load, MIXED, geometry, 300)
    settled = [
        latency for leg in outcome.of(SPEAKING) + outcome.of(URGENT) for latency in leg.latencies[len(leg.latencies) // 4 :]
    ]
    assert np.quantile(settled, 0.95) < 1.5 + SHARE * 1.5


@GEOMETRIES
def test_a_pause_of_the_machine_is_caught_up_with_and_costs_no_frame(geometry: Geometry) -> None:
    usual = cost_of(0.5, len(MIXED), geometry)
    calls = iter(range(1_000_000))
    outcome = simulate(MIXED, 60, lambda jobs: 3.0 if next(calls) == 200 else usual(jobs), geometry=geometry)
    assert sum(leg.gaps for leg in outcome.legs) == 0
    assert {leg.hops[-1] for leg in outcome.legs} == {1}


def test_files_use_what_live_legs_leave_and_lose_nothing() -> None:
    legs = [*MIXED, BACKGROUND, BACKGROUND]
    outcome = simulate(legs, 60, cost_of(0.7, len(MIXED), WINDOWED))
    assert [(leg.gaps, set(leg.hops)) for leg in outcome.of(BACKGROUND)] == [(0, {1})] * 2
    assert sum(leg.gaps for leg in outcome.legs) == 0


def test_in_overload_a_file_goes_on_slowly() -> None:
    outcome = simulate([*MIXED, BACKGROUND], 60, cost_of(3, len(MIXED), WINDOWED))
    file = outcome.of(BACKGROUND)[0]
    assert (file.heard, file.gaps) == (file.offered, 0)
    assert file.heard_at[1] < 60


def test_batches_grow_with_the_load_where_they_are_cheap() -> None:
    gpu = per_frame(1e-6, per_batch=0.02)
    few = simulate([SPEAKING] * 4, 20, gpu)
    many = simulate([SPEAKING] * 400, 20, gpu)
    assert (max(map(len, few.batches)), max(map(len, many.batches)), many.p95(SPEAKING) < 0.5) == (1, 32, True)


def test_where_a_window_is_dear_batches_stay_short() -> None:
    outcome = simulate([SPEAKING] * 12, 60, per_frame(0.2 / 100))
    assert max(map(len, outcome.batches)) <= 4


def task(leg: LegQueue, first: int, at: float) -> Task:
    """A window that nobody waits for."""
    window = Window(leg.leg_id, first, np.zeros(45 * 320, np.float32), first, first + 25)
    return Task(leg, window, at, lambda outcome: None)


def test_a_leg_never_holds_more_than_its_limit() -> None:
    backlog = Backlog(Policy(1.5, 2.0, 3))
    leg = LegQueue(1, SPEAKING)
    given_up = [len(backlog.add(task(leg, 25 * n, 0.0))) for n in range(6)]
    assert (given_up, len(backlog)) == ([0, 0, 0, 0, 1, 1], 4)


def test_a_leg_that_lost_a_window_comes_the_sooner_with_the_next() -> None:
    backlog = Backlog(Policy(1.5, 2.0, 3))
    loser, other = LegQueue(1, SPEAKING), LegQueue(2, SPEAKING)
    backlog.add(task(loser, 0, 0.0))
    backlog.give_up(2.5, 0.0)
    backlog.add(task(other, 0, 2.6))
    backlog.add(task(loser, 25, 2.7))
    assert [job.leg for job in backlog.take(2.8, 1)] == [loser]


def overloaded(limit: float, *waiting: Task) -> Backlog:
    """A backlog in which a leg has been late for long enough that an overload is assumed."""
    backlog = Backlog(Policy(1.5, limit, 3))
    for task in waiting:
        backlog.add(task)
    backlog.give_up(0.8, 0.0)
    return backlog


def test_the_last_windows_of_a_leg_whose_audio_is_over_are_not_given_up_in_overload() -> None:
    over, other = LegQueue(1, SPEAKING), LegQueue(2, SPEAKING)
    over.over = True
    last, late = task(over, 0, 0.0), task(other, 0, 0.0)
    backlog = overloaded(2.0, last, late)
    assert backlog.give_up(6.0, 0.0) == [late]
    assert [job.leg for job in backlog.take(6.0, 1)] == [over]


def test_a_leg_whose_audio_is_over_may_hold_all_its_last_windows_but_not_for_ever() -> None:
    leg = LegQueue(1, SPEAKING)
    leg.over = True
    tasks = [task(leg, 25 * n, 0.0) for n in range(6)]
    backlog = overloaded(2.0, *tasks)
    assert len(backlog) == 6
    assert backlog.give_up(LAST_WINDOWS + 1, 0.0) == tasks


def test_a_leg_whose_audio_is_over_makes_no_overload_for_others() -> None:
    over, other = LegQueue(1, SPEAKING), LegQueue(2, SPEAKING)
    over.over = True
    backlog = overloaded(10.0, task(over, 0, 0.0))
    backlog.add(task(other, 0, 6.0))
    assert backlog.give_up(8.0, 0.0) == []


def test_what_waits_of_a_leg_that_is_dropped_is_forgotten_and_nothing_else() -> None:
    backlog = Backlog(Policy(1.5, 10.0, 3))
    gone, other = LegQueue(1, SPEAKING), LegQueue(2, SPEAKING)
    backlog.add(task(gone, 0, 0.0))
    backlog.add(task(gone, 25, 0.0))
    backlog.add(task(other, 0, 0.0))

    backlog.drop(gone)

    assert (len(backlog), backlog.legs) == (1, 1)
    assert [job.leg for job in backlog.take(0.1, 4)] == [other]
