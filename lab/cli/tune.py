"""`emotion-monitor tune`: settings and rules that serve an aim best."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from lab.cli.judged import JudgedOption, judged_calls
from monitor.cli.options import (
    ConfigOption,
    EngineOption,
    JobsOption,
    JsonOption,
    ModelOption,
    RulesOption,
    StoreOption,
    output_file,
    settings_from,
    write_json,
)
from monitor.errors import ConfigError
from monitor.extras import LAB, need


def tune(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Folders of labelled calls (NAME.json beside NAME.wav, or ZED.json).", show_default=False, metavar="FOLDER..."
        ),
    ] = None,
    judged: JudgedOption = False,
    store: StoreOption = None,
    aim: Annotated[
        str,
        typer.Option(
            help="What is wanted: changes, alerts, balanced, or figures put together, with limits (see below).", metavar="AIM"
        ),
    ] = "balanced",
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Configuration file to write.", metavar="FILE", callback=output_file)
    ] = Path("tuned.yaml"),
    search: Annotated[
        str | None,
        typer.Option(
            help="What may be varied: some of state,changes,rules, or single keys (state.neutral_lead). "
            "[default: what the aim depends on]",
            metavar="PART,...",
        ),
    ] = None,
    alert_rule: Annotated[
        list[str] | None,
        typer.Option(
            help="Rule whose alerts are measured and whose values may be varied; may be given again. [default: customer-angry]",
            metavar="NAME",
        ),
    ] = None,
    unlabelled: Annotated[
        list[Path] | None,
        typer.Option(
            help="Real calls without labels, a folder or a recording; may be given again. How often they warn of emotion is a "
            "figure, real.alerts_per_hour.",
            metavar="PATH",
        ),
    ] = None,
    at_most: Annotated[
        float | None,
        typer.Option(min=0.0, help="Alerts of emotion an hour of the --unlabelled calls: one limit more.", metavar="N"),
    ] = None,
    trials: Annotated[
        int, typer.Option("--trials", "-n", min=1, help="Settings that are tried, drawn at random.", metavar="N")
    ] = 150,
    minutes: Annotated[
        float | None, typer.Option(min=0.0, help="Stop then, if the trials are not done before.", metavar="M")
    ] = None,
    folds: Annotated[
        int, typer.Option(min=2, help="Sets of speakers. What is best for the others is measured on each.", metavar="K")
    ] = 4,
    seed: Annotated[int, typer.Option(min=0, help="Of the trials that are drawn.")] = 1,
    jobs: JobsOption = None,
    config: ConfigOption = None,
    engine: EngineOption = None,
    model: ModelOption = None,
    rules: RulesOption = None,
    json_file: JsonOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    """Fit a few settings and values of rules to labelled calls, and write them as a configuration.

    Calls are heard once; each trial analyses what was heard anew, as evaluate would with these settings. What the choice is
    worth is told of people whom it did not hear: each speaker by what was best for the others. An aim is one of

      changes    change F1 at 2 s; at most 6 false alarms an hour of a leg without change

      judged     F1 of judged alerts (--judged); at most 1 alert an hour that was not raised before

      alerts     alert F1; at most 1 false alert an hour on neutral calls, half of the alerts within 3 s

      balanced   alert F1 + change F1 - EDER, with the limits of alerts (the default)

    or figures of evaluate --json put together with + and -, then limits: docs/tune.md.

    Examples:

      emotion-monitor tune calls --aim alerts --trials 300

      emotion-monitor tune calls --aim alerts --unlabelled real-calls --at-most 3

      emotion-monitor tune calls --aim "changes.f1_2s where alerts.false_per_hour <= 2" --search changes,state.neutral_lead

      emotion-monitor tune --judged --aim judged --alert-rule customer-angry

      emotion-monitor run call.wav --config tuned.yaml
    """
    need(LAB, "tune", ConfigError)
    import os

    from rich.console import Console

    from lab.calls.alerts import DEFAULT_RULE
    from lab.calls.read import read_calls
    from lab.cli.tune_report import print_tuned
    from lab.hearing.takes import read_recordings
    from lab.tune.aim import REAL, parse_aim
    from lab.tune.tuning import Plan, tune
    from lab.tune.write import write_settings
    from monitor.cli.progress import followed
    from monitor.cli.tables import report_console

    settings = settings_from(
        config,
        store,
        engine__name=engine,
        engine__model=model,
        alerts__rules=rules or None,
        logs="warning",
        log__level="error" if quiet else None,
    )
    if at_most is not None and not unlabelled:
        raise ConfigError("--at-most needs calls without labels that it is about: name them by --unlabelled")
    wanted = parse_aim(aim)
    plan = Plan(
        aim=wanted if at_most is None else wanted.limited(REAL, at_most),
        unlabelled=tuple(read_recordings(unlabelled or ())),
        alert_rules=tuple(alert_rule or (DEFAULT_RULE,)),
        search=_names(search),
        trials=trials,
        minutes=minutes,
        folds=folds,
        seed=seed,
    )
    calls = [call for folder in folders or () for call in read_calls(folder)]
    stored = judged_calls(settings) if judged else None
    with followed(Console(stderr=True, quiet=quiet)) as progress:
        tuned = tune(calls, settings, plan, stored=stored, jobs=jobs or len(os.sched_getaffinity(0)), progress=progress)
    files = write_settings(tuned, out, shlex.join(["emotion-monitor", *sys.argv[1:]]))
    print_tuned(tuned, report_console(quiet=quiet, stderr=str(json_file) == "-"))
    write_json(tuned.as_json(), json_file)
    if not quiet:
        for file in files:
            typer.echo(f"written: {file}", err=True)


def _names(text: str | None) -> tuple[str, ...] | None:
    return tuple(name.strip() for name in text.split(",")) if text is not None else None
