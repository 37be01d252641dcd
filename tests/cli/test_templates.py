"""`templates`: made of moments of calls, listed, and found in calls."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Command
from tests.cli.test_calls import kept_call

MAKE = ("templates", "make", "happiness", "call-1@20-30/customer", "--against", "call-1", "--folder", "kept")


def test_a_template_is_made_listed_shown_and_found_in_the_call(emotion_monitor: Command, tmp_path: Path) -> None:
    kept_call(tmp_path)
    [made] = json.loads(emotion_monitor(*MAKE, "--json", "-").stdout)["templates"]
    assert (made["name"], made["calls"], made["file"]) == ("happiness", ["call-1"], "kept/happiness.safetensors")
    assert made["figures"]["false_accepts"] <= made["figures"]["trials"] // 100

    assert "happiness" in emotion_monitor("templates", "list", "--folder", "kept").stdout
    shown = json.loads(emotion_monitor("templates", "show", "happiness", "--folder", "kept", "--json", "-").stdout)
    assert (shown["digest"], shown["sources"]) == (made["digest"], ["call-1@20-30/customer"])

    found = json.loads(emotion_monitor("templates", "match", "call-1/customer", "--folder", "kept", "--json", "-").stdout)
    [stretch] = found["matches"][0]["stretches"]
    assert 20 <= stretch["start"] < stretch["stop"] < 34


def test_a_call_is_heard_with_the_templates_of_the_configuration_and_config_check_knows_them(
    emotion_monitor: Command, tmp_path: Path
) -> None:
    kept_call(tmp_path)
    emotion_monitor(*MAKE)
    rule = {"name": "r", "severity": "info", "leg": "any", "when": {"template": {"name": "happiness"}}, "message": "{evidence}"}
    (tmp_path / "rules.yaml").write_text(json.dumps({"rules": [rule]}))
    (tmp_path / "c.yaml").write_text("alerts: {rules: [rules.yaml]}\nanalysis: {templates: kept}\n")
    judged = emotion_monitor("replay", "call-1", "--rules", "rules.yaml", "-c", "c.yaml", "--json", "-")
    assert [span["leg"] for span in json.loads(judged.stdout)["calls"][0]["new"]] == ["customer"]

    checked = emotion_monitor("config", "check", "-c", "c.yaml", "--model")
    assert checked.returncode == 2
    assert "template happiness was learnt from embeddings of compact (24 features); those of compact" in checked.stderr


def test_erasing_a_call_names_the_template_that_was_made_of_it(emotion_monitor: Command, tmp_path: Path) -> None:
    kept_call(tmp_path)
    emotion_monitor(*MAKE)
    (tmp_path / "c.yaml").write_text("analysis: {templates: kept}\n")
    erased = emotion_monitor("calls", "delete", "call-1", "--yes", "-c", "c.yaml")
    assert (erased.returncode, erased.stdout) == (
        0,
        "call-1: erased\n"
        "template kept/happiness.safetensors still holds something of it: make it without the call, or remove it\n",
    )


def test_what_remains_of_an_erased_call_is_told_to_programs(emotion_monitor: Command, tmp_path: Path) -> None:
    kept_call(tmp_path)
    emotion_monitor(*MAKE)
    (tmp_path / "c.yaml").write_text("analysis: {templates: kept}\n")
    erased = json.loads(emotion_monitor("calls", "delete", "call-1", "--yes", "-c", "c.yaml", "--json", "-").stdout)
    remains = {"templates": ["kept/happiness.safetensors"], "heads": [], "in_use": [], "calls": [], "unread": []}
    assert erased == {"call": "call-1", "remains": remains}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("make", "t", "nowhere"), 5, "no store at emotion-store"),
        (("make", "t", "empty"), 6, "there is no .npy file in empty"),
        (("make", "T!", "a.npy"), 2, "template T!: name: "),
        (("make", "t", "a.npy", "--granularity", "word"), 2, "--granularity word"),
        (("make", "t", "a.npy", "--window", "900"), 2, "template t: window: "),
        (("list",), 2, "which templates?"),
        (("list", "--folder", "kept"), 2, "x.safetensors is no emotion-monitor template"),
        (("match", "a.npy", "--folder", "empty"), 2, "no template"),
    ],
)
def test_mistakes_are_told_in_a_line(
    arguments: tuple[str, ...], code: int, said: str, emotion_monitor: Command, tmp_path: Path
) -> None:
    np.save(tmp_path / "a.npy", np.ones((10, 4), np.float32))
    (tmp_path / "empty").mkdir()
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "x.safetensors").write_bytes(b"no template")
    done = emotion_monitor("templates", *arguments)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (code, "", 1)
    assert said in done.stderr
