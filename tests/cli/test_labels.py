"""`labels export` and `heads train --judged`, as a person runs them on a store with judged alerts."""

import csv
import io
import json
from pathlib import Path

import pytest

from monitor.events import Alert, AlertJudged
from tests.analysis.search.toned_call import store_call
from tests.cli.conftest import Command
from tests.store.zarr_folder import store_at


def judged_calls(folder: Path) -> None:
    """Six calls whose alerts of the rule `rude` were right where the customer sounds one way, and wrong where another."""
    store = store_at(folder)
    for number in range(6):
        call, right = f"c{number}", number % 2 == 0
        store_call(store, call, {"customer": [(1 if right else 2, 12.0)]}, seed=number)
        name = f"{call}:rude:customer:1"
        for status, at in (("raised", 3.0), ("cleared", 11.0)):
            said = {"rule": "rude", "severity": "info", "status": status, "message": "m"}
            store.journal.append(Alert(call=call, leg="customer", time=2.0, at=at, id=name, **said))
        store.journal.append(AlertJudged(call=call, leg="customer", id=name, by="Kim", right=right))


def test_judged_alerts_are_exported_as_labels(emotion_monitor: Command, tmp_path: Path) -> None:
    judged_calls(tmp_path / "emotion-store")
    done = emotion_monitor("labels", "export", "judged.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "judged.csv").read_text())))
    assert [(row["call"], row["label"], row["right"], row["by"]) for row in rows[:2]] == [
        ("c0", "rude", "yes", "Kim"),
        ("c1", "not rude", "no", "Kim"),
    ]
    assert "6 labels of 6 calls" in done.stderr


@pytest.mark.needs("analysis")
def test_a_head_is_trained_on_judged_alerts(emotion_monitor: Command, tmp_path: Path) -> None:
    judged_calls(tmp_path / "emotion-store")
    done = emotion_monitor(
        "heads", "train", "--judged", "--rule", "rude", "-o", "rude.safetensors", "--folds", 3, "--json", "-"
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["labels"], report["calls"]) == (["not rude", "rude"], [f"c{number}" for number in range(6)])
    assert report["figures"]["accuracy"] == 1.0


@pytest.mark.needs("analysis")
def test_without_labels_and_without_judgements_there_is_nothing_to_learn(emotion_monitor: Command, tmp_path: Path) -> None:
    store_call(store_at(tmp_path / "emotion-store"), "c1", {"customer": [(1, 2.0)]})
    neither = emotion_monitor("heads", "train", "-o", "x.safetensors")
    nothing = emotion_monitor("heads", "train", "--judged", "-o", "x.safetensors")
    assert (neither.returncode, "Give one of --labels FILE and --judged" in neither.stderr) == (2, True)
    assert (nothing.returncode, "no alert was judged, and no note has a label" in nothing.stderr) == (6, True)
