"""Labelled calls through the whole pipeline: from a folder to a report."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import numpy as np
import pytest
import soundfile

from lab.calls import evaluate_calls, read_calls
from lab.evaluation.evaluate import Plan, evaluate
from lab.evaluation.inputs import read_inputs
from lab.evaluation.plots import draw
from lab.evaluation.report import Report
from lab.hearing.listeners import Listeners
from monitor.config import Settings
from monitor.errors import ConfigError, SourceError
from tests.engines.compact.conftest import voice


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two calls of 12 s: one whose customer grows loud and high, one that stays as it is."""
    path = tmp_path_factory.mktemp("calls")
    for name, after in (("calm", "neutral"), ("cross", "angry")):
        customer = np.concatenate([voice(6.0, 110), (6 if after == "angry" else 1) * voice(6.0, 110, seed=1)])
        soundfile.write(path / f"{name}.wav", np.stack([customer, np.zeros_like(customer)], axis=1)[::2], 8_000)
        first, second = ({"channel": "customer", "start": start, "end": start + 6.0} for start in (0.0, 6.0))
        segments = [{**first, "emotion": "neutral"}, {**second, "emotion": after}]
        labels = {"seconds": 12.0, "channels": ["customer", "agent"], "speaker": name, "segments": segments}
        (path / f"{name}.json").write_text(json.dumps(labels))
    return path


def report_of(folder: Path, settings: Settings, plan: Plan) -> Report:
    return evaluate(read_inputs([folder]), settings, plan, jobs=1, progress=lambda stage, done, total: None)


def test_a_folder_of_calls_becomes_a_report_beside_its_baselines(folder: Path, settings: Settings, tmp_path: Path) -> None:
    report = report_of(folder, settings, Plan())
    assert report.calls is not None
    assert report.baselines is not None
    assert (report.calls.calls, report.calls.changes.true, report.calls.alerts.blocks) == (2, 1, 1)
    assert [row.call for row in report.calls.rows] == ["calm", "cross"]
    assert {"always_neutral", "no_change", "every_n_seconds", "ruptures_embedding_rbf"} <= set(report.baselines)
    assert {"changes-tolerance.svg", "delays.svg", "call-cross.svg"} <= {file.name for file in draw(report, tmp_path)}
    jsonschema.validate(report.model_dump(mode="json", exclude_none=True), Report.model_json_schema(mode="serialization"))


def test_baselines_can_be_left_out(folder: Path, settings: Settings) -> None:
    assert set(report_of(folder, settings, Plan(baselines=False)).baselines or ()) == {"always_neutral"}


def test_a_rule_that_is_not_in_force_cannot_be_measured(folder: Path, settings: Settings) -> None:
    with pytest.raises(ConfigError, match="no rule furious"):
        report_of(folder, settings, Plan(alert_rules=("furious",)))


def test_calls_that_cannot_be_heard_are_left_out_unless_it_is_all_of_them(
    folder: Path, settings: Settings, listeners: Listeners, tmp_path: Path
) -> None:
    calls = read_calls(folder)
    (tmp_path / "broken.wav").write_bytes(b"no audio")
    broken = replace(calls[0], name="broken", audio=tmp_path / "broken.wav")
    result = evaluate_calls([broken, calls[0]], listeners, settings, baselines=False)
    assert [score.call.name for score in result.scores] == ["calm"]
    with pytest.raises(SourceError, match=r"none of 1 calls .*broken\.wav"):
        evaluate_calls([broken], listeners, settings, baselines=False)


def test_a_call_whose_length_is_only_known_once_it_is_heard_is_held_against_its_labels(
    folder: Path, settings: Settings, listeners: Listeners
) -> None:
    call = replace(read_calls(folder)[0], seconds=20.0)
    with pytest.raises(ConfigError, match=r"calm\.wav: is 12\.00 s long, and its labels say 20\.00 s"):
        evaluate_calls([call], listeners, settings, baselines=False)
