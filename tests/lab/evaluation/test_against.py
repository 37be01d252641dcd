"""Two runs against each other: what one gained, and whether other people might say otherwise."""

from pathlib import Path

import pytest

from lab.calls.report import CallRow
from lab.evaluation.against import against, read_report
from lab.evaluation.report import Report
from monitor.errors import ConfigError
from tests.lab.evaluation.made_report import clips_of, report_of

OTHER = Path("other.json")


def row(call: str, speaker: str, *, eder: float, hits: int = 1, blocks: int = 1) -> CallRow:
    return CallRow(
        call=call, dataset="d", language="", speaker=speaker, seconds=60.0, eder=eder, changes=2, found=2, right_2s=1,
        blocks=blocks, hits=hits, false=0,
    )  # fmt: skip


def test_a_gain_that_everybody_has_is_sure_however_much_people_differ() -> None:
    before = report_of(rows=[row(f"c{n}", f"s{n}", eder=0.1 * n + 0.1) for n in range(8)])
    after = report_of(rows=[row(f"c{n}", f"s{n}", eder=0.1 * n + 0.05) for n in range(8)])
    told = against(after, before, OTHER)
    eder = told.figures["eder"]
    assert (told.calls, told.people) == (8, 8)
    assert (eder.this, eder.other) == (pytest.approx(0.4), pytest.approx(0.45))
    assert (eder.low, eder.high) == (pytest.approx(-0.05), pytest.approx(-0.05))


def test_a_run_against_itself_gains_nothing() -> None:
    run = report_of(rows=[row(f"c{n}", f"s{n % 3}", eder=0.1 * n) for n in range(6)])
    gains = [(each.this == each.other, each.low, each.high) for each in against(run, run, OTHER).figures.values()]
    assert gains == [(True, 0.0, 0.0)] * 4


def test_what_only_one_run_heard_does_not_count() -> None:
    before = report_of(rows=[row("c1", "a", eder=0.5), row("c2", "b", eder=0.5)])
    after = report_of(rows=[row("c1", "a", eder=0.4), row("c3", "b", eder=0.0), row("c2", "b", eder=0.1, blocks=2)])
    told = against(after, before, OTHER)
    assert (told.calls, told.people, told.figures["eder"].this, told.figures["eder"].low) == (1, 1, 0.4, None)


def test_clips_are_compared_by_the_mean_of_the_datasets() -> None:
    before = report_of(people={"d/a": clips_of(5, 5), "d/b": clips_of(5, 5), "e/c": clips_of(10, 0)})
    after = report_of(people={"d/a": clips_of(8, 2), "d/b": clips_of(8, 2), "e/c": clips_of(10, 0)})
    uar = against(after, before, OTHER).figures["clips.uar"]
    assert (uar.this, uar.other) == (pytest.approx(0.9), pytest.approx(0.75))
    assert against(after, before, OTHER).clips == 60


def test_runs_with_nothing_in_common_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"--against other\.json: no call and no clip was heard in both runs"):
        against(report_of(rows=[row("c1", "a", eder=0.5)]), report_of(rows=[row("c2", "a", eder=0.5)]), OTHER)


def test_a_report_is_read_as_it_was_written(tmp_path: Path) -> None:
    run: Report = report_of(rows=[row("c1", "a", eder=0.5)], people={"d/a": clips_of(5, 5)})
    (tmp_path / "run.json").write_text(run.model_dump_json(exclude_none=True))
    assert read_report(tmp_path / "run.json") == run


@pytest.mark.parametrize(("text", "fault"), [(None, "cannot be read"), ("{}", "is not what evaluate --json"), ("no", "is not")])
def test_a_file_that_is_no_report_is_refused_with_its_name(tmp_path: Path, text: str | None, fault: str) -> None:
    file = tmp_path / "run.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(ConfigError, match=rf"--against .*run\.json: {fault}"):
        read_report(file)
