"""`emotion-monitor evaluate` as a person runs it."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.cli.test_bad_input import AUDIO, CONFIG, assert_one_clear_line
from tests.lab.calls.judged_store import RULE, judged_store


def test_clips_give_a_table_json_and_plots(emotion_monitor: Command, clips_folder: Path, tmp_path: Path) -> None:
    done = emotion_monitor(
        "evaluate",
        clips_folder,
        "--classes",
        "angry,happy,neutral,sad",
        "--line",
        "telephone",
        "--probe",
        "--folds",
        2,
        "--json",
        "r.json",
        "--plots",
        "p",
    )
    report = json.loads((tmp_path / "r.json").read_text())
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert all(
        word in done.stdout for word in ("UAR", "ECE", "one", "two", "mean of datasets", "by language", "a linear probe")
    )
    assert (report["clips"]["all"]["clips"], report["line"], report["engine"]["name"]) == (16, "telephone", "compact")
    assert sorted(path.name for path in (tmp_path / "p").iterdir()) == ["confusion.svg", "reliability.svg"]


def test_a_recording_without_labels_is_told_of_as_json_alone(emotion_monitor: Command, call_file: Path) -> None:
    done = emotion_monitor("evaluate", call_file, "--json", "-", "--quiet", "--jobs", 1)
    assert json.loads(done.stdout)["recordings"]["legs"].keys() == {"customer", "agent"}


def test_a_folder_that_is_not_there(emotion_monitor: Command) -> None:
    assert_one_clear_line(emotion_monitor("evaluate", "nowhere"), CONFIG, "nowhere", "no such file or folder")


def test_a_recording_that_is_no_sound(emotion_monitor: Command, tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("no sound " * 99)
    assert_one_clear_line(emotion_monitor("evaluate", "text.wav", "--jobs", 1), AUDIO, "text.wav")


def test_traces_beside_valence_and_arousal(emotion_monitor: Command, call_file: Path, tmp_path: Path) -> None:
    (tmp_path / "traced.csv").write_text("file,annotator,time,valence,leg\ncall,A,0,10,agent\ncall,A,12,50,agent\n")
    done = emotion_monitor(
        "evaluate", call_file, "--affect", "traced.csv", "--affect-range=-100,100", "--lag", 3, "--json", "r.json", "--jobs", 1
    )
    affect = json.loads((tmp_path / "r.json").read_text())["affect"]
    assert (done.returncode, "beside those of annotators" in done.stdout, affect["lag"]) == (0, True, 3.0)
    assert affect["dimensions"]["valence"]["seconds"] == 9.0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--lag", 2), "give that too"),
        (("--affect", "none.csv"), "none.csv"),
        (("--affect", "none.csv", "--affect-range", "5,1"), "the least and the greatest value"),
    ],
)
def test_traces_that_cannot_be_used(emotion_monitor: Command, arguments: tuple[object, ...], told: str) -> None:
    assert_one_clear_line(emotion_monitor("evaluate", ".", *arguments), CONFIG, told)


def test_folds_of_no_probe(emotion_monitor: Command) -> None:
    assert_one_clear_line(emotion_monitor("evaluate", ".", "--folds", 5), CONFIG, "--folds", "--probe")


@pytest.mark.parametrize("classes", ["angry", "angry,angry", "angry,,sad"])
def test_classes_among_which_nothing_can_be_decided(emotion_monitor: Command, classes: str) -> None:
    assert_one_clear_line(emotion_monitor("evaluate", ".", "--classes", classes), CONFIG, "--classes")


def test_judged_alerts_of_a_store_give_the_precision_of_each_rule(emotion_monitor: Command, tmp_path: Path) -> None:
    judged_store(tmp_path)
    printed = emotion_monitor("evaluate", "--judged", "--store", "store", "--json", "r.json")
    judged = json.loads((tmp_path / "r.json").read_text())["judged"]
    assert (printed.returncode, "alerts that people judged" in printed.stdout, RULE in printed.stdout) == (0, True, True)
    assert {key: judged[RULE][key] for key in ("right", "wrong", "precision", "recall")} == {
        "right": 2,
        "wrong": 2,
        "precision": 0.5,
        "recall": 1.0,
    }


def test_without_folders_and_judgements_there_is_nothing_to_evaluate(emotion_monitor: Command) -> None:
    assert_one_clear_line(emotion_monitor("evaluate"), CONFIG, "name folders or recordings, or --judged")
