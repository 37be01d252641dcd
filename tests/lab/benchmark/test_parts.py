"""The parts of the benchmark: audio, operations, peak, memory, random weights."""

from pathlib import Path

import numpy as np
import pytest
import torch

from lab.benchmark.call_audio import demonstration, half_silent, whole_legs
from lab.benchmark.memory import measured_memory
from lab.benchmark.peak import matrix_peak
from lab.benchmark.work import encoder_flops, stem_flops
from lab.sound import read_legs
from monitor.audio.speech import SpeechDetector
from monitor.demo import CALL, TURNS
from monitor.engines.emotion2vec.architecture import Architecture
from monitor.engines.emotion2vec.device import Precision
from monitor.engines.emotion2vec.model import checked_architecture
from monitor.engines.emotion2vec.original import Original
from monitor.engines.emotion2vec.prove import compare
from monitor.engines.emotion2vec.random_model import SIZES, model_conf, random_model
from monitor.errors import SourceError

CPU = torch.device("cpu")


def test_the_demonstrations_legs_speak_half_of_the_time() -> None:
    legs = demonstration(read_legs(CALL), TURNS)
    silent = [float((SpeechDetector().update(leg) < 0.2).mean()) for leg in legs]
    assert len(legs) == 2
    assert 0.4 < min(silent) <= max(silent) < 0.65


def test_of_a_made_leg_each_period_is_speech_then_silence() -> None:
    leg = np.concatenate([np.zeros(32_000), np.ones(32_000), np.zeros(32_000)]).astype(np.float32)
    (made,) = half_silent({"customer": leg}, {"customer": [(2.0, 4.0)]}, period=2.0)
    np.testing.assert_array_equal(made, np.tile(np.repeat(np.array([1, 0], np.float32), 16_000), 2))


def test_a_leg_that_never_speaks_long_enough_is_refused() -> None:
    with pytest.raises(SourceError, match="no turn of 4 s"):
        half_silent({"agent": np.zeros(160_000, np.float32)}, {"agent": [(1.0, 2.0)]})


def test_a_recorded_call_is_heard_in_whole_frames() -> None:
    (leg,) = whole_legs({"mixed": np.zeros(1000, np.float32)})
    assert len(leg) == 960


def shape(size: str) -> Architecture:
    return Architecture.of(model_conf(**SIZES[size]), Path(size))


def test_operations_of_the_stem_are_those_of_its_convolutions() -> None:
    tiny = shape("tiny")
    layers = [torch.nn.Conv1d(1 if at == 0 else 64, 64, kernel, stride) for at, (_, kernel, stride) in enumerate(tiny.stem)]
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        torch.nn.Linear(64, tiny.dim)(torch.nn.Sequential(*layers)(torch.zeros(1, 1, 10 * 320 + 80)).transpose(1, 2))
    assert stem_flops(tiny, 10) == counter.get_total_flops()


def test_operations_of_the_blocks_are_those_of_their_products() -> None:
    tiny = shape("tiny")
    rows, dim, hidden = 50 + 10, 64, 256
    block = 2 * rows * (4 * dim * dim + 2 * dim * hidden) + 4 * rows * rows * dim
    last = 2 * rows * 3 * dim * dim + 2 * 25 * (dim * dim + 2 * dim * hidden) + 4 * 25 * rows * dim
    positions = 2 * 5 * 50 * dim * (dim // 16) * 19
    assert encoder_flops(tiny, 50, 25) == positions + 2 * block + last


def test_a_second_of_plus_large_is_some_22_gflop() -> None:
    large = shape("large")
    assert 20e9 < stem_flops(large, 50) + encoder_flops(large, 50, 50) < 25e9


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_a_matrix_peak_is_measured(precision: Precision, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.benchmark.peak._SIZES", {"cpu": (128,)})
    monkeypatch.setattr("lab.benchmark.peak._SECONDS", 0.02)
    assert matrix_peak(precision, CPU, threads=1) > 0


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="this system does not tell a process's peak of memory")
def test_memory_is_the_peak_of_what_is_inside() -> None:
    held = [np.ones(100_000) for _ in range(200)]  # 160 MB, freed between others: the allocator keeps some of it
    del held[::2]
    with measured_memory(CPU) as memory:
        np.ones(10_000_000).sum()
    assert memory.gpu is None
    assert memory.process is None or 60 < memory.process < 400


def test_random_weights_are_the_same_for_the_same_seed_and_fit_the_architecture() -> None:
    one, again, other = random_model("tiny"), random_model("tiny"), random_model("tiny", seed=1)
    assert checked_architecture(one).dim == 64
    torch.testing.assert_close(one.weights["proj.weight"], again.weights["proj.weight"], rtol=0, atol=0)
    assert not torch.equal(one.weights["proj.weight"], other.weights["proj.weight"])


def test_random_weights_are_a_model_to_funasr_too() -> None:
    model = random_model("tiny")
    deviation = compare(model, Original(model))
    assert max(deviation.embedding, deviation.logits) < 1e-4
