"""`embeddings`: what is told of files, folders and calls."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.cli.conftest import Command
from tests.cli.test_calls import kept_call
from tests.engines.compact.conftest import voice

EMBEDDING = 6


def outputs(folder: Path, array: np.ndarray, **result: object) -> Path:
    folder.mkdir()
    np.save(folder / "embedding.npy", array)
    (folder / "result.json").write_text(json.dumps(result))
    soundfile.write(folder / "processed_audio.wav", np.zeros(16_000), 16_000)
    return folder


def told(emotion_monitor: Command, *named: object) -> dict:
    done = emotion_monitor("embeddings", "info", *named, "--json", "-")
    assert "Traceback" not in done.stderr
    return json.loads(done.stdout)


def test_info_tells_what_a_folder_of_the_web_interface_holds(emotion_monitor: Command, tmp_path: Path) -> None:
    outputs(tmp_path / "outputs_1", np.full((50, 4), 3.0), scores={"angry": 0.75, "happy": 0.25}, granularity="frame")
    row = told(emotion_monitor, "outputs_1")["embeddings"][0]
    assert (row["shape"], row["dtype"], row["granularity"], row["seconds"]) == ([50, 4], "float64", "frame", 1.0)
    assert (row["norm_median"], row["nan_frames"], row["label"], row["score"]) == (6.0, 0, "angry", 0.75)
    assert (row["agrees"], row["disagreements"]) == (True, [])


def test_info_tells_where_result_sound_and_array_disagree(emotion_monitor: Command, tmp_path: Path) -> None:
    outputs(
        tmp_path / "outputs_1", np.ones((100, 4)), scores={"angry": 0.75, "happy": 0.75}, granularity="utterance", shape=[50, 4]
    )
    row = told(emotion_monitor, "outputs_1")["embeddings"][0]
    assert (row["agrees"], len(row["disagreements"])) == (False, 4)
    shown = emotion_monitor("embeddings", "info", "outputs_1").stdout
    assert "result.json says the shape (50, 4), the array has (100, 4)" in shown
    assert "processed_audio.wav lasts 1.00 s, the frames 2.00 s" in shown


def test_info_of_a_stored_call_is_a_row_a_leg(emotion_monitor: Command, tmp_path: Path) -> None:
    kept_call(tmp_path)
    assert [row["source"] for row in told(emotion_monitor, "call-1")["embeddings"]] == ["call-1/customer", "call-1/agent"]


def test_info_tells_of_each_that_cannot_be_read_and_of_the_others(emotion_monitor: Command, tmp_path: Path) -> None:
    np.save(tmp_path / "good.npy", np.ones(4))
    np.save(tmp_path / "ints.npy", np.ones(4, int))
    (tmp_path / "text.npy").write_text("text")
    done = emotion_monitor("embeddings", "info", "ints.npy", "none.npy", "good.npy", "text.npy")
    lines = [line for line in done.stderr.splitlines() if line.startswith("emotion-monitor: ")]
    assert (done.returncode, len(lines), "good.npy" in done.stdout, "Traceback" in done.stderr) == (EMBEDDING, 3, True, False)
    report = told(emotion_monitor, "ints.npy", "none.npy", "good.npy", "text.npy")
    assert [one["kind"] for one in report["failed"]] == ["NumberTypeError", "MissingError", "NotAnArrayError"]


@pytest.mark.parametrize("named", ["call-1", "20260101-101500-ab12@1-2/customer", "2026-01-01"])
def test_a_call_where_there_is_no_store_is_told_in_a_line(emotion_monitor: Command, named: str) -> None:
    done = emotion_monitor("embeddings", "info", named)
    assert (done.returncode, done.stderr.count("\n"), "no store at emotion-store" in done.stderr) == (5, 1, True)


def test_extract_lists_what_failed_and_is_taken_up_again(emotion_monitor: Command, tmp_path: Path) -> None:
    (tmp_path / "sounds").mkdir()
    soundfile.write(tmp_path / "sounds" / "a.wav", voice(1.0, 120), 16_000)
    (tmp_path / "sounds" / "b.wav").write_text("no sound")
    first = emotion_monitor("embeddings", "extract", "sounds", "--jobs", 1, "--granularity", "frame")
    assert (first.returncode, first.stdout) == (3, "outputs: 1 extracted, 0 done before, 1 failed\n")
    assert "emotion-monitor: sounds/b.wav: " in first.stderr
    again = emotion_monitor("embeddings", "extract", "sounds", "--jobs", 1, "--granularity", "frame", "--json", "-")
    assert [(one["source"], one["status"]) for one in json.loads(again.stdout)] == [
        ("sounds/a.wav", "skipped"),
        ("sounds/b.wav", "failed"),
    ]
    assert "Traceback" not in first.stderr + again.stderr


def test_a_granularity_that_is_none_is_refused(emotion_monitor: Command) -> None:
    done = emotion_monitor("embeddings", "extract", "a.wav", "--granularity", "word")
    assert (done.returncode, "expected utterance or frame" in done.stderr) == (2, True)
