"""A simulated load: the schedule of the pipeline, time that the engine takes, legs that are carried or not."""

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from lab.benchmark.load import SimulatedLoad
from lab.benchmark.network_time import NetworkTime
from lab.benchmark.windows import EndlessLeg, first_windows, steady_windows
from lab.benchmark.work import encoder_flops, stem_flops
from monitor.engines.base import Window, WindowFrames
from monitor.engines.emotion2vec.architecture import Architecture
from monitor.engines.emotion2vec.engine import Emotion2vecEngine
from monitor.engines.emotion2vec.options import Emotion2vecOptions
from monitor.engines.emotion2vec.prepared import write_prepared
from monitor.engines.emotion2vec.random_model import SIZES, model_conf, random_model
from monitor.errors import EngineError
from monitor.pipeline.windows import Geometry
from monitor.timeline import FRAME_SAMPLES
from tests.pipeline.level_engine import LevelEngine

GEOMETRY = Geometry(100, 25, 25)
AUDIO = np.arange(200 * FRAME_SAMPLES, dtype=np.float32)


class SlowEngine(LevelEngine):
    """Takes its time for each window."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    def infer(self, windows: Sequence[Window]) -> list[WindowFrames]:
        time.sleep(self.seconds * len(windows))
        return super().infer(windows)


class FullEngine(LevelEngine):
    """Has no memory for more than one window."""

    def infer(self, windows: Sequence[Window]) -> list[WindowFrames]:
        if len(windows) > 1:
            raise MemoryError
        return super().infer(windows)


def load(engine: LevelEngine, latency: float = 1.5) -> SimulatedLoad:
    return SimulatedLoad(engine, GEOMETRY, [np.sin(AUDIO)], latency, max_batch=8)


def test_an_endless_leg_wants_every_frame_once_and_goes_round_its_audio() -> None:
    leg = EndlessLeg(GEOMETRY, 1, AUDIO, begin=FRAME_SAMPLES)
    windows = [leg.next() for _ in range(12)]
    assert [(one.first, one.stop) for one in windows] == [(25 * at, 25 * at + 25) for at in range(12)]
    last = windows[-1]
    expected = np.arange((last.start + 1) * FRAME_SAMPLES, (last.start + 101) * FRAME_SAMPLES) % len(AUDIO)
    np.testing.assert_array_equal(last.samples, AUDIO[expected])


def test_first_windows_lie_in_the_audio_and_steady_ones_are_of_full_length() -> None:
    assert first_windows(GEOMETRY, 1, AUDIO)[-1].stop == 175
    assert {len(one.samples) for one in steady_windows(GEOMETRY, AUDIO, 5)} == {100 * FRAME_SAMPLES}


def test_a_load_is_carried_where_the_engine_is_quick_and_takes_less_than_its_own_time() -> None:
    began = time.perf_counter()
    trial = load(SlowEngine(0.001)).run(legs=3, seconds=60.0)
    assert trial.failure(latency=1.5) == ""
    assert trial.heard == pytest.approx(180.0)
    assert time.perf_counter() - began < 60.0


def test_latency_is_the_time_that_the_engine_takes_and_the_wait_for_it() -> None:
    trial = load(SlowEngine(0.02)).run(legs=1, seconds=4.0)
    assert trial.p95_latency >= 0.02
    assert trial.busy >= 8 * 0.02


def test_a_load_that_is_too_much_is_broken_off_and_says_why() -> None:
    engine = SlowEngine(0)
    simulated = load(engine, latency=0.2)
    simulated.settle(20)
    engine.seconds = 0.1
    trial = simulated.run(legs=20, seconds=8.0)
    assert "p95 latency" in trial.failure(latency=0.2)
    assert trial.heard < 20 * 8.0


def test_an_engine_that_is_slower_than_its_legs_does_not_carry_them_however_patient_one_is() -> None:
    engine = SlowEngine(0)
    simulated = load(engine)
    simulated.settle(1)
    engine.seconds = 0.6
    trial = simulated.run(legs=1, seconds=1.0)
    assert "s of legs a second" in trial.failure(latency=60.0)


def test_windows_of_silence_are_not_computed_behind_the_gate(tmp_path: Path) -> None:
    write_prepared(random_model("tiny"), tmp_path / "tiny.safetensors")
    settings = Emotion2vecOptions(model=str(tmp_path / "tiny.safetensors"), device="cpu", threads=1)
    time_taken = NetworkTime()
    engine = Emotion2vecEngine(settings, time_taken.runner())
    silent = SimulatedLoad(engine, GEOMETRY, [np.zeros(16_000, np.float32)], 1.5, max_batch=8).run(legs=2, seconds=2.0)
    assert (silent.silent, silent.computed) == (1.0, 0.0)
    assert time_taken.stem.flops == time_taken.blocks.flops == 0


def test_time_and_operations_of_stem_and_blocks_are_noted(tmp_path: Path) -> None:
    write_prepared(random_model("tiny"), tmp_path / "tiny.safetensors")
    settings = Emotion2vecOptions(model=str(tmp_path / "tiny.safetensors"), device="cpu", threads=1, gate=0)
    noted = NetworkTime()
    engine = Emotion2vecEngine(settings, noted.runner())
    window = Window(engine.open_leg(), 0, np.sin(AUDIO[: 100 * FRAME_SAMPLES]), 50, 75)
    engine.infer([window])
    shape = Architecture.of(model_conf(**SIZES["tiny"]), tmp_path)
    assert (noted.stem.flops, noted.blocks.flops) == (stem_flops(shape, 100), encoder_flops(shape, 100, 25))
    assert noted.stem.seconds > 0 < noted.blocks.seconds
    noted.clear()
    assert noted.stem.seconds == noted.blocks.flops == 0


def test_a_lack_of_memory_says_what_to_do() -> None:
    with pytest.raises(EngineError, match="smaller --max-batch"):
        load(FullEngine()).settle(2)
