"""Replay equals live, id for id; and other rules can be tried on a stored call."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from monitor.demo import CALL
from tests.cli.conftest import Command, emotion_monitor

__all__ = ["emotion_monitor"]

JUDGED = ("state", "change_point", "alert")
TALKATIVE = """
rules:
  - name: customer-talks
    severity: info
    leg: customer
    when: {not: {silence: {longer_than: 0.5}}}
    message: the customer talks
"""


def said(path: Path) -> list[dict[str, object]]:
    """The events of a report that are functions of the frames, without what the journal adds."""
    events = json.loads(path.read_text())["events"]
    own = ("seq", "recorded_at")
    return [{key: value for key, value in event.items() if key not in own} for event in events if event["type"] in JUDGED]


@pytest.mark.parametrize("storing", [{}, {"embedding_rate": 10}, {"embedding_dtype": "float32"}])
def test_a_replay_says_what_the_live_call_said(emotion_monitor: Command, tmp_path: Path, storing: dict[str, object]) -> None:
    (tmp_path / "c.yaml").write_text(json.dumps({"store": storing}))
    assert emotion_monitor("run", CALL, "--call", "demo", "--config", "c.yaml").returncode == 0
    assert emotion_monitor("calls", "show", "demo", "--json", "live.json").returncode == 0
    assert emotion_monitor("replay", "demo", "--speed", "0", "--here", "--json", "replay.json").returncode == 0
    live, replayed = said(tmp_path / "live.json"), said(tmp_path / "replay.json")
    assert len(live) > 0
    assert live == replayed


def test_other_rules_are_judged_over_the_stored_frames_of_many_calls(emotion_monitor: Command, tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(TALKATIVE)
    for call in ("demo-1", "demo-2"):
        emotion_monitor("run", CALL, "--call", call)
    done = emotion_monitor("replay", "--all", "--rules", "default", "--rules", "r.yaml", "--json", "judged.json")
    report = json.loads((tmp_path / "judged.json").read_text())
    by_rule = {row["rule"]: row for row in report["by_rule"]}
    assert (done.returncode, [call["call"] for call in report["calls"]]) == (0, ["demo-1", "demo-2"])
    assert by_rule["customer-talks"]["new"] == by_rule["customer-talks"]["would_be"] > 0
    assert by_rule["customer-angry"]["same"] == by_rule["customer-angry"]["raised"] > 0
    assert [row["gone"] for row in report["by_rule"]] == [0] * len(report["by_rule"])
    assert "the customer talks" in done.stdout


def test_one_call_is_played_and_several_are_judged(emotion_monitor: Command) -> None:
    done = emotion_monitor("replay", "a", "b")
    assert (done.returncode, "go with --rules" in done.stderr) == (2, True)


def test_a_call_is_exported_and_erased(emotion_monitor: Command, tmp_path: Path) -> None:
    emotion_monitor("run", CALL, "--call", "demo")
    assert emotion_monitor("calls", "export", "demo", "--to", "out").returncode == 0
    embedding = np.load(next((tmp_path / "out").rglob("embedding.npy")), allow_pickle=False)
    assert (embedding.dtype, embedding.shape[0]) == (np.float32, int(soundfile.info(CALL).duration * 50))
    assert emotion_monitor("calls", "delete", "demo", "--yes").returncode == 0
    assert list((tmp_path / "emotion-store").rglob("*demo*")) == []
    shutil.rmtree(tmp_path / "out")
