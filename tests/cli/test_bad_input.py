"""Bad input: one clear line, the right exit code, no traceback, and what was good is kept."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.cli.conftest import Command

CONFIG, AUDIO, MODEL, STORE = 2, 3, 4, 5


def sound(path: Path, seconds: float = 2.0, channels: int = 1, rate: int = 8_000) -> Path:
    noise = np.random.default_rng(1).normal(0, 0.05, (round(seconds * rate), channels))
    soundfile.write(path, noise, rate)
    return path


def assert_one_clear_line(done: object, code: int, *words: str) -> None:
    lines = [line for line in done.stderr.splitlines() if line.startswith("emotion-monitor: ")]  # type: ignore[attr-defined]
    assert (done.returncode, "Traceback" in done.stderr, len(lines)) == (code, False, 1), done.stderr  # type: ignore[attr-defined]
    assert all(word in lines[0] for word in words), lines[0]


def test_a_file_that_is_not_there(emotion_monitor: Command) -> None:
    assert_one_clear_line(emotion_monitor("run", "none.wav"), AUDIO, "none.wav")


def test_an_empty_file(emotion_monitor: Command, tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    assert_one_clear_line(emotion_monitor("run", "empty.wav"), AUDIO, "empty.wav")


def test_a_file_that_is_no_sound(emotion_monitor: Command, tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("this is no sound at all, however long it may be " * 50)
    assert_one_clear_line(emotion_monitor("run", "text.wav"), AUDIO, "text.wav")


def test_a_sound_file_of_no_frames(emotion_monitor: Command, tmp_path: Path) -> None:
    sound(tmp_path / "none.wav", seconds=0)
    assert_one_clear_line(emotion_monitor("run", "none.wav"), AUDIO, "none.wav")


def test_a_file_of_many_channels(emotion_monitor: Command, tmp_path: Path) -> None:
    sound(tmp_path / "many.wav", channels=6)
    assert_one_clear_line(emotion_monitor("run", "many.wav"), AUDIO, "6 channels")


def test_a_truncated_file_keeps_what_is_good(emotion_monitor: Command, tmp_path: Path) -> None:
    whole = sound(tmp_path / "whole.wav", seconds=8).read_bytes()
    (tmp_path / "half.wav").write_bytes(whole[: len(whole) // 2])
    done = emotion_monitor("run", "half.wav", "--store", "S", "--json", "r.json")
    report = json.loads((tmp_path / "r.json").read_text())
    assert (report["legs"]["mixed"]["frames"], "Traceback" in done.stderr) == (pytest.approx(200, abs=2), False)


def test_a_file_of_nan_does_not_reach_the_engine(emotion_monitor: Command, tmp_path: Path) -> None:
    samples = np.full(32_000, np.nan, np.float32)
    soundfile.write(tmp_path / "nan.wav", samples, 16_000, subtype="FLOAT")
    done = emotion_monitor("run", "nan.wav", "--json", "r.json")
    report = json.loads((tmp_path / "r.json").read_text())["legs"]["mixed"]
    assert (done.returncode, report["frames"], report["gaps"], report["lost_seconds"]) == (0, 100, 0, 2.0)


@pytest.mark.parametrize("rate", [4_000, 11_025, 22_050, 44_100, 96_000])
def test_any_usual_rate_is_taken(emotion_monitor: Command, tmp_path: Path, rate: int) -> None:
    sound(tmp_path / "a.wav", seconds=2, rate=rate)
    done = emotion_monitor("run", "a.wav", "--json", "-", "-q")
    assert json.loads(done.stdout)["legs"]["mixed"]["frames"] == 100


def test_an_unknown_source_kind(emotion_monitor: Command) -> None:
    assert_one_clear_line(emotion_monitor("run", "pigeon:x"), CONFIG, "pigeon", "microphone")


def test_an_unknown_option_of_a_source(emotion_monitor: Command, tmp_path: Path) -> None:
    sound(tmp_path / "a.wav")
    assert_one_clear_line(emotion_monitor("run", "a.wav", "-o", "speed=2"), CONFIG, "speed")


def test_an_unknown_key_in_the_configuration(emotion_monitor: Command, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("engine:\n  nmae: compact\n")
    assert_one_clear_line(emotion_monitor("config", "check", "-c", "c.yaml"), CONFIG, "c.yaml:2", "engine.nmae")


def test_a_rule_file_with_a_mistake(emotion_monitor: Command, tmp_path: Path) -> None:
    sound(tmp_path / "a.wav")
    (tmp_path / "r.yaml").write_text("rules:\n  - name: x\n    severty: critical\n")
    done = emotion_monitor("run", "a.wav", "--rules", "r.yaml")
    assert (done.returncode, "r.yaml:" in done.stderr, "Traceback" in done.stderr) == (CONFIG, True, False)


def test_all_faults_of_a_configuration_are_told_at_once(emotion_monitor: Command, tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(
        "rules:\n  - {name: x, severity: info, leg: any, when: {emotion: {is: angrey}}, message: '{mood}'}\n"
    )
    (tmp_path / "c.yaml").write_text("alerts: {rules: [./r.yaml]}\nserver: {host: 0.0.0.0}\n")
    done = emotion_monitor("config", "check", "-c", "c.yaml")
    told = [line.removeprefix("emotion-monitor: ") for line in done.stderr.splitlines()]
    assert (done.returncode, len(told)) == (CONFIG, 3)
    assert "unknown field {mood}" in told[0]
    assert "r.yaml:2: no engine names the emotion 'angrey'; did you mean angry?" in told[1]
    assert "server.token is not set" in told[2]


def test_sources_of_a_configuration_that_could_never_be_opened_are_told(emotion_monitor: Command, tmp_path: Path) -> None:
    sources = "[{kind: rtp}, {kind: rtp, options: {port: 5004, jitter: 1}}, {kind: tape}, {kind: ingest}]"
    (tmp_path / "c.yaml").write_text(f"sources: {sources}\n")
    done = emotion_monitor("config", "check", "-c", "c.yaml")
    told = [line.removeprefix("emotion-monitor: ") for line in done.stderr.splitlines()]
    assert (done.returncode, len(told)) == (CONFIG, 4)
    assert told[0] == "sources.1: source rtp: unknown option port; it takes legs, sdp, payload_types"
    assert told[1].startswith("sources.1: source rtp: unknown option jitter")
    assert told[2].startswith("sources.2.kind: no source is called 'tape'; there are: ")
    assert told[3] == "sources.3.kind: ingest is not opened: its calls come to a running service (emotion-monitor serve)"


@pytest.mark.needs("emotion2vec")
def test_a_model_that_is_not_there(emotion_monitor: Command, tmp_path: Path) -> None:
    sound(tmp_path / "a.wav")
    done = emotion_monitor("run", "a.wav", "--engine", "emotion2vec", "--model", "/no/such/model")
    assert_one_clear_line(done, MODEL, "/no/such/model")


def test_a_store_that_cannot_be_written(emotion_monitor: Command, tmp_path: Path) -> None:
    sound(tmp_path / "a.wav")
    (tmp_path / "file").touch()
    assert_one_clear_line(emotion_monitor("run", "a.wav", "--store", "file/store"), STORE, "file/store")


@pytest.mark.parametrize("call", ["no-such-call", "../../etc/passwd", "a/b", ""])
def test_a_call_that_is_not_there_or_is_no_id(emotion_monitor: Command, tmp_path: Path, call: str) -> None:
    (tmp_path / "emotion-store").mkdir()
    done = emotion_monitor("calls", "show", call)
    assert (done.returncode in (CONFIG, STORE), "Traceback" in done.stderr) == (True, False)


def test_a_store_that_is_not_there(emotion_monitor: Command) -> None:
    assert_one_clear_line(emotion_monitor("calls", "list", "--store", "nowhere"), STORE, "nowhere")


def test_a_mixed_source_under_the_eu_profile(emotion_monitor: Command, tmp_path: Path) -> None:
    sound(tmp_path / "mono.wav")
    profile = Path(__file__).parents[2] / "configs" / "eu.yaml"
    done = emotion_monitor("run", "mono.wav", "--config", profile)
    assert_one_clear_line(done, CONFIG, "mixed source is refused", "legs=customer")


def test_raw_sound_from_a_pipe_that_ends_in_the_middle_of_a_sample(emotion_monitor: Command) -> None:
    raw = np.zeros(16_000, "<i2").tobytes() + b"\x01"
    done = emotion_monitor("run", "-", "--json", "-", "-q", stdin=raw)
    assert json.loads(done.stdout)["legs"]["mixed"]["frames"] == 50
