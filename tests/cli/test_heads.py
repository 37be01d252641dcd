"""`heads`: trained on moments of a stored call, and used live in a rule."""

import json
from pathlib import Path

import numpy as np
import pytest

from monitor.demo import CALL, TURNS
from tests.cli.conftest import Command
from tests.store.zarr_folder import store_at

pytestmark = pytest.mark.needs("analysis")

MOODS = {"neutral": "even", "angry": "upset"}
RULE = {
    "name": "upset",
    "severity": "warning",
    "leg": "customer",
    "when": {"label": {"head": "tone", "is": "upset", "at_least": 0.8}},
    "hold": 1.0,
    "message": "{leg}: {evidence}",
}


def test_a_head_trained_on_moments_of_a_call_is_used_live_in_a_rule_and_a_replay_equals_it(
    emotion_monitor: Command, tmp_path: Path
) -> None:
    assert emotion_monitor("run", CALL, "--call", "call-1", "--quiet").returncode == 0
    rows = [
        f"call-1,{turn['leg']},{turn['start']},{turn['end']},{MOODS[turn['mood']]},s{number % 3}"
        for number, turn in enumerate(json.loads(TURNS.read_text()))
        if turn["mood"] in MOODS
    ]
    (tmp_path / "moments.csv").write_text("\n".join(["call,leg,start,end,label,speaker", *rows]))

    trained = emotion_monitor("heads", "train", "-l", "moments.csv", "-o", "tone.safetensors", "--folds", "3", "--json", "-")
    report = json.loads(trained.stdout)
    assert (report["labels"], report["calls"], report["engine"]) == (["even", "upset"], ["call-1"], "compact")
    assert report["figures"]["accuracy"] > report["figures"]["majority"] == pytest.approx(11 / 14)

    (tmp_path / "rules.yaml").write_text(json.dumps({"rules": [RULE]}))
    (tmp_path / "c.yaml").write_text("alerts: {rules: [rules.yaml]}\nanalysis: {heads: [tone.safetensors]}\n")
    live = json.loads(emotion_monitor("run", CALL, "--call", "call-2", "-c", "c.yaml", "--json", "-").stdout)
    (tmp_path / "tone.safetensors").unlink()
    replayed = emotion_monitor("replay", "call-2", "--here", "--speed", "0", "--json", "-")
    alerts = json.loads(replayed.stdout)["alerts"]

    assert "the same alerts as live" in replayed.stderr
    said = [(alert["id"], alert["message"], alert["at"]) for alert in alerts if alert["status"] == "raised"]
    assert said == [(alert["id"], alert["message"], alert["at"]) for alert in live["alerts"]]
    assert 27.4 < alerts[0]["at"] < 45, "the customer is irritated from 27.4 s on, angry from 36.6"
    kept = store_at(tmp_path / "emotion-store").open("call-2").record.settings["learned"]["heads"]
    assert [(head["name"], head["digest"], head["labels"]) for head in kept] == [("tone", report["digest"], ["even", "upset"])]


def trained(emotion_monitor: Command, tmp_path: Path) -> None:
    vectors = np.random.default_rng(1).standard_normal((8, 4)) + np.repeat(np.eye(2, 4) * 9, 4, axis=0)
    for number, vector in enumerate(vectors):
        np.save(tmp_path / f"{number}.npy", vector)
    rows = [f"{number}.npy,{'even' if number < 4 else 'upset'},s{number % 4}" for number in range(8)]
    (tmp_path / "labels.csv").write_text("\n".join(["file,label,speaker", *rows]))
    done = emotion_monitor("heads", "train", "--labels", "labels.csv", "--out", "tone.safetensors", "--folds", "2")
    assert done.returncode == 0, done.stderr
    assert "always the most frequent label" in done.stdout


def test_a_head_of_files_that_say_no_engine_is_listed_and_shown_and_not_heard_with(
    emotion_monitor: Command, tmp_path: Path
) -> None:
    trained(emotion_monitor, tmp_path)
    [listed] = json.loads(emotion_monitor("heads", "list", "tone.safetensors", "--json", "-").stdout)["heads"]
    assert (listed["labels"], listed["dim"], listed["figures"]["examples"]) == (["even", "upset"], 4, 8)
    assert "majority" in emotion_monitor("heads", "show", "tone.safetensors").stdout

    (tmp_path / "c.yaml").write_text("analysis: {heads: [tone.safetensors]}\n")
    refused = emotion_monitor("run", CALL, "-c", "c.yaml")
    assert refused.returncode == 2
    assert "head tone was learnt from embeddings of an engine that is not known (4 features)" in refused.stderr


@pytest.mark.parametrize(
    ("labels", "code", "said"),
    [
        (None, 6, "there is no file of labels labels.csv"),
        (
            "file,label,speaker\nnone.npy,a,x\na.npy,b,y\n",
            6,
            "1 of 2 labels cannot be used; the first, labels.csv:2: there is no none.npy",
        ),
        ("file,label,speaker\na.npy,a,x\na.npy,a,y\n", 6, "one label only (a)"),
        ("file,label,speaker\na.npy,a,x\na.npy,b,y\n", 6, "2 speakers for 5 folds"),
        ("call,leg,start,end,label\nnone,customer,1,2,a\n", 6, "1 of 1 labels cannot be used"),
    ],
)
def test_mistakes_are_told_in_a_line(
    labels: str | None, code: int, said: str, emotion_monitor: Command, tmp_path: Path
) -> None:
    np.save(tmp_path / "a.npy", np.ones((1, 4), np.float32))
    if labels is not None:
        (tmp_path / "labels.csv").write_text(labels)
    done = emotion_monitor("heads", "train", "--labels", "labels.csv", "--out", "tone.safetensors")
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (code, "", 1)
    assert said in done.stderr
    assert not (tmp_path / "tone.safetensors").exists()
