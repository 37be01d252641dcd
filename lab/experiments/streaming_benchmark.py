"""The benchmark of streaming emotion on telephone lines that `lab/benchmark_card.md` defines: one command, one table.

    python -m lab.experiments.streaming_benchmark CLIPS OUT [--speakers held] [--calls 60] [--seed 1]
        [--engine compact] [--model WEIGHTS] [--rules FILE] [--real FOLDER] [--jobs N] [--json FILE]

CLIPS is a folder with `labels.csv`; calls are composed of them into OUT (those that are there are composed again, the same),
and heard over a telephone line that the seed and the call's name draw. Any engine that is installed may enter, one of another
package too. `--real` names recordings without labels, whose alerts of emotion an hour stand beside what the alerts catch.
"""

import argparse
from pathlib import Path

from lab.calls.compose import write_calls
from lab.calls.figures import CallsFigures
from lab.calls.read import read_calls
from lab.calls.report import BaselinePart
from lab.clips.choice import check_kept_apart, chosen
from lab.evaluation.evaluate import Plan, evaluate
from lab.evaluation.inputs import Inputs
from lab.evaluation.report import Report
from lab.hearing.takes import read_recordings
from lab.labels import EMOTIONS, read_clips
from lab.lines.condition import TELEPHONE
from monitor.config import load_settings

HEAD = "| | EDER | changes F1 1 s / 2 s | delay | false/h | alerts recall | precision | delay | false/h | real calls/h |"


def row(name: str, calls: CallsFigures, real_an_hour: float | None) -> str:
    """What somebody reaches who says something of the calls while they go on."""
    changes, alerts = calls.changes, calls.alerts
    cells = [
        name,
        _number(calls.eder),
        f"{_number(changes.f1_1s)} / {_number(changes.f1_2s)}",
        _number(changes.delay_median),
        _number(changes.false_alarms_per_leg_hour),
        _number(alerts.recall),
        _number(alerts.precision),
        _number(alerts.delay_median),
        _number(alerts.false_per_hour),
        _number(real_an_hour),
    ]
    return f"| {' | '.join(cells)} |"


def engine_row(report: Report) -> str:
    """What the engine and all after it reach."""
    if report.calls is None:
        raise ValueError("no call was heard")
    real = report.recordings.emotion_alerts_per_hour if report.recordings else None
    return row(f"{report.engine.name} {report.engine.version}", report.calls, real)


def baseline_row(name: str, part: BaselinePart) -> str:
    """Who says something of the same calls without listening for emotion, or with the whole call at hand."""
    changes = part.changes
    found = "" if changes is None else f"{_number(changes.f1_1s)} / {_number(changes.f1_2s)}"
    false = "" if changes is None else _number(changes.false_alarms_per_leg_hour)
    eder = "" if part.eder is None else _number(part.eder)
    return f"| {name} ({part.about}) | {eder} | {found} | | {false} | | | | | |"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--speakers", choices=("all", "held"), default="held")
    parser.add_argument("--calls", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engine", default="compact")
    parser.add_argument("--model")
    parser.add_argument("--rules", type=Path, action="append")
    parser.add_argument("--real", type=Path, action="append", default=[])
    parser.add_argument("--jobs", type=int)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    flags = {"engine.name": given.engine, "engine.model": given.model, "alerts.rules": given.rules, "log.level": "warning"}
    settings = load_settings(flags={key: value for key, value in flags.items() if value is not None})
    if given.speakers == "held":
        check_kept_apart(settings.engine)
    clips = chosen(read_clips(given.clips, EMOTIONS), classes=None, speakers=given.speakers, limit=None, seed=given.seed)
    write_calls(clips, given.out, given.calls, given.seed)
    inputs = Inputs(calls=read_calls(given.out), recordings=read_recordings(given.real) if given.real else [])
    report = evaluate(inputs, settings, Plan(line=TELEPHONE, seed=given.seed), jobs=given.jobs, progress=lambda *_: None)
    if given.json:
        given.json.write_text(report.model_dump_json(exclude_none=True))
    print(HEAD)
    print(f"|{'---|' * (HEAD.count('|') - 1)}")
    print(engine_row(report))
    for name, part in (report.baselines or {}).items():
        print(baseline_row(name, part))


if __name__ == "__main__":
    main()
