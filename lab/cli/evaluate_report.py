"""What `evaluate` prints at the end."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from lab.calls.affect import AffectPart, Agreement
from lab.calls.figures import NAMES
from lab.calls.judged import JudgedFigures
from lab.calls.report import of_real_calls, tables
from lab.clips.probe import Probe
from lab.clips.scores import ClipScores
from lab.evaluation.report import Against, DegradedPoint, Recordings, Report
from monitor.cli.tables import table

SHOWN_UNHEARD = 5
"""Files that could not be heard which are printed; the JSON has all."""


def print_report(report: Report, console: Console) -> None:
    """Tables of all that is in the report."""
    engine = report.engine
    console.print(
        f"{engine.name} {engine.model}, version {engine.version}, licence {engine.licence or 'not stated'}: "
        f"window {engine.window:g} s, hop {engine.hop:g} s, lookahead {engine.lookahead:g} s; line: {report.line}"
    )
    if report.clips is not None:
        _print_clips(report, console)
    if report.probe is not None:
        _print_probe(report.probe, console)
    if report.calls_result is not None:
        heard = report.recordings
        real = None if heard is None else of_real_calls(heard.emotion_alerts_per_hour, _counted(heard))
        for title, rows in tables(report.calls_result, real):
            console.print(table(title, rows))
    if report.affect is not None:
        _print_affect(report.affect, console)
    if report.judged is not None:
        _print_judged(report.judged, console)
    if report.recordings is not None:
        _print_recordings(report.recordings, console)
    if report.degraded:
        console.print(_degraded(report.degraded))
    if report.against is not None:
        _print_against(report.against, console)
    for each in report.unheard[:SHOWN_UNHEARD]:
        console.print(f"not heard: {each.reason}", style="yellow", soft_wrap=True, markup=False)
    if len(report.unheard) > SHOWN_UNHEARD:
        console.print(f"not heard: {len(report.unheard)} files in all; --json FILE names them", style="yellow")
    console.print(
        f"{report.seconds / 60:.1f} min heard in {report.wall_seconds:.0f} s by {report.jobs} processes, "
        f"{report.seconds / max(report.wall_seconds, 1e-9):.1f} times real time"
    )


def _print_against(told: Against, console: Console) -> None:
    rows = [
        {
            "figure": NAMES.get(name, name),
            "other": _three(each.other),
            "this": _three(each.this),
            "gain, 95 % of resampled speakers": f"{each.low:+.3f} to {each.high:+.3f}"
            if each.low is not None and each.high is not None
            else "",
        }
        for name, each in told.figures.items()
    ]
    what = f"{told.calls} calls, {told.clips} clips, {told.people} speakers"
    console.print(table(f"Against {told.file} (weights {told.version}): what both heard, {what}", rows))


def _three(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _counted(heard: Recordings) -> str:
    alerts = round(heard.emotion_alerts_per_hour * heard.hours)
    return f"{alerts} in {heard.hours:.2f} h, in {heard.recordings_with_emotion_alerts} of {heard.recordings} calls"


def _print_clips(report: Report, console: Console) -> None:
    clips = report.clips or {}
    console.print(_scores(f"clips, {report.speakers} speakers, among {', '.join(report.classes)}", clips))
    if report.languages:
        console.print(_scores("by language", report.languages))
    table = Table(title="true \\ heard, % of the true class", title_justify="left", header_style="bold")
    table.add_column("")
    for name in report.classes:
        table.add_column(name, justify="right")
    for name, row in zip(report.classes, clips["all"].confusion, strict=True):
        if sum(row):
            table.add_row(name, *(f"{100 * count / sum(row):.0f}" for count in row))
    console.print(table)


def _print_probe(probe: Probe, console: Console) -> None:
    rows = []
    for name, found in probe.datasets.items():
        low, high = found.intervals.get("uar", (None, None))
        rows.append(
            {
                "": name,
                "clips": found.clips,
                "speakers": found.speakers,
                "folds": len(found.folds),
                "UAR": _three(found.uar),
                "95 % of resampled speakers": "" if low is None or high is None else f"{low:.3f} to {high:.3f}",
                "WA": _three(found.wa),
                "F1": _three(found.f1),
            }
        )
    console.print(table("a linear probe of the embeddings on speakers it has not heard, mean of folds", rows))
    console.print(f"mean of datasets: UAR {probe.uar_mean_of_datasets:.3f}; {probe.dim} numbers an embedding")
    for name, found in probe.datasets.items():
        if found.speakers_in_several_folds:
            console.print(
                f"{name}: {found.speakers_in_several_folds} speakers are in several of its folds, so they were heard before",
                style="yellow",
                markup=False,
            )


def _scores(title: str, rows: Mapping[str, ClipScores]) -> Table:
    table = Table(title=title, title_justify="left", header_style="bold")
    table.add_column("")
    for head in ("clips", "speakers", "UAR", "WA", "F1", "ECE", "T"):
        table.add_column(head, justify="right")
    for name, row in rows.items():
        if name != "all":
            table.add_row(*_cells(name, row))
    if "all" in rows:
        table.add_section()
        table.add_row(*_cells("all clips", rows["all"]))
        table.add_row("mean of datasets", "", "", f"{rows['all'].uar_mean_of_datasets:.3f}", "", "", "", "")
    return table


def _cells(name: str, row: ClipScores) -> list[str]:
    shares = (row.uar, row.wa, row.f1, row.ece)
    return [name, str(row.clips), str(row.speakers), *(f"{share:.3f}" for share in shares), f"{row.temperature:.2f}"]


def _print_affect(affect: AffectPart, console: Console) -> None:
    rows = []
    for dimension, overall in affect.dimensions.items():
        low, high = overall.intervals.get("ccc", (None, None))
        sure = "" if low is None or high is None else f"{low:.3f} to {high:.3f}"
        rows.append(_agreement("all", dimension, overall) | {"CCC, 95 % of resampled speakers": sure})
    each = [
        _agreement(f"{row.file} {row.leg}", dimension, found)
        for row in affect.rows
        for dimension, found in row.dimensions.items()
    ]
    console.print(
        table(f"valence and arousal beside those of annotators, who are {affect.lag:g} s late; {len(affect.rows)} legs", rows)
    )
    if len(affect.rows) > 1:
        console.print(table("the same, by leg", each))


def _agreement(of: str, dimension: str, found: Agreement) -> dict[str, str | None]:
    shown = {"CCC": _three(found.ccc), "RMSE": _three(found.rmse), "Pearson": _three(found.pearson)}
    return {"of": of, "dimension": dimension, "minutes": f"{found.seconds / 60:.1f}", **shown}


def _print_judged(judged: Mapping[str, JudgedFigures], console: Console) -> None:
    rows = [
        {
            "rule": rule,
            "right": figures.right,
            "wrong": figures.wrong,
            "precision, raised": figures.precision_raised,
            "right kept": figures.right_kept,
            "wrong kept": figures.wrong_kept,
            "precision": figures.precision,
            "new, not judged": figures.new,
        }
        for rule, figures in judged.items()
    ]
    console.print(table("alerts that people judged; kept: still raised with these settings and rules", rows))


def _print_recordings(heard: Recordings, console: Console) -> None:
    rules = ", ".join(f"{rule} {rate:.1f}" for rule, rate in heard.alerts_per_hour_by_rule.items()) or "none"
    console.print(
        f"{heard.recordings} recordings without labels, {heard.hours:.2f} h: {heard.alerts_per_hour:.1f} alerts an hour "
        f"({rules}), {heard.change_points_per_hour:.1f} change points an hour"
    )
    table = Table(title="what was shown, % of speech", title_justify="left", header_style="bold")
    emotions = list(dict.fromkeys(emotion for leg in heard.legs.values() for emotion in leg.emotions))
    for head in ("leg", "speech min", "change points/h", *emotions):
        table.add_column(head, justify="left" if head == "leg" else "right")
    for name, leg in heard.legs.items():
        shares = (f"{100 * leg.emotions.get(emotion, 0):.0f}" for emotion in emotions)
        table.add_row(name, f"{60 * leg.speech_hours:.1f}", f"{leg.change_points_per_hour:.1f}", *shares)
    console.print(table)


def _degraded(points: list[DegradedPoint]) -> Table:
    table = Table(title="over worse lines", title_justify="left", header_style="bold")
    for head in ("sweep", "value", "UAR", "F1", "ECE"):
        table.add_column(head, justify="left" if head == "sweep" else "right")
    for before, point in zip([None, *points], points, strict=False):
        if before is not None and before.sweep != point.sweep:
            table.add_section()
        table.add_row(point.sweep, _value(point.value), f"{point.uar:.3f}", f"{point.f1:.3f}", f"{point.ece:.3f}")
    return table


def _value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
