"""`emotion-monitor tune`: settings and rules that serve an aim best."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.options import (
    ConfigOption,
    EngineOption,
    JobsOption,
    JsonOption,
    ModelOption,
    RulesOption,
    log_level,
    output_file,
    output_folder,
    settings_from,
    write_json,
)
from monitor.errors import ConfigError
from monitor.extras import LAB, need


def tune(
    folders: Annotated[
        list[Path],
        typer.Argument(
            help="Folders of labelled calls (NAME.json beside NAME.wav, or ZED.json).", show_default=False, metavar="FOLDER..."
        ),
    ],
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
            help="What may be varied: some of engine,state,changes,rules, or single keys (state.neutral_lead). "
            "[default: what the aim depends on, without engine]",
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
    trials: Annotated[int, typer.Option("--trials", "-n", min=1, help="Settings that are tried.", metavar="N")] = 150,
    minutes: Annotated[
        float | None, typer.Option(min=0.0, help="Stop then, if the trials are not done before.", metavar="M")
    ] = None,
    folds: Annotated[
        int, typer.Option(min=2, help="Speakers are split into so many sets; one is kept apart to measure on.", metavar="K")
    ] = 4,
    cross: Annotated[
        bool,
        typer.Option(
            "--cross",
            help="Keep each set apart in turn, in a search of its own, then search on all: K+1 searches, the surest figures.",
        ),
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of the search and of the split.")] = 1,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the trials kept beside --out, up to --trials in all.")
    ] = False,
    cache: Annotated[
        Path | None,
        typer.Option(
            help="Keep what the engine heard in this folder, for the next search. It describes voices.",
            metavar="DIR",
            callback=output_folder,
        ),
    ] = None,
    jobs: JobsOption = None,
    config: ConfigOption = None,
    engine: EngineOption = None,
    model: ModelOption = None,
    rules: RulesOption = None,
    json_file: JsonOption = None,
    plots: Annotated[
        Path | None,
        typer.Option(
            help="Draw the course of the search, and what mattered, into this folder.", metavar="DIR", callback=output_folder
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    """Search for the settings and rules that serve an aim best on labelled calls, and write them as a configuration.

    Calls are heard once; each trial analyses what was heard anew, as evaluate would with these settings. Trials are scored on
    some speakers, what was gained is told of others. An aim is one of

      changes    change F1 at 2 s; at most 6 false alarms an hour of a leg without change

      alerts     alert F1; at most 1 false alert an hour on neutral calls, half of the alerts within 3 s

      balanced   alert F1 + change F1 - EDER, with the limits of alerts (the default)

    or figures of evaluate --json put together with + and -, then limits: docs/tune.md.

    Examples:

      emotion-monitor tune calls --aim alerts --trials 200 --plots plots

      emotion-monitor tune calls --aim "changes.f1_2s where alerts.false_per_hour <= 2" --search state,changes,rules

      emotion-monitor run call.wav --config tuned.yaml
    """
    need(LAB, "tune", ConfigError)
    import os

    from rich.console import Console

    from lab.calls.alerts import DEFAULT_RULE
    from lab.calls.read import read_calls
    from lab.cli.tune_report import followed, print_tuned
    from lab.tune.aim import parse_aim
    from lab.tune.tuning import Plan, tune
    from lab.tune.write import write_settings
    from monitor.cli.tables import report_console

    settings = settings_from(
        config, engine__name=engine, engine__model=model, alerts__rules=rules or None, log__level=log_level(config, quiet=quiet)
    )
    plan = Plan(
        aim=parse_aim(aim),
        alert_rules=tuple(alert_rule or (DEFAULT_RULE,)),
        search=_names(search),
        trials=trials,
        minutes=minutes,
        folds=folds,
        cross=cross,
        seed=seed,
        study=_study(out, resume),
        cache=cache,
    )
    calls = [call for folder in folders for call in read_calls(folder)]
    with followed(Console(stderr=True, quiet=quiet)) as progress:
        tuned = tune(calls, settings, plan, jobs=jobs or len(os.sched_getaffinity(0)), progress=progress)
    files = write_settings(tuned, out, shlex.join(["emotion-monitor", *sys.argv[1:]]))
    print_tuned(tuned, report_console(quiet=quiet, stderr=str(json_file) == "-"))
    write_json(tuned.as_json(), json_file)
    if plots is not None:
        from lab.tune.plots import draw

        files += draw(tuned, plots)
    if not quiet:
        for file in files:
            typer.echo(f"written: {file}", err=True)


def _names(text: str | None) -> tuple[str, ...] | None:
    return tuple(name.strip() for name in text.split(",")) if text is not None else None


def _study(out: Path, resume: bool) -> Path:
    """The file beside `out` that trials are kept in."""
    file = out.with_name(f"{out.stem}.trials.jsonl")
    if file.exists() and not resume:
        raise ConfigError(
            f"{file}: holds the trials of an earlier search; --resume goes on with it, or delete it to begin anew"
        )
    if resume and not file.exists():
        raise ConfigError(f"--resume: there is no {file} to go on with")
    return file
