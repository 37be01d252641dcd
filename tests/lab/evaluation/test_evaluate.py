"""The whole evaluation: folders in, a report out, whose JSON is the documented one."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest

from lab.calls.annotations import read_annotations
from lab.clips.probe import Folds
from lab.evaluation.evaluate import Plan, evaluate
from lab.evaluation.inputs import read_inputs
from lab.evaluation.plots import draw
from lab.evaluation.recordings import account
from lab.evaluation.report import Report
from lab.hearing.hearing import Hearing
from lab.hearing.listeners import Listeners
from lab.hearing.takes import Take
from lab.lines.condition import TELEPHONE
from monitor.config import Settings, load_settings
from monitor.errors import ConfigError, SourceError
from monitor.events import Alert, ChangePoint
from tests.lab.conftest import EMOTIONS

ROOT = Path(__file__).parents[3]


def quiet(stage: str, done: int, total: int) -> None:
    """Nobody looks."""


def evaluated(settings: Settings, *paths: Path, **plan: object) -> Report:
    return evaluate(read_inputs(paths), settings, Plan(**plan), jobs=1, progress=quiet)  # type: ignore[arg-type]


def test_clips_and_recordings_are_told_in_one_report(settings: Settings, clips_folder: Path, call_file: Path) -> None:
    report = evaluated(settings, clips_folder, call_file, classes=EMOTIONS)
    assert report.clips is not None
    assert report.recordings is not None
    assert {name: row.clips for name, row in report.clips.items()} == {"all": 16, "one": 8, "two": 8}
    assert (report.classes, report.line, report.unheard) == (list(EMOTIONS), "clean", [])
    assert (report.recordings.recordings, list(report.recordings.legs)) == (1, ["customer", "agent"])
    assert report.seconds == pytest.approx(16 + 12)


def test_traces_of_what_was_shown_agree_with_it(
    settings: Settings, listeners: Listeners, call_file: Path, tmp_path: Path
) -> None:
    ((_, hearing),) = listeners.hear([Take(call_file)])
    assert isinstance(hearing, Hearing)
    customer = hearing.legs["customer"]
    table = tmp_path / "traced.csv"
    table.write_text(
        "file,annotator,time,valence,arousal,leg\n"
        + "".join(
            f"call.wav,A,{(tick + 1) / 10 + 2:.1f},{100 * valence:.6f},{100 * arousal:.6f},customer\n"
            for tick, (valence, arousal) in enumerate(zip(customer.valence, customer.arousal, strict=True))
        )
    )
    report = evaluated(settings, call_file, affect=read_annotations(table, -100, 100), lag=2.0)
    jsonschema.validate(report.model_dump(mode="json", exclude_none=True), Report.model_json_schema(mode="serialization"))
    assert report.affect is not None
    assert {name: found.ccc for name, found in report.affect.dimensions.items()} == pytest.approx({"valence": 1, "arousal": 1})
    assert [(row.file, row.leg) for row in report.affect.rows] == [("call.wav", "customer")]


def test_a_line_is_heard_and_told(settings: Settings, clips_folder: Path) -> None:
    clean, telephone = (evaluated(settings, clips_folder, limit=4, line=line).clips for line in (None, TELEPHONE))
    assert clean is not None
    assert telephone is not None
    assert clean["all"].reliability != telephone["all"].reliability


def test_degraded_lines_are_swept_and_drawn(settings: Settings, clips_folder: Path, tmp_path: Path) -> None:
    report = evaluated(settings, clips_folder, limit=2, degrade=True)
    assert {point.sweep for point in report.degraded or []} == {
        "codec",
        "loss",
        "level",
        "noise: brown",
        "noise: babble of 2 clips",
    }
    assert {file.name for file in draw(report, tmp_path / "plots")} == {
        "confusion.svg",
        "reliability.svg",
        "degraded.svg",
    }
    assert "<svg" in (tmp_path / "plots" / "degraded.svg").read_text()[:1000]


def test_the_schema_that_is_documented_is_that_of_the_report() -> None:
    assert json.loads((ROOT / "docs" / "evaluate.schema.json").read_text()) == Report.model_json_schema(mode="serialization")


def test_a_report_holds_to_its_schema(settings: Settings, clips_folder: Path) -> None:
    document = evaluated(settings, clips_folder, probe=Folds()).model_dump(mode="json", exclude_none=True)
    jsonschema.validate(document, Report.model_json_schema(mode="serialization"))
    assert {"uar", "wa", "f1", "ece"} < document["clips"]["all"].keys()
    assert {name: len(found["folds"]) for name, found in document["probe"]["datasets"].items()} == {"one": 2, "two": 2}


def test_files_that_cannot_be_heard_are_named(settings: Settings, clips_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.wav").write_text("no sound " * 99)
    (tmp_path / "good.wav").write_bytes((clips_folder / "0.wav").read_bytes())
    report = evaluated(settings, tmp_path)
    assert report.recordings is not None
    assert (report.recordings.recordings, [Path(each.file).name for each in report.unheard]) == (1, ["broken.wav"])


def test_where_nothing_can_be_heard_there_is_no_report(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "broken.wav").write_text("no sound " * 99)
    with pytest.raises(SourceError, match=r"none of 1 recordings could be heard; the first: .*broken\.wav"):
        evaluated(settings, tmp_path)


def test_a_class_that_the_engine_does_not_tell_is_refused(settings: Settings, clips_folder: Path) -> None:
    with pytest.raises(ConfigError, match="compact does not tell bored"):
        evaluated(settings, clips_folder, classes=("angry", "bored"))


def test_degrading_needs_clips(settings: Settings, call_file: Path) -> None:
    with pytest.raises(ConfigError, match="--degrade needs labelled clips"):
        evaluated(settings, call_file, degrade=True)


def test_a_probe_needs_clips_of_several_speakers(
    settings: Settings, clips_folder: Path, call_file: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="--probe needs labelled clips"):
        evaluated(settings, call_file, probe=Folds())
    (tmp_path / "a.wav").touch()
    (tmp_path / "labels.csv").write_text("file,speaker,emotion,dataset\na.wav,1,sad,alone\na.wav,1,angry,alone\n")
    with pytest.raises(ConfigError, match="alone has one speaker"):
        evaluated(settings, tmp_path, probe=Folds())


def test_clips_are_not_heard_where_nobody_may_be_analysed_as_customer(clips_folder: Path) -> None:
    settings = load_settings(environment={}, flags={"privacy.subjects": ["agent"]})
    with pytest.raises(ConfigError, match=r"privacy\.subjects"):
        evaluated(settings, clips_folder)


def test_alerts_and_changes_are_counted_by_the_hour(listeners: Listeners, call_file: Path) -> None:
    ((_, hearing),) = listeners.hear([Take(call_file)])
    assert isinstance(hearing, Hearing)
    raised, cleared = (
        Alert(call="c", leg="customer", id="1", rule="angry", severity="info", status=status, message="")
        for status in ("raised", "cleared")
    )
    confirmed, suspected = (
        ChangePoint(call="c", leg="agent", id="2", status=status, strength=1.0, before="sad", after="happy")
        for status in ("confirmed", "provisional")
    )
    other = replace(raised, rule="dead-air")
    told = account([replace(hearing, seconds=1800.0, events=(raised, other, cleared, suspected, confirmed))], 0.5, {"angry"})
    assert (told.alerts_per_hour, told.alerts_per_hour_by_rule) == (4.0, {"angry": 2.0, "dead-air": 2.0})
    assert (told.emotion_alerts_per_hour, told.recordings_with_emotion_alerts, told.change_points_per_hour) == (2.0, 1, 2.0)
    assert {leg: shares.change_points_per_hour for leg, shares in told.legs.items()} == {"customer": 0.0, "agent": 2.0}
    assert sum(told.legs["customer"].emotions.values()) == pytest.approx(1)


@pytest.mark.parametrize(("name", "message"), [("none", "no such file or folder"), (".", "holds nothing to hear")])
def test_paths_with_nothing_to_hear_are_refused(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_inputs([tmp_path / name])


def test_of_recordings_too_short_to_hold_a_frame_nothing_is_told_an_hour() -> None:
    nothing = account([Hearing("blink", 0.0, {}, ())], speech_threshold=0.5)
    assert (nothing.recordings, nothing.hours, nothing.alerts_per_hour, nothing.change_points_per_hour) == (1, 0.0, 0.0, 0.0)
