"""The inference worker: batches across legs, and one bad window costs only itself."""

from collections.abc import Iterator

import numpy as np
import pytest

from monitor.engines.base import LegContext, Window
from monitor.errors import EngineError
from monitor.pipeline.inference import InferenceWorker
from tests.pipeline.level_engine import LevelEngine


@pytest.fixture
def engine() -> LevelEngine:
    return LevelEngine()


@pytest.fixture
def worker(engine: LevelEngine) -> Iterator[InferenceWorker]:
    worker = InferenceWorker(engine, max_batch=4)
    yield worker
    engine.gate.set()
    worker.close()


def window(context: LegContext, value: float = 0.5, first: int = 0) -> Window:
    return Window(context, first, np.full(1600, value, np.float32), first, first + 5)


def test_a_window_comes_back_as_the_frames_it_wanted(worker: InferenceWorker) -> None:
    result = worker.submit(window(LegContext())).result(10)
    assert result.embedding.shape == (5, 4)


def test_waiting_windows_of_many_legs_share_a_batch_up_to_the_limit(worker: InferenceWorker, engine: LevelEngine) -> None:
    engine.gate.clear()
    first = worker.submit(window(LegContext()))
    while not first.running():
        pass
    others = [worker.submit(window(LegContext())) for _ in range(6)]
    engine.gate.set()
    [future.result(10) for future in others]
    assert engine.batches == [1, 4, 2]


def test_windows_of_one_leg_are_never_in_one_batch_and_keep_their_order(worker: InferenceWorker, engine: LevelEngine) -> None:
    engine.gate.clear()
    leg = LegContext()
    futures = [worker.submit(window(leg, first=5 * n)) for n in range(3)]
    engine.gate.set()
    [future.result(10) for future in futures]
    assert engine.batches == [1, 1, 1]


def test_a_poisoned_window_fails_alone(worker: InferenceWorker, engine: LevelEngine) -> None:
    engine.gate.clear()
    engine.poison = 0.25
    futures = [worker.submit(window(LegContext(), value)) for value in (0.5, 0.5, 0.25, 0.5)]
    engine.gate.set()
    assert [future.exception(10) is None for future in futures] == [True, True, False, True]


def test_a_window_that_is_not_finite_fails_alone_with_the_reason(worker: InferenceWorker) -> None:
    with pytest.raises(EngineError, match="1600 samples of the window are not finite"):
        worker.submit(window(LegContext(), np.nan)).result(10)


def test_what_is_queued_at_the_close_is_still_computed(engine: LevelEngine) -> None:
    worker = InferenceWorker(engine, max_batch=2)
    futures = [worker.submit(window(LegContext())) for _ in range(9)]
    worker.close()
    assert all(future.done() and future.exception() is None for future in futures)


def test_after_the_close_a_window_is_refused(engine: LevelEngine) -> None:
    worker = InferenceWorker(engine, max_batch=2)
    worker.close()
    with pytest.raises(EngineError, match="stopped"):
        worker.submit(window(LegContext())).result(10)


def test_a_cancelled_window_costs_nothing(worker: InferenceWorker, engine: LevelEngine) -> None:
    engine.gate.clear()
    first = worker.submit(window(LegContext()))
    while not first.running():
        pass
    second = worker.submit(window(LegContext()))
    second.cancel()
    engine.gate.set()
    worker.submit(window(LegContext())).result(10)
    assert engine.batches == [1, 1]
