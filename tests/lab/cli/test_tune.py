"""`emotion-monitor tune` as a person runs it."""

from pathlib import Path

from tests.cli.conftest import Command
from tests.cli.test_bad_input import CONFIG, assert_one_clear_line
from tests.lab.calls.judged_store import judged_store
from tests.lab.tune.conftest import calls_folder

__all__ = ["calls_folder"]


def test_a_search_writes_a_configuration_that_holds(emotion_monitor: Command, calls_folder: Path, tmp_path: Path) -> None:
    tune = ("tune", calls_folder, "--aim", "alerts.f1 - eder", "--trials", 2, "--folds", 2, "--jobs", 1, "--out", "ours.yaml")
    done = emotion_monitor(*tune)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert all(word in done.stdout for word in ("2 trials", "state.enter", "best for the others", "EDER"))
    assert emotion_monitor("config", "check", "--config", "ours.yaml").returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ours.rules.yaml", "ours.yaml"]


def test_an_aim_that_is_not_understood(emotion_monitor: Command, calls_folder: Path) -> None:
    assert_one_clear_line(emotion_monitor("tune", calls_folder, "--aim", "the best"), CONFIG, "--aim")


def test_a_part_that_is_not_there(emotion_monitor: Command, calls_folder: Path) -> None:
    assert_one_clear_line(emotion_monitor("tune", calls_folder, "--search", "mood"), CONFIG, "no 'mood' to vary")


def test_settings_are_fitted_to_what_people_judged(emotion_monitor: Command, tmp_path: Path) -> None:
    judged_store(tmp_path)
    tune = ("tune", "--judged", "--store", "store", "--aim", "judged", "--search", "rules.customer-angry.hold")
    done = emotion_monitor(*tune, "--trials", 12, "--folds", 2, "--jobs", 1, "--out", "ours.yaml")
    assert (done.returncode, "judged.f1" in done.stdout) == (0, True), done.stderr
    assert emotion_monitor("config", "check", "--config", "ours.yaml").returncode == 0


def test_without_folders_and_judgements_there_is_nothing_to_tune_on(emotion_monitor: Command) -> None:
    assert_one_clear_line(emotion_monitor("tune"), CONFIG, "name folders of labelled calls, or --judged")


def test_a_bound_on_real_calls_needs_some(emotion_monitor: Command, calls_folder: Path) -> None:
    assert_one_clear_line(emotion_monitor("tune", calls_folder, "--at-most", "3"), CONFIG, "name them by --unlabelled")
