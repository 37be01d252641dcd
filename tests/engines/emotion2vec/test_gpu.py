"""The engine on a GPU: the same frames, whatever is batched and recorded."""

from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from lab.benchmark.report import Report
from monitor.cli.main import app
from monitor.conformance.engine_calls import assert_same, joined, listen, voice, whole, windows
from monitor.engines.emotion2vec.engine import Emotion2vecEngine
from tests.engines.emotion2vec.conftest import tiny_settings
from tests.engines.emotion2vec.hardware import needs_gpu

pytestmark = needs_gpu


@pytest.mark.parametrize(("precision", "tolerance"), [("fp32", 1e-4), ("bf16", 0.3), ("fp16", 0.05)])
def test_a_gpu_hears_what_the_processor_hears(precision, tolerance, model_dir, engine):
    gpu = Emotion2vecEngine(tiny_settings(model_dir, device="cuda", precision=precision))
    assert gpu.info.precision == precision
    assert_same(listen(gpu, gpu.open_leg(), voice(200)), listen(engine, engine.open_leg(), voice(200)), tolerance)


def test_auto_is_a_half_precision(model_dir):
    assert Emotion2vecEngine(tiny_settings(model_dir, device="cuda")).info.precision in ("bf16", "fp16")


@pytest.mark.parametrize(("precision", "tolerance"), [("fp32", 1e-5), ("bf16", 0.05), ("fp16", 0.01)])
def test_recorded_batches_of_any_size_give_what_each_window_gives_alone(precision, tolerance, model_dir):
    gpu = Emotion2vecEngine(tiny_settings(model_dir, device="cuda", precision=precision))
    sounds = [voice(100, seed) for seed in range(5)]
    alone = [gpu.infer([whole(gpu.open_leg(), sound)])[0] for sound in sounds]
    gpu.infer([whole(gpu.open_leg(), sound) for sound in sounds])
    recorded = gpu.infer([whole(gpu.open_leg(), sound) for sound in sounds])
    assert_same(joined(recorded), joined(alone), tolerance)


def test_sliding_windows_of_many_legs_on_a_gpu_are_those_of_each_alone(model_dir):
    gpu = Emotion2vecEngine(tiny_settings(model_dir, device="cuda", precision="fp32", normalise="leg"))
    legs = [gpu.open_leg() for _ in range(3)]
    steps = zip(*(windows(gpu, leg, voice(300, seed)) for seed, leg in enumerate(legs)), strict=True)
    batches = [gpu.infer(step) for step in steps]
    for seed in range(3):
        alone = listen(gpu, gpu.open_leg(), voice(300, seed))
        assert_same(joined([batch[seed] for batch in batches]), alone, 1e-4)


def test_a_gpu_that_is_full_leaves_the_leg_as_it_was(model_dir):
    gpu = Emotion2vecEngine(tiny_settings(model_dir, device="cuda", precision="fp32"))
    leg, window = gpu.open_leg(), whole(gpu.open_leg(), voice(50))
    torch.cuda.set_per_process_memory_fraction(1e-6)
    try:
        with pytest.raises(torch.cuda.OutOfMemoryError):
            gpu.infer([whole(leg, voice(1500))])
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert_same(gpu.infer([whole(leg, voice(50))])[0], gpu.infer([window])[0], 1e-5)


def test_the_benchmark_measures_random_weights_on_a_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("lab.benchmark.peak._SIZES", {"cuda": (512,)})
    monkeypatch.setattr("lab.benchmark.row.MOST", 8)
    file = tmp_path / "benchmark.json"
    options = ["--engine", "emotion2vec", "--random", "tiny", "--device", "cuda", "--max-batch", "4", "--seconds", "2"]
    result = CliRunner().invoke(app, ["benchmark", *options, "--json", str(file)])
    assert result.exit_code == 0, result.output
    report = Report.model_validate_json(file.read_text(encoding="utf-8"))
    assert [one.precision for one in report.results] == ["bf16", "bf16", "fp16", "fp16"]
    assert report.machine.gpu
    assert all(one.gpu_memory_mb and one.blocks_gflops and one.ratio_to_generate for one in report.results)
