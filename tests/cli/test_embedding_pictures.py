"""`embeddings clusters`, `trajectory` and `changes`."""

import json
from pathlib import Path

import numpy as np
import pytest

from monitor.config.sections import StoreSection
from monitor.store.zarr.store import ZarrStore
from tests.analysis.spoken import moods
from tests.cli.conftest import Command
from tests.cli.test_calls import kept_call

CONFIG, EMBEDDING = 2, 6


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """Six clips of 4 s of one mood, six of another."""
    folder = tmp_path / "clips"
    folder.mkdir()
    for at in range(12):
        np.save(folder / f"{at:02}.npy", moods([1.0, 0.0] if at % 2 else [0.0, 1.0], seed=at))
    return folder


def test_clusters_of_files_are_told_drawn_and_written_as_a_page(emotion_monitor: Command, tmp_path: Path, clips: Path) -> None:
    arguments = ("clusters", "clips", "--method", "kmeans", "-k", "2", "--png", "c.png", "--svg", "c.svg", "--page", "c.html")
    done = emotion_monitor("embeddings", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert "12 points; in no cluster: 0; silhouette: " in done.stdout
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")
    assert ("<svg" in (tmp_path / "c.svg").read_text(), "clips/00.npy" in (tmp_path / "c.html").read_text()) == (True, True)


def test_clusters_go_on_without_what_cannot_be_read(emotion_monitor: Command, clips: Path) -> None:
    (clips / "05.npy").write_text("text")
    done = emotion_monitor("embeddings", "clusters", "clips", "--method", "kmeans", "-k", "2", "--json", "-")
    report = json.loads(done.stdout)
    assert (done.returncode, [one["kind"] for one in report["failed"]]) == (EMBEDDING, ["NotAnArrayError"])
    assert [one["size"] for one in report["clusters"]] == [6, 5]


def test_a_folder_of_mixed_widths_is_refused_in_a_line(emotion_monitor: Command, clips: Path) -> None:
    np.save(clips / "99.npy", np.ones((1, 5)))
    done = emotion_monitor("embeddings", "clusters", "clips")
    assert (done.returncode, done.stderr.count("\n")) == (EMBEDDING, 1)
    assert "clips/99.npy has 5 features, clips/00.npy has 12: they do not compare" in done.stderr


def test_stored_calls_and_files_of_no_engine_are_refused_together(
    emotion_monitor: Command, tmp_path: Path, clips: Path
) -> None:
    kept_call(tmp_path)
    done = emotion_monitor("embeddings", "trajectory", "call-1", "clips", "--html", "way.html")
    assert (done.returncode, "do not compare" in done.stderr, (tmp_path / "way.html").exists()) == (EMBEDDING, True, False)


def test_the_way_of_a_stored_call_has_the_change_points_that_the_monitor_told(emotion_monitor: Command, tmp_path: Path) -> None:
    kept_call(tmp_path)
    way = json.loads(emotion_monitor("embeddings", "trajectory", "call-1/customer", "--json", "-").stdout)
    kept = ZarrStore(StoreSection(path=tmp_path / "emotion-store")).journal.read(0, types={"change_point"})
    told = [one["time"] for one in kept if one["status"] == "confirmed" and one["leg"] == "customer"]
    assert way["changes"]["call-1/customer"] == told != []


def test_a_trajectory_is_written_in_every_form(emotion_monitor: Command, tmp_path: Path) -> None:
    kept_call(tmp_path)
    done = emotion_monitor(
        "embeddings",
        "trajectory",
        "call-1/customer",
        "--colour",
        "emotion",
        "--png",
        "w.png",
        "--svg",
        "w.svg",
        "--html",
        "w.html",
    )
    assert (done.returncode, done.stderr, "of the variance" in done.stdout) == (0, "", True)
    assert sorted(path.name for path in tmp_path.glob("w.*")) == ["w.html", "w.png", "w.svg"]


def test_changes_are_told_beside_the_largest_step(emotion_monitor: Command, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", moods([1.0, -1.0], [-1.0, 1.0], frames=500))
    shown = emotion_monitor("embeddings", "changes", "a.npy", "--png", "a.png")
    assert (shown.returncode, "largest step of the mean" in shown.stdout, (tmp_path / "a.png").exists()) == (0, True, True)
    report = json.loads(emotion_monitor("embeddings", "changes", "a.npy", "--json", "-").stdout)
    assert [one["time"] for one in report["changes"]] == [pytest.approx(10.0, abs=0.11)]
    assert report["penalty_chosen"] is True


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("clusters", "clips", "-k", "3"), CONFIG, "say --method kmeans"),
        (("clusters", "clips", "--method", "kmeans", "-k", "13"), EMBEDDING, "12 points, 12 of them different, are too few"),
        (("clusters", "clips", "--every", "0"), CONFIG, "--every 0: must be above 0"),
        (("clusters", "empty"), EMBEDDING, "there is no .npy file in empty"),
        (("trajectory", "clips"), CONFIG, "name what to write"),
        (("trajectory", "clips", "--colour", "emotion", "--png", "x.png"), CONFIG, "nobody says of which emotion"),
        (("trajectory", "clips", "--changes", "told", "--png", "x.png"), CONFIG, "is a file"),
        (("trajectory", "clips/00.npy", "--every", "9", "--png", "x.png"), EMBEDDING, "1 point has no axes"),
        (("trajectory", "clips", "--png", "none/x.png"), CONFIG, "there is no folder none"),
        (("changes", "clips"), CONFIG, "12 embeddings, such as clips/00.npy; name one"),
        (("changes", "clips/00.npy", "--number", "9"), EMBEDDING, "9 changes with 1 s on each side need 10 s"),
        (("changes", "clips/00.npy", "--number", "2", "--penalty", "3"), CONFIG, "name one"),
        (("changes", "clips/00.npy", "--penalty", "nan"), CONFIG, "--penalty nan: must be above 0"),
        (("changes", "frame.npy"), EMBEDDING, "one vector, of an utterance"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(
    emotion_monitor: Command, tmp_path: Path, clips: Path, arguments: tuple[str, ...], code: int, told: str
) -> None:
    (tmp_path / "empty").mkdir()
    np.save(tmp_path / "frame.npy", np.ones((1, 12)))
    done = emotion_monitor("embeddings", *arguments)
    assert (done.returncode, told in done.stderr, "Traceback" in done.stderr) == (code, True, False)
    assert not (tmp_path / "x.png").exists()
