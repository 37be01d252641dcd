"""`emotion-monitor benchmark` as it is run: tiny random weights, FunASR beside them, the document."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner, Result

from lab.benchmark.report import Report
from monitor.cli.main import app
from monitor.engines.emotion2vec.prepared import write_prepared
from monitor.engines.emotion2vec.random_model import random_model
from monitor.errors import ConfigError, EngineError, MonitorError, SourceError

QUICK = ["--threads", "1", "--device", "cpu", "--seconds", "2", "--latency", "10"]
"""A latency that the busiest machine keeps: which legs are tried, and so what they say, must not depend on it."""


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A short run: a small peak, few legs at most."""
    monkeypatch.setattr("lab.benchmark.peak._SIZES", {"cpu": (256,)})
    monkeypatch.setattr("lab.benchmark.peak._SECONDS", 0.02)
    monkeypatch.setattr("lab.benchmark.row.MOST", 2)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["benchmark", *QUICK, *arguments])


def refused(*arguments: str) -> MonitorError:
    error = run(*arguments).exception
    assert isinstance(error, MonitorError)
    return error


@pytest.mark.slow
def test_random_weights_are_measured_beside_funasr(tmp_path: Path) -> None:
    file = tmp_path / "benchmark.json"
    result = run("--random", "tiny", "--precision", "fp32", "--precision", "int8", "--json", str(file))
    assert result.exit_code == 0, result.output
    report = Report.model_validate_json(file.read_text(encoding="utf-8"))
    rows = [(one.engine, one.precision, one.gate) for one in report.results]
    emotion2vec = [("emotion2vec", precision, gate) for precision in ("fp32", "int8") for gate in (True, False)]
    assert rows == [*emotion2vec, ("compact", "fp32", False)]
    assert report.without_generate is None
    assert set(report.matrix_peak_gflops) == {"fp32", "int8"}
    assert [one.ratio_to_generate is not None for one in report.results] == [True] * 4 + [False]
    assert 0 < report.results[0].computed <= 1 == report.results[1].computed
    assert [one.shares is not None and one.gflops is not None for one in report.results] == [True] * 4 + [False]
    assert report.machine.threads == 1
    same = report.deviation[0]
    assert (same.against, same.same_label) == ("generate()", 1.0)
    assert same.least_cosine > 1 - 1e-6
    assert {one.way for one in report.deviation} >= {"int8", "int8, the blocks alone", "fp32 with the gate"}
    assert all(text in result.output for text in ("random tiny", "matrix peak", "generate(): one"))


def test_a_prepared_file_without_funasr_says_why_there_is_no_ratio(tmp_path: Path) -> None:
    model, file = tmp_path / "tiny.safetensors", tmp_path / "benchmark.json"
    write_prepared(random_model("tiny"), model)
    options = ["--engine", "emotion2vec", "--precision", "fp32", "--no-gate", "--no-generate", "--hop", "0.5", "--hop", "1"]
    result = run(*options, "--model", str(model), "--json", str(file))
    assert result.exit_code == 0, result.output
    document = json.loads(file.read_text(encoding="utf-8"))
    assert document["without_generate"] == "--no-generate"
    assert [(one["hop"], one["gate"], one["ratio_to_generate"]) for one in document["results"]] == [
        (0.5, False, None),
        (1.0, False, None),
    ]
    assert "no ratio to FunASR's generate(): --no-generate" in result.output


def test_a_call_of_ones_own_is_heard_and_the_document_can_go_to_standard_output(tmp_path: Path) -> None:
    call = tmp_path / "call.wav"
    soundfile.write(call, np.random.default_rng(0).normal(0, 0.1, (48_000, 2)), 16_000)
    result = run("--engine", "compact", "--call", str(call), "--json", "-")
    assert result.exit_code == 0, result.output
    report = Report.model_validate_json(result.stdout)
    assert (report.audio, len(report.results), report.results[0].engine) == ("call.wav", 1, "compact")


def test_weights_cannot_be_random_and_named() -> None:
    assert isinstance(refused("--random", "tiny", "--model", "plus_base"), ConfigError)


def test_random_weights_of_the_compact_engine_are_refused() -> None:
    assert isinstance(refused("--random", "tiny", "--engine", "compact"), ConfigError)


def test_a_precision_that_the_processor_lacks_is_refused() -> None:
    assert isinstance(refused("--random", "tiny", "--precision", "fp16"), EngineError)


def test_a_window_that_does_not_hold_a_hop_is_refused() -> None:
    assert isinstance(refused("--random", "tiny", "--no-generate", "--window", "0.5"), ConfigError)


def test_a_call_in_which_nobody_speaks_is_refused(tmp_path: Path) -> None:
    call = tmp_path / "silence.wav"
    soundfile.write(call, np.zeros((48_000, 1)), 16_000)
    error = refused("--random", "tiny", "--no-generate", "--engine", "emotion2vec", "--call", str(call))
    assert isinstance(error, SourceError)
