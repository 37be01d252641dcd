"""`--store`: a folder, or a kind of store."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.cli.test_run import sound


def test_in_memory_a_call_is_heard_and_nothing_is_left_on_the_disk(emotion_monitor: Command, tmp_path: Path) -> None:
    sound(tmp_path / "a.wav")

    done = emotion_monitor("run", "a.wav", "--store", "memory")

    assert done.returncode == 0
    assert "stored in memory" in done.stdout
    assert "it is gone when this command ends" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]


def test_a_report_of_a_call_in_memory_says_so(emotion_monitor: Command, tmp_path: Path) -> None:
    sound(tmp_path / "a.wav")

    report = json.loads(emotion_monitor("run", "a.wav", "--store", "memory", "--json", "-").stdout)

    assert (report["store"], report["status"], report["bytes"] > 0) == ("memory", "complete", True)


def test_a_folder_of_such_a_name_is_named_as_a_path(emotion_monitor: Command, tmp_path: Path) -> None:
    sound(tmp_path / "a.wav")

    first = emotion_monitor("run", "a.wav", "--store", "./memory")
    ambiguous = emotion_monitor("calls", "list", "--store", "memory")

    assert (first.returncode, (tmp_path / "memory" / "calls").is_dir()) == (0, True)
    assert (ambiguous.returncode, "write ./memory for the folder" in ambiguous.stderr) == (2, True)


def test_another_process_has_no_calls_in_its_memory_and_says_so(emotion_monitor: Command) -> None:
    done = emotion_monitor("calls", "list", "--store", "memory")

    assert (done.returncode, "the store memory is there for the service that has it alone" in done.stderr) == (5, True)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("kind: tape", "store.kind: no store is called 'tape'; there are: memory, zarr"),
        ("kind: memory\n  audio: flac", "store.audio: a store in memory keeps no sound"),
        ("options: {compression: 9}", "store.options.compression: no option of the store zarr; it takes path, audio, fsync"),
        ("kind: memory\n  options: {size: 9}", "store.options.size: no option of the store memory; it takes audio"),
    ],
)
def test_a_store_that_cannot_be_is_refused_in_one_line(
    section: str, message: str, emotion_monitor: Command, tmp_path: Path
) -> None:
    (tmp_path / "c.yaml").write_text(f"store:\n  {section}\n")

    done = emotion_monitor("config", "check", "-c", "c.yaml")

    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert message in done.stderr
