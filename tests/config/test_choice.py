"""What stands in the sections of the engine and of the detector is decided by the name that they give."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from monitor.changes.bayes_options import BayesOptions
from monitor.changes.kernel_options import KernelOptions
from monitor.config import Settings, load_settings
from monitor.config.sections import DETECTORS, ENGINES, ChangesSection, EngineSection
from monitor.engines.compact.options import CompactOptions
from monitor.engines.emotion2vec.options import Emotion2vecOptions
from monitor.errors import ConfigError

OLD_CHANGES: dict[str, Any] = {
    "detector": "bayes",
    "false_alarms_per_hour": 2.0,
    "buffer": 30.0,
    "correlation_time": 4.0,
    "mean_duration": 100.0,
    "contrast": 4.0,
    "dimensions": 24,
    "min_segment": 1.0,
    "confirm": 1.5,
}
"""As versions before 0.2 kept it with a call."""

LIGHT = """
import sys
from monitor.config import load_settings
load_settings(environment={}, flags={"engine.name": "emotion2vec", "engine.gate": 0.1, "changes.detector": "kernel"})
print(sorted({"torch", "numpy", "ruptures"} & set(sys.modules)))
"""


def load(text: str, folder: Path, **environment: str) -> Settings:
    path = folder / "settings.yaml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path, environment=environment)


def faults(text: str, folder: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(text, folder)
    return str(caught.value).replace(str(folder), "").splitlines()


def test_the_name_decides_what_the_section_is(tmp_path: Path) -> None:
    settings = load("engine: {name: emotion2vec, gate: 0.3}\nchanges: {detector: kernel, confirm: 2}\n", tmp_path)
    assert settings.engine == Emotion2vecOptions(gate=0.3)
    assert settings.changes == KernelOptions(confirm=2)
    assert (type(Settings().engine), type(Settings().changes)) == (CompactOptions, BayesOptions)


@pytest.mark.parametrize("changes", ["", "changes: {detector: auto, confirm: 2, contrast: 3}\n", "changes: {buffer: 20}\n"])
def test_changes_are_found_by_what_fits_the_engine_unless_a_detector_is_named(changes: str, tmp_path: Path) -> None:
    detectors = [load(f"engine: {{name: {name}}}\n{changes}", tmp_path).changes for name in ("compact", "emotion2vec")]
    named = load("engine: {name: emotion2vec}\nchanges: {detector: bayes}\n", tmp_path).changes
    assert [type(detector) for detector in (*detectors, named)] == [BayesOptions, KernelOptions, BayesOptions]


def test_the_keys_of_the_detector_that_fits_hold(tmp_path: Path) -> None:
    settings = load("engine: {name: emotion2vec}\nchanges: {confirm: 2, contrast: 3}\n", tmp_path)
    assert settings.changes == KernelOptions(confirm=2)
    assert Settings.model_validate(settings.model_dump()) == settings


def test_the_environment_may_name_the_engine_of_a_files_keys(tmp_path: Path) -> None:
    settings = load("engine: {gate: 0.3}\n", tmp_path, EMOTION_MONITOR_ENGINE__NAME="emotion2vec")
    assert settings.engine == Emotion2vecOptions(gate=0.3)


def test_keys_of_a_part_that_is_not_chosen_may_stand_there(tmp_path: Path) -> None:
    settings = load("engine: {name: compact, gate: 0.3, threads: 2}\nchanges: {detector: bayes, dimensions: 8}\n", tmp_path)
    assert (settings.engine, settings.changes) == (CompactOptions(threads=2), BayesOptions())


def test_they_must_be_right_all_the_same(tmp_path: Path) -> None:
    assert faults("engine:\n  name: compact\n  gate: 7\nchanges:\n  dimensions: 1\n", tmp_path) == [
        "/settings.yaml:3: engine.gate: input should be less than 1",
        "/settings.yaml:5: changes.dimensions: input should be greater than or equal to 2",
    ]


def test_a_key_that_no_part_takes_is_told_with_those_that_the_chosen_one_takes(tmp_path: Path) -> None:
    assert faults("engine:\n  name: compact\n  hopp: 1\nchanges:\n  detector: kernel\n  size: 1\n", tmp_path) == [
        "/settings.yaml:3: unknown key engine.hopp; the engine compact takes model, device, threads, window, hop, lookahead, "
        "max_batch, latency, max_backlog",
        "/settings.yaml:6: unknown key changes.size; the detector kernel takes false_alarms_per_hour, buffer, dimensions, "
        "min_segment, confirm",
    ]


def test_all_that_is_wrong_in_a_section_is_told_and_each_thing_once(tmp_path: Path) -> None:
    told = faults("engine:\n  hop: 0.25\n  gate: 7\n  hopp: 1\n  threads: x\n", tmp_path)
    assert sorted(line.split(": ")[0][-1] for line in told) == ["2", "3", "4", "5"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("engine: {name: psychic}", ":1: engine.name: no engine is called 'psychic'; there are: compact, emotion2vec"),
        ("changes: {detector: magic}", ":1: changes.detector: no detector is called 'magic'; there are: bayes, kernel"),
        ("engine: {name: psychic, threads: x}", ":1: engine.threads: input should be a valid integer"),
        ("engine: {name: 5}", ":1: engine.name: input should be a valid string"),
        ("engine: compact", ":1: engine: input should be a valid dictionary"),
        ("engine: {1: x}", ":1: unknown key engine.1"),
        ("engine: {name: emotion2vec, gate: 0.6}", "engine.gate (0.6) must not be above state.speech_threshold (0.5)"),
    ],
)
def test_what_is_no_part_or_no_section_is_told(text: str, fault: str, tmp_path: Path) -> None:
    assert fault in "\n".join(faults(text, tmp_path))


def test_the_gate_of_an_engine_that_is_not_chosen_bears_on_nothing(tmp_path: Path) -> None:
    assert load("engine: {gate: 0.6}", tmp_path).engine == CompactOptions()


def test_what_older_versions_kept_with_a_call_is_still_read() -> None:
    assert DETECTORS.validate(OLD_CHANGES) == BayesOptions()
    assert DETECTORS.validate({**OLD_CHANGES, "detector": "kernel"}) == KernelOptions()


def test_what_is_kept_with_a_call_is_read_as_it_was() -> None:
    changes = KernelOptions(dimensions=8)
    assert DETECTORS.validate(changes.model_dump(mode="json")) == changes


def test_the_common_section_becomes_the_options_of_its_name() -> None:
    settings = Settings(engine=EngineSection(name="emotion2vec", threads=3), changes=ChangesSection(buffer=9))
    assert (settings.engine, settings.changes) == (Emotion2vecOptions(threads=3), KernelOptions(buffer=9))


def test_options_of_one_part_are_not_taken_by_another() -> None:
    with pytest.raises(ValidationError, match="gate"):
        CompactOptions.model_validate({"gate": 0.1})


def test_the_settings_show_the_keys_of_the_engine_in_force() -> None:
    shown = Settings(engine=Emotion2vecOptions()).model_dump(mode="json")["engine"]
    assert (shown["name"], shown["gate"], "gate" in Settings().model_dump()["engine"]) == ("emotion2vec", 0.2, False)


def test_settings_are_loaded_without_what_they_name() -> None:
    done = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, timeout=200, check=True)
    assert done.stdout == "[]\n"


def test_the_parts_that_ship_are_known() -> None:
    assert (ENGINES.names(), DETECTORS.names()) == (("compact", "emotion2vec"), ("bayes", "kernel"))
