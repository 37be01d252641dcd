"""A package with a part for every room: each passes its suite in the package's own tests, and is used by its name."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.third_party.conftest import HERE, ROOT, Installed

PACKAGE = HERE / "emotion_monitor_example"
DOCUMENTED = {
    "pyproject.toml": "extending.md",
    "emotion_monitor_example/acme.py": "sources.md",
    "emotion_monitor_example/loudness.py": "engines-and-detectors.md",
    "emotion_monitor_example/newest_calls.py": "store.md",
    "emotion_monitor_example/plain_odds.py": "engines-and-detectors.md",
    "emotion_monitor_example/spool.py": "sinks.md",
    "emotion_monitor_example/tone.py": "sources.md",
}


def configured(installed: Installed, text: str) -> Path:
    path = installed.folder / "c.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("file", sorted(DOCUMENTED))
def test_the_documented_example_is_the_one_that_is_tested(file: str) -> None:
    assert (HERE / file).read_text(encoding="utf-8") in (ROOT / "docs" / DOCUMENTED[file]).read_text(encoding="utf-8")


@pytest.mark.parametrize("part", sorted(path.stem for path in PACKAGE.glob("[!_]*.py")))
def test_every_part_passes_the_suite_of_its_room(part: str, installed: Installed) -> None:
    done = installed.suite(part)
    assert done.returncode == 0, done.stdout


def test_a_suite_says_what_a_store_does_wrong(installed: Installed) -> None:
    wrong = "    def is_written(self, call: str) -> bool:\n        return False\n"
    with (installed.folder / "emotion_monitor_example" / "newest_calls.py").open("a") as file:
        file.write("\n" + wrong)

    done = installed.suite("newest_calls")

    assert done.returncode == 1
    assert "test_newest_calls.py::test_a_call_is_written_until_it_is_let_go_of" in done.stdout
    assert "E       assert (False, False, False, False) == (True, True, False, False)" in done.stdout


def test_it_is_a_kind_of_store_with_options_of_its_own(installed: Installed) -> None:
    soundfile.write(installed.folder / "a.wav", np.random.default_rng(1).normal(0, 0.05, 16_000), 8_000)
    configured(installed, "store: {kind: newest, options: {calls: 5}}\n")

    heard = installed.python("monitor", "run", "a.wav", "-c", "c.yaml", "--json", "-")

    assert json.loads(heard.stdout)["store"] == "memory, the newest calls"


def test_its_wrong_options_are_named_with_their_key(installed: Installed) -> None:
    configured(installed, "store: {kind: newest, options: {calls: 0}}\n")

    refused = installed.python("monitor", "config", "check", "-c", "c.yaml")

    assert refused.returncode == 2
    assert "store.options.calls: input should be greater than or equal to 1" in refused.stderr


def test_a_call_goes_through_its_source_into_its_store_and_tells_its_sink(installed: Installed) -> None:
    (installed.folder / "spool").mkdir()
    sink = "sinks: {desk: {kind: spool, options: {folder: spool}, events: {types: [call_ended]}}}\n"
    configured(installed, "store: {path: calls}\n" + sink)

    heard = installed.python("monitor", "run", "tone:300", "-c", "c.yaml", "--json", "-")
    tested = installed.python("monitor", "sinks", "test", "desk", "-c", "c.yaml")

    assert json.loads(heard.stdout)["status"] == "complete", heard.stderr
    assert tested.returncode == 0, tested.stderr
    assert [json.loads(path.read_text())["type"] for path in (installed.folder / "spool").glob("*.json")] == ["test"]


def test_a_suite_says_what_an_engine_does_wrong(installed: Installed) -> None:
    file = installed.folder / "emotion_monitor_example" / "loudness.py"
    file.write_text(file.read_text().replace("self._legs.close(leg_id)", "del leg_id"))

    done = installed.suite("loudness")

    assert done.returncode == 1
    assert "test_loudness.py::test_of_legs_that_are_closed_nothing_is_kept" in done.stdout


def test_its_engine_and_detector_are_used_by_name_with_options_of_their_own(installed: Installed) -> None:
    configured(
        installed, "engine: {name: loudness, loud: 0.1}\nchanges: {detector: plain_odds, odds: 50}\nstore: {kind: memory}\n"
    )

    heard = installed.python("monitor", "run", "tone:300", "-c", "c.yaml", "--json", "-")

    assert (heard.returncode, json.loads(heard.stdout)["engine"]) == (0, "loudness"), heard.stderr


def test_what_is_wrong_in_their_sections_is_told_with_its_line_and_what_they_take(installed: Installed) -> None:
    configured(installed, "engine:\n  name: loudness\n  lound: 1\nchanges:\n  detector: plain_odds\n  odds: 0\n")

    refused = installed.python("monitor", "config", "check", "-c", "c.yaml")

    assert refused.returncode == 2
    assert "c.yaml:3: unknown key engine.lound; the engine loudness takes model, device, threads," in refused.stderr
    assert "c.yaml:6: changes.odds: input should be greater than 1" in refused.stderr


def test_models_of_its_engine_are_listed_and_checked(installed: Installed) -> None:
    listed = json.loads(installed.python("monitor", "models", "list", "--json", "-").stdout)
    checked = installed.python("monitor", "models", "check", "loudness")

    assert ("loudness", 1, "MIT") in [(model["engine"], model["dim"], model["licence"]) for model in listed]
    assert (checked.returncode, "20 frames of 1 from 0.4 s of noise" in checked.stdout) == (0, True)
