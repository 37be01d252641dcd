"""Baselines of change points."""

import json

import numpy as np
import pytest

from lab.calls.alerts import AlertAim
from lab.calls.baselines import change_baselines
from lab.calls.bootstrap import intervals
from lab.calls.evidence import evidence
from lab.calls.figures import headline, summarise
from lab.calls.offline import offline_changes
from lab.calls.plots import call_figures
from lab.calls.report import CallsResult, tables
from lab.calls.score import score_call
from tests.lab.calls.made_hearing import LABELS, labelled, perfect, talk

CALLS = [
    labelled(*talk((0, 20, "neutral"), (20, 40, "angry"), (40, 60, "sad")), name="first", speaker="1"),
    labelled(*talk((0, 60, "neutral")), name="second", speaker="2", dataset="other"),
]


@pytest.fixture(scope="module")
def result():
    hearings = [perfect(call) for call in CALLS]
    scores = tuple(score_call(call, heard, LABELS) for call, heard in zip(CALLS, hearings, strict=True))
    found = change_baselines(scores, [evidence(heard, score.legs, 0.5) for heard, score in zip(hearings, scores, strict=True)])
    bounds = intervals(scores, headline, resamples=20)
    return CallsResult(AlertAim(), scores, summarise(scores), bounds, tuple(found))


def figures(result, name):
    return next(baseline for baseline in result.baselines if baseline.name == name)


def test_no_change_finds_nothing(result):
    assert figures(result, "no_change").changes.f1_2s == 0.0


def test_a_fixed_period_gets_the_period_that_suits_it_best(result):
    baseline = figures(result, "every_n_seconds")
    assert baseline.about.startswith("every 20 s")
    assert (baseline.changes.f1_2s, baseline.changes.false_alarms_per_hour) == (pytest.approx(4 / 6), pytest.approx(120.0))


@pytest.mark.parametrize("name", ["label_turns", "ruptures_logits_linear", "ruptures_logits_rbf", "ruptures_embedding_rbf"])
def test_clear_changes_are_found_by_all_that_look_at_the_speech(result, name):
    assert figures(result, name).changes.f1_1s == 1.0


def test_what_is_found_offline_has_no_delay(result):
    assert figures(result, "ruptures_logits_rbf").changes.delay_median is None


def test_a_leg_that_hardly_speaks_has_no_changes():
    assert offline_changes(np.arange(5.0), np.ones((5, 2)), "rbf", [1.0, 2.0]) == [[], []]


def test_a_leg_that_never_changes_has_no_changes():
    assert offline_changes(np.arange(100.0), np.ones((100, 2)), "rbf", [1.0]) == [[]]


def test_a_long_leg_is_averaged_and_its_changes_keep_their_times():
    signal = np.random.default_rng(0).normal(size=(4000, 2))
    signal[2000:] += 3
    (found,) = offline_changes(np.arange(4000) / 10, signal, "linear", [100.0])
    assert found == [pytest.approx(200.0, abs=0.3)]


def test_the_result_is_json_with_the_figures_by_their_names(result):
    data = json.loads(result.calls_part().model_dump_json())
    assert {"eder", "changes", "alerts", "by_dataset", "rows"} <= set(data)
    assert {"f1_1s", "f1_2s", "f1_4s", "delay_median", "false_alarms_per_hour"} <= set(data["changes"])
    assert {"recall", "precision", "delay_median", "false_per_hour"} <= set(data["alerts"])
    assert data["by_dataset"]["other"]["changes"]["f1_2s"] is None
    assert result.baselines_part()["always_neutral"].eder == pytest.approx((2 / 3 + 0) / 2)


def test_the_tables_have_the_monitor_beside_the_baselines_and_a_row_a_dataset(result):
    _, (_, detectors), (_, datasets) = tables(result)
    assert [row["detector"] for row in detectors][:2] == ["emotion-monitor", "no_change"]
    assert [row["dataset"] for row in datasets] == ["made", "other"]


def test_figures_are_drawn_of_tolerance_delays_and_calls(result, tmp_path):
    drawn = call_figures(result)
    drawn["call-first"].savefig(tmp_path / "call.svg")
    assert list(drawn) == ["changes-tolerance", "delays", "call-first", "call-second"]
    assert (tmp_path / "call.svg").stat().st_size > 1000
