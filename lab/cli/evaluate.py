"""`emotion-monitor evaluate`: how right any engine is on any labelled calls or clips."""

from enum import StrEnum
from math import isfinite
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
    output_folder,
    settings_from,
    write_json,
)
from monitor.errors import ConfigError
from monitor.extras import LAB, need

WHOLE = "-1,1"
"""Range of valence and arousal."""


class LineChoice(StrEnum):
    """How what is heard reaches the monitor."""

    clean = "clean"
    telephone = "telephone"


class SpeakersChoice(StrEnum):
    """Whose clips are heard."""

    all = "all"
    held = "held"


def _print_schema(asked: bool) -> None:
    if asked:
        import json

        from lab.evaluation.report import Report

        typer.echo(json.dumps(Report.model_json_schema(mode="serialization"), indent=2, ensure_ascii=False))
        raise typer.Exit


def evaluate(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Folders of clips (labels.csv), of calls (NAME.json beside NAME.wav, or ZED.json), or just of recordings.",
            show_default=False,
            metavar="FOLDER...",
        ),
    ] = None,
    judged: JudgedOption = False,
    store: StoreOption = None,
    classes: Annotated[
        str | None,
        typer.Option(
            help="Keep the clips with these labels and decide among them. [default: all labels of the engine]",
            metavar="LABEL,LABEL,...",
        ),
    ] = None,
    speakers: Annotated[
        SpeakersChoice,
        typer.Option(
            help="held: only the speakers of each dataset whom `train compact` keeps apart when given the same clips."
        ),
    ] = SpeakersChoice.all,
    line: Annotated[
        LineChoice, typer.Option(help="Hear it as it is, or over a telephone line: 300-3400 Hz, G.711, noise 18-35 dB below.")
    ] = LineChoice.clean,
    probe: Annotated[
        bool,
        typer.Option(
            "--probe", help="Also teach a linear classifier on the embeddings of the clips, and test it on other speakers."
        ),
    ] = False,
    folds: Annotated[
        int | None,
        typer.Option(
            min=2,
            help="Of --probe: draw so many, by speaker. [default: those of the column fold in labels.csv, else 5]",
            metavar="N",
            show_default=False,
        ),
    ] = None,
    degrade: Annotated[
        bool, typer.Option("--degrade", help="Also hear the clips over ever worse lines: codec, noise, loss, level.")
    ] = False,
    noise: Annotated[
        Path | None,
        typer.Option(help="Folder of recordings that --degrade is noisy with. [default: babble, brown]", metavar="DIR"),
    ] = None,
    alert_rule: Annotated[
        list[str] | None,
        typer.Option(
            help="Rule whose alerts are held against the labels of calls; may be given again. `any`: every rule about an angry "
            "leg. [default: customer-angry]",
            metavar="NAME",
        ),
    ] = None,
    baselines: Annotated[
        bool, typer.Option(help="Also look for the change points of calls by other means, as the measure of what is good.")
    ] = True,
    affect: Annotated[
        Path | None,
        typer.Option(
            help="Valence and arousal of the calls and recordings as people traced them: a table of file, annotator, time, "
            "valence, arousal.",
            metavar="CSV",
        ),
    ] = None,
    affect_range: Annotated[
        str, typer.Option("--affect-range", help="Of the values of --affect: least and greatest.", metavar="LOW,HIGH")
    ] = WHOLE,
    lag: Annotated[
        float, typer.Option(min=0, max=60, help="Seconds by which annotators of --affect are later than what they heard.")
    ] = 0.0,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Hear so many at most; of clips, each dataset and emotion alike.", metavar="N")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of simulated lines, of the choice under --limit and of drawn folds.")] = 1,
    jobs: JobsOption = None,
    config: ConfigOption = None,
    engine: EngineOption = None,
    model: ModelOption = None,
    rules: RulesOption = None,
    json_file: JsonOption = None,
    plots: Annotated[
        Path | None,
        typer.Option(help="Draw confusion, reliability and curves into this folder.", metavar="DIR", callback=output_folder),
    ] = None,
    pages: Annotated[
        Path | None,
        typer.Option(
            help="Write a page of each call to judge by listening, and an index, into this folder.",
            metavar="DIR",
            callback=output_folder,
        ),
    ] = None,
    sound: Annotated[bool, typer.Option(help="Put the sound of a call into its page.")] = True,
    compared: Annotated[
        Path | None,
        typer.Option("--against", help="Hold this run against another: a file that --json wrote.", metavar="FILE"),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
    _schema: Annotated[
        bool, typer.Option("--schema", callback=_print_schema, is_eager=True, help="Print the JSON Schema of --json and stop.")
    ] = False,
) -> None:
    """Hear labelled clips or calls through the whole pipeline, and tell how much of it was right.

    Windows, inference, change points and rules are those of a live call, faster than real time, on all cores. Every figure is
    defined in docs/evaluate.md. Recordings without labels are heard too: what would be shown, and how many alerts an hour.

    Examples:

      emotion-monitor evaluate clips --classes angry,happy,neutral,sad --speakers held --line telephone

      emotion-monitor evaluate calls --json calls.json --plots plots

      emotion-monitor evaluate clips --degrade --noise noise --limit 300 --plots plots

      emotion-monitor evaluate clips --probe --folds 5 --json probe.json

      emotion-monitor evaluate --judged --store emotion-store

      emotion-monitor evaluate recorded-call.flac --pages pages

      emotion-monitor evaluate conversations --affect traced.csv --affect-range=-100,100 --lag 3

      emotion-monitor evaluate calls --config ours.yaml --json ours.json --against defaults.json
    """
    need(LAB, "evaluate", ConfigError)
    from rich.console import Console

    from lab.calls.alerts import DEFAULT_RULE
    from lab.calls.annotations import read_annotations
    from lab.cli.evaluate_report import print_report
    from lab.clips.probe import Folds
    from lab.evaluation.against import against, read_report
    from lab.evaluation.evaluate import Plan, evaluate
    from lab.evaluation.inputs import read_inputs
    from lab.lines.condition import TELEPHONE
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
    if folds is not None and not probe:
        raise ConfigError("--folds are those of --probe: give that too")
    if affect is None and (lag or affect_range != WHOLE):
        raise ConfigError("--lag and --affect-range are those of --affect: give that too")
    plan = Plan(
        classes=_names(classes),
        speakers=speakers.value,
        limit=limit,
        seed=seed,
        line=TELEPHONE if line is LineChoice.telephone else None,
        probe=Folds(folds, seed) if probe else None,
        degrade=degrade,
        noise=noise,
        pages=pages,
        sound=sound,
        alert_rules=tuple(alert_rule or (DEFAULT_RULE,)),
        baselines=baselines,
        affect=read_annotations(affect, *_range(affect_range)) if affect is not None else None,
        lag=lag,
    )
    earlier = read_report(compared) if compared is not None else None
    inputs = read_inputs(folders or ())
    inputs.judged = judged_calls(settings) if judged else None
    with followed(Console(stderr=True, quiet=quiet)) as progress:
        report = evaluate(inputs, settings, plan, jobs=jobs, progress=progress)
    if earlier is not None and compared is not None:
        report = report.model_copy(update={"against": against(report, earlier, compared)})
    print_report(report, report_console(quiet=quiet, stderr=str(json_file) == "-"))
    write_json(report.model_dump(mode="json", exclude_none=True), json_file)
    if pages is not None:
        typer.echo(f"pages: {pages / 'index.html'}", err=True)
    if plots is not None:
        from lab.evaluation.plots import draw

        for file in draw(report, plots):
            typer.echo(f"drawn: {file}", err=True)


def _range(text: str) -> tuple[float, float]:
    try:
        low, high = map(float, text.split(","))
    except ValueError:
        low = high = 0.0
    if not (low < high and isfinite(high - low)):
        raise ConfigError(f"--affect-range: expected the least and the greatest value, such as -100,100; got {text!r}")
    return low, high


def _names(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    names = tuple(name.strip() for name in text.split(","))
    if len(names) < 2 or "" in names or len(set(names)) < len(names):
        raise ConfigError(f"--classes: expected at least two different labels, such as angry,happy,neutral,sad; got {text!r}")
    return names
