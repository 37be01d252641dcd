"""The inference worker: batches across legs, and one bad window costs only itself."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future

import numpy as np
import pytest

from monitor.engines.base import Window, WindowFrames
from monitor.errors import EngineError
from monitor.pipeline.backlog import Backlog, GivenUpError, LegQueue, Policy
from monitor.pipeline.inference import InferenceWorker
from monitor.pipeline.inference_status import FAILING_AFTER
from tests.pipeline.level_engine import LevelEngine


@pytest.fixture
def engine() -> LevelEngine:
    return LevelEngine()


PATIENCE = 60.0
"""Seconds after which a test gives up waiting."""
PATIENT = Policy(latency=1e6, max_backlog=1e6, growth=3)
"""Nothing is ever late, so that nothing depends on the time that passes."""


@pytest.fixture
def worker(engine: LevelEngine) -> Iterator[InferenceWorker]:
    worker = InferenceWorker(engine, max_batch=4, policy=PATIENT)
    yield worker
    engine.gate.set()
    worker.close()


@pytest.fixture
def hasty(engine: LevelEngine, monkeypatch: pytest.MonkeyPatch) -> Iterator[InferenceWorker]:
    """Whatever waited is late, and no lateness lasts long enough to be an overload."""
    monkeypatch.setattr("monitor.pipeline.backlog.OVERLOAD_AFTER", 1e15)
    worker = InferenceWorker(engine, max_batch=4, policy=Policy(latency=1e-9, max_backlog=1e6, growth=3))
    yield worker
    engine.gate.set()
    worker.close()


def window(leg: LegQueue, value: float = 0.5, first: int = 0) -> Window:
    return Window(leg.leg_id, first, np.full(1600, value, np.float32), first, first + 5)


def submit(worker: InferenceWorker, value: float = 0.5, leg: LegQueue | None = None, first: int = 0) -> "Future[WindowFrames]":
    leg = leg or worker.open_leg(live=True)
    future: Future[WindowFrames] = Future()

    def done(outcome: WindowFrames | EngineError) -> None:
        if isinstance(outcome, EngineError):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)

    worker.submit(leg, window(leg, value, first), done)
    return future


def let_batches_grow(worker: InferenceWorker) -> None:
    """One window at a time is where a worker begins; afterwards a batch may have `max_batch`."""
    while worker.status().batch_limit < 4:
        wait(behind_a_gate(worker, [0.5] * worker.status().batch_limit))


def behind_a_gate(worker: InferenceWorker, values: Sequence[float]) -> list["Future[WindowFrames]"]:
    """Submit windows of as many legs so that all of them wait together."""
    engine = worker.engine
    assert isinstance(engine, LevelEngine)
    engine.gate.clear()
    first = submit(worker)
    assert engine.waiting.wait(PATIENCE)
    futures = [submit(worker, value) for value in values]
    engine.gate.set()
    first.result(PATIENCE)
    return futures


def wait(futures: Sequence["Future[WindowFrames]"]) -> list[bool]:
    """Whether each came."""
    return [future.exception(PATIENCE) is None for future in futures]


def test_a_window_comes_back_as_the_frames_it_wanted(worker: InferenceWorker) -> None:
    assert submit(worker).result(PATIENCE).embedding.shape == (5, 4)


def test_waiting_windows_of_many_legs_share_a_batch_up_to_the_limit(worker: InferenceWorker, engine: LevelEngine) -> None:
    let_batches_grow(worker)
    engine.batches.clear()
    wait(behind_a_gate(worker, [0.5] * 6))
    assert engine.batches == [1, 4, 2]


def test_windows_of_one_leg_are_never_in_one_batch_and_keep_their_order(worker: InferenceWorker, engine: LevelEngine) -> None:
    let_batches_grow(worker)
    engine.batches.clear()
    engine.gate.clear()
    leg = worker.open_leg(live=True)
    futures = [submit(worker, leg=leg, first=5 * n) for n in range(3)]
    engine.gate.set()
    wait(futures)
    assert engine.batches == [1, 1, 1]


def test_a_poisoned_window_fails_alone_and_its_batch_is_halved_to_find_it(worker: InferenceWorker, engine: LevelEngine) -> None:
    let_batches_grow(worker)
    engine.batches.clear()
    engine.poison = 0.25
    assert wait(behind_a_gate(worker, [0.5, 0.5, 0.25, 0.5])) == [True, True, False, True]
    assert engine.batches == [1, 2, 1]


def test_a_window_that_is_not_finite_fails_alone_with_the_reason(worker: InferenceWorker) -> None:
    with pytest.raises(EngineError, match="1600 samples of the window are not finite"):
        submit(worker, np.nan).result(PATIENCE)


def test_a_result_that_is_not_finite_fails_alone(worker: InferenceWorker, engine: LevelEngine) -> None:
    let_batches_grow(worker)
    assert wait(behind_a_gate(worker, [0.5, 3e38, 0.5])) == [True, False, True]


def test_a_batch_that_exceeds_the_memory_is_halved_and_so_are_those_after(worker: InferenceWorker, engine: LevelEngine) -> None:
    let_batches_grow(worker)
    engine.batches.clear()
    engine.memory = 2
    assert all(wait(behind_a_gate(worker, [0.5] * 4)))
    assert all(wait(behind_a_gate(worker, [0.5] * 4)))
    assert engine.batches == [1, 2, 2, 1, 2, 2]


def test_one_window_that_exceeds_the_memory_fails_and_the_worker_goes_on(worker: InferenceWorker, engine: LevelEngine) -> None:
    engine.memory = 0
    with pytest.raises(EngineError, match="OutOfMemoryError"):
        submit(worker).result(PATIENCE)
    engine.memory = None
    assert submit(worker).result(PATIENCE).speech.shape == (5,)


def test_an_engine_that_fails_again_and_again_is_said_to_be_failing_until_it_works(
    worker: InferenceWorker, engine: LevelEngine
) -> None:
    engine.poison = 0.25
    wait([submit(worker, 0.25) for _ in range(FAILING_AFTER)])
    failing = worker.status().failing
    wait([submit(worker)])
    assert (failing, worker.status().failing) == (True, False)


def test_what_is_queued_at_the_close_is_still_computed(engine: LevelEngine) -> None:
    worker = InferenceWorker(engine, max_batch=2, policy=PATIENT)
    futures = [submit(worker) for _ in range(9)]
    worker.close()
    assert all(future.done() and future.exception() is None for future in futures)


def test_after_the_close_a_window_is_refused(engine: LevelEngine) -> None:
    worker = InferenceWorker(engine, max_batch=2, policy=PATIENT)
    worker.close()
    with pytest.raises(EngineError, match="stopped"):
        submit(worker).result(PATIENCE)


def test_windows_that_have_waited_are_computed_as_one_and_handed_out_one_by_one(
    hasty: InferenceWorker, engine: LevelEngine
) -> None:
    engine.gate.clear()
    held = submit(hasty)
    assert engine.waiting.wait(PATIENCE)
    leg = hasty.open_leg(live=True)
    futures = [submit(hasty, 0.1 * n, leg, 5 * n) for n in range(1, 6)]
    engine.gate.set()
    results = [future.result(PATIENCE) for future in (held, *futures)]
    assert [float(result.embedding[0, 2]) for result in results[1:]] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])
    assert (len(engine.batches), hasty.status().hop_factor) == (3, 2.0)


def test_a_poisoned_window_among_joined_ones_fails_alone(hasty: InferenceWorker, engine: LevelEngine) -> None:
    engine.poison = 0.25
    engine.gate.clear()
    submit(hasty)
    assert engine.waiting.wait(PATIENCE)
    leg = hasty.open_leg(live=True)
    futures = [submit(hasty, value, leg, 5 * n) for n, value in enumerate([0.5, 0.25, 0.5])]
    engine.gate.set()
    assert wait(futures) == [True, False, True]


def test_windows_given_up_are_told_from_windows_that_failed(engine: LevelEngine) -> None:
    worker = InferenceWorker(engine, max_batch=4, policy=Policy(latency=1e6, max_backlog=0.1, growth=3))
    engine.poison = 0.25
    engine.gate.clear()
    leg = worker.open_leg(live=True)
    held = submit(worker, 0.25, worker.open_leg(live=False))  # which is not given up, however late the worker looks
    assert engine.waiting.wait(PATIENCE)
    futures = [submit(worker, leg=leg, first=5 * n) for n in range(3)]
    engine.gate.set()
    errors = [type(future.exception(PATIENCE)) for future in (held, *futures[:2])]
    worker.close()
    status = worker.status()
    assert errors == [EngineError, GivenUpError, GivenUpError]
    assert (status.frames_skipped["failed"], status.frames_skipped["overload"] >= 10, status.failed) == (5, True, 1)


def test_a_defect_of_the_schedule_leaves_nobody_waiting(engine: LevelEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = InferenceWorker(engine, max_batch=4, policy=PATIENT)
    monkeypatch.setattr(Backlog, "take", lambda self, now, most: [] if not self.legs else 1 // 0)
    with pytest.raises(EngineError, match="stopped"):
        submit(worker).result(PATIENCE)
    with pytest.raises(EngineError, match="stopped"):
        submit(worker).result(PATIENCE)
    worker.close()
    assert (worker.status().failed, worker.status().failing) == (2, True)


def test_a_leg_that_is_closed_is_forgotten_by_the_engine(worker: InferenceWorker, engine: LevelEngine) -> None:
    leg = worker.open_leg(live=True)
    submit(worker, leg=leg).result(PATIENCE)
    worker.close_leg(leg)
    worker.close()
    assert len(engine.legs) == 0


def test_a_leg_closed_while_its_window_is_computed_is_forgotten_after_it_and_what_waits_is_not_computed(
    worker: InferenceWorker, engine: LevelEngine
) -> None:
    leg = worker.open_leg(live=True)
    engine.gate.clear()
    computed = submit(worker, leg=leg)
    assert engine.waiting.wait(PATIENCE)
    dropped = submit(worker, leg=leg, first=5)
    worker.close_leg(leg)
    held = len(engine.legs)
    engine.gate.set()
    assert computed.result(PATIENCE).speech.shape == (5,)
    worker.close()
    assert (held, len(engine.legs), dropped.done(), worker.status().failed) == (1, 0, False, 0)


def test_an_engine_that_cannot_close_a_leg_goes_on_for_the_others(
    worker: InferenceWorker, engine: LevelEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "close_leg", lambda leg_id: 1 // 0)
    worker.close_leg(worker.open_leg(live=True))
    assert submit(worker).result(PATIENCE).speech.shape == (5,)


def test_whoever_fails_over_its_frames_fails_alone(worker: InferenceWorker) -> None:
    leg = worker.open_leg(live=True)
    worker.submit(leg, window(leg), lambda outcome: 1 // 0)
    assert submit(worker, leg=leg, first=5).result(PATIENCE).speech.shape == (5,)


def test_after_a_defect_of_the_schedule_legs_are_still_forgotten(engine: LevelEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = InferenceWorker(engine, max_batch=4, policy=PATIENT)
    monkeypatch.setattr(Backlog, "take", lambda self, now, most: [] if not self.legs else 1 // 0)
    before, after = worker.open_leg(live=True), worker.open_leg(live=True)
    worker.close_leg(before)
    with pytest.raises(EngineError, match="stopped"):
        submit(worker, leg=after).result(PATIENCE)
    worker.close_leg(after)
    assert len(engine.legs) == 0
    worker.close()


def test_files_wait_as_long_as_they_must(engine: LevelEngine) -> None:
    worker = InferenceWorker(engine, max_batch=4, policy=Policy(latency=1e-9, max_backlog=0.1, growth=3))
    leg = worker.open_leg(live=False)
    futures = [submit(worker, leg=leg, first=5 * n) for n in range(20)]
    assert all(wait(futures))
    worker.close()
    assert (engine.batches, worker.status().latency_p95) == ([1] * 20, 0.0)
