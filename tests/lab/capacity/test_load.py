"""A load of live calls on the real pipeline: carried where the engine keeps up, and told why where it does not."""

import threading
from pathlib import Path

import numpy as np
import pytest

from lab.capacity.load import Load, LoadReport
from lab.capacity.looped_call import STEP, LoopedCall, record
from lab.capacity.measure import measure_capacity
from lab.sound import read_legs
from monitor.config import Settings, load_settings
from monitor.demo import CALL
from monitor.engines.registry import load_engine
from tests.pipeline.level_engine import LevelEngine
from tests.pipeline.scripted_source import tone

AUDIO = {"customer": tone(3, 0.2), "agent": tone(3, 0.1)}


@pytest.fixture
def settings() -> Settings:
    return load_settings(environment={}, flags={"store.fsync": False, "server.max_calls": 1})


@pytest.fixture
def patient(settings: Settings) -> Settings:
    """No machine is so busy that it would not keep up with these."""
    engine = settings.engine.model_copy(update={"latency": 60.0, "max_backlog": 600.0})
    return settings.model_copy(update={"engine": engine})


def test_a_looped_call_goes_round_without_a_seam(tmp_path: Path) -> None:
    ramp = np.arange(2 * STEP + 100, dtype=np.float32)
    record(tmp_path / "audio", {"customer": ramp})
    source = LoopedCall(tmp_path / "audio", begin=0.0)
    chunks = source.chunks()
    samples = np.zeros(0, np.float32)
    while len(samples) < 5 * STEP:
        samples = np.concatenate([samples, next(chunks).samples])
    source.stop()
    np.testing.assert_array_equal(samples[: 5 * STEP], np.tile(ramp, 3)[: 5 * STEP])


def test_a_recorded_call_is_read_leg_by_leg() -> None:
    legs = read_legs(CALL)
    assert {leg: len(samples) // 16_000 for leg, samples in legs.items()} == {"customer": 92, "agent": 92}


def test_a_load_is_carried_where_the_engine_keeps_up(patient: Settings) -> None:
    engine = LevelEngine()
    with Load(patient, engine, AUDIO, calls=3) as load:
        while load.monitor.status().inference.windows < 12:
            threading.Event().wait(0.05)
        report = load.report()
    assert (report.calls, report.legs, report.skipped, report.hop_factor) == (3, 6, 0, 1.0)


def test_every_frame_of_a_load_is_accounted_for_where_the_engine_stands_still(settings: Settings) -> None:
    engine = LevelEngine()
    backlog = settings.engine.model_copy(update={"max_backlog": 1.5})
    with Load(settings.model_copy(update={"engine": backlog}), engine, AUDIO, calls=2) as load:
        engine.gate.clear()
        while load.monitor.status().inference.given_up < 4:
            threading.Event().wait(0.05)
        engine.gate.set()
        for call in load.calls:
            call.stop("stopped")
        assert all(call.wait(30) for call in load.calls)
        inference = load.monitor.status().inference
        reports = [report for call in load.calls for report in call.reports().values()]
    assert [report["frames"] for report in reports] == [int(report["seconds"] * 50 + 1e-6) for report in reports]
    assert sum(report["gaps"] for report in reports) == inference.frames_skipped["overload"] > 0
    assert sum(report["frames"] - report["gaps"] for report in reports) == inference.frames


@pytest.mark.parametrize(
    ("found", "failure"),
    [
        (LoadReport(1, 2, 0.3, 0.0, 1.0, 0, 1.0, 0.1), ""),
        (LoadReport(1, 2, 0.3, 0.0, 1.0, 25, 1.0, 0.1), "25 frames were skipped"),
        (LoadReport(1, 2, 1.6, 0.0, 1.0, 0, 1.0, 0.1), "p95 latency 1.60 s"),
        (LoadReport(1, 2, 0.3, 2.0, 1.0, 0, 1.0, 0.1), "audio was taken 2.0 s late"),
        (LoadReport(1, 2, 0.3, 0.0, 1.5, 0, 1.0, 0.1), "the hop grew to 1.50 times"),
    ],
)
def test_a_load_that_was_too_much_says_why(found: LoadReport, failure: str) -> None:
    assert found.failure(latency=1.5) == failure


def test_the_capacity_is_the_greatest_load_tried_that_was_carried(patient: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.capacity.measure.SETTLE_SECONDS", 0.5)
    said: list[str] = []
    found = measure_capacity(patient, LevelEngine(), AUDIO, seconds=0.5, start=1, most=2, progress=said.append)
    assert (found.calls, found.legs, found.plan_for_calls, len(found.trials), len(said)) == (2, 4, 1, 2, 2)
    assert found.carried in found.trials


def test_workers_carry_a_load_and_it_is_told_as_one(settings: Settings) -> None:
    with Load(settings, load_engine(settings.engine), AUDIO, calls=2, workers=2) as load:
        while (report := load.report()).batch_size == 0 or any(call.seconds < 1 for call in load.calls):
            threading.Event().wait(0.05)
        here, everywhere = load.monitor.inference.status().windows, load.monitor.status().inference.windows
    assert (report.calls, report.legs, here, everywhere > 0) == (2, 4, 0, True)
