"""`emotion-monitor embeddings`: what can be done with `.npy` files and with the embeddings of stored calls."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from monitor.cli import embedding_pictures
from monitor.cli.options import (
    STANDARD_OUTPUT,
    ConfigOption,
    EngineOption,
    JobsOption,
    JsonOption,
    ModelOption,
    StoreOption,
    existing_store,
    key_values,
    output_folder,
    settings_from,
    write_json,
)
from monitor.errors import ConfigError, MonitorError

if TYPE_CHECKING:
    from rich.console import Console

    from monitor.analysis.description import Description
    from monitor.analysis.extract import Extracted, Wanted
    from monitor.analysis.result_file import Granularity
    from monitor.config import Settings

app = typer.Typer(
    help="Read, make and analyse embeddings: .npy files, folders, and moments of stored calls.", no_args_is_help=True
)
app.command()(embedding_pictures.clusters)
app.command()(embedding_pictures.trajectory)
app.command()(embedding_pictures.changes)

EmbeddingsArgument = Annotated[
    list[str],
    typer.Argument(
        help="A .npy file; a folder (of outputs_*, of a snapshot, or of many); a pattern; a stored call, a moment of one "
        "(CALL@83.2-91.0/customer), or a day.",
        metavar="FILE|FOLDER|CALL...",
        show_default=False,
    ),
]


@app.command()
def info(
    named: EmbeddingsArgument, store: StoreOption = None, config: ConfigOption = None, json_file: JsonOption = None
) -> None:
    """Tell what embeddings are: shape, granularity, duration, norms, frames without a result, and whether result.json agrees.

    Nothing is unpickled, and no more memory is taken than there is in a file. What cannot be read is told, each in a line;
    the exit code is then that of the first.

    Examples:

      emotion-monitor embeddings info outputs/outputs_20260104_223000

      emotion-monitor embeddings info "clips/**/*.npy" --json -

      emotion-monitor embeddings info 20260102-101500-ab12@83.2-91.0/customer
    """
    settings = settings_from(config, store, log__level="warning")
    from monitor.analysis import stream
    from monitor.analysis.description import describe
    from monitor.cli.tables import report_console, table

    described: list[Description] = []
    errors: list[tuple[str, MonitorError]] = []
    for outcome in stream(named, describe, store=lambda: existing_store(settings)):
        if isinstance(outcome.error, MonitorError):
            errors.append((outcome.source, outcome.error))
        elif outcome.error is not None:
            raise outcome.error
        elif outcome.value is not None:
            described.append(outcome.value)
    failed = [{"source": name, "kind": type(error).__name__, "error": str(error)} for name, error in errors]
    write_json({"embeddings": [one.as_dict() for one in described], "failed": failed}, json_file)
    console = report_console(stderr=str(json_file) == STANDARD_OUTPUT)
    if described and json_file is None:
        console.print(table("embeddings", [_row(one) for one in described]))
        for one in described:
            for disagreement in one.disagreements:
                console.print(f"{one.source}: {disagreement}", soft_wrap=True, markup=False)
    if errors:
        for _, told in errors:
            typer.echo(f"emotion-monitor: {told}", err=True)
        raise typer.Exit(errors[0][1].exit_code)


@app.command()
def extract(
    audio: Annotated[
        list[str],
        typer.Argument(help="Sound or capture files, folders of them, or patterns.", metavar="AUDIO...", show_default=False),
    ],
    granularity: Annotated[
        str, typer.Option("--granularity", "-g", help="utterance: one row for a file; frame: a row each 20 ms.")
    ] = "utterance",
    to: Annotated[
        Path, typer.Option("--to", "-t", help="Folder to extract to; made where it is missing.", callback=output_folder)
    ] = Path("outputs"),
    engine: EngineOption = None,
    model: ModelOption = None,
    option: Annotated[
        list[str] | None,
        typer.Option("--option", "-o", help="An option of the source, such as legs=customer.", metavar="KEY=VALUE"),
    ] = None,
    keep_audio: Annotated[bool, typer.Option("--audio/--no-audio", help="Write processed_audio.wav: what was heard.")] = True,
    jobs: JobsOption = None,
    config: ConfigOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
    json_file: JsonOption = None,
) -> None:
    """Extract the embeddings of sound files into outputs_YYYYMMDD_HHMMSS/{processed_audio.wav,result.json,embedding.npy}.

    The frames are those that a call of the same sound has, in full precision; an utterance is their mean where somebody
    speaks. Each leg that may be analysed gets a folder: one for a file of one channel, customer and agent for two.

    Run it again to go on after Ctrl-C: what is done is skipped, unless the file or the engine is another. A file that fails
    does not stop the others: what failed is listed at the end, and the exit code is that of the first.

    Examples:

      emotion-monitor embeddings extract call.wav --granularity frame

      emotion-monitor embeddings extract "clips/**/*.wav" --to features --engine emotion2vec --json report.json
    """
    if granularity not in ("utterance", "frame"):
        raise ConfigError(f"--granularity {granularity}: expected utterance or frame")
    from monitor.cli.run_sources import named_sources

    named, _ = named_sources(audio)
    settings = settings_from(
        config, engine__name=engine, engine__model=model, logs="warning", log__level="error" if quiet else None
    )
    from monitor.analysis.extract import Wanted
    from monitor.cli.tables import report_console

    wanted = Wanted(to, cast("Granularity", granularity), key_values(option, "--option"), keep_audio)
    extracted = _extract(named, wanted, settings, jobs, report_console(stderr=True, quiet=quiet))
    write_json([_entry(one) for one in extracted], json_file)
    failed = [one for one in extracted if one.status == "failed"]
    if json_file is None or str(json_file) != STANDARD_OUTPUT:
        counts = {status: sum(one.status == status for one in extracted) for status in ("done", "skipped", "failed")}
        report_console(quiet=quiet).print(
            f"{to}: {counts['done']} extracted, {counts['skipped']} done before, {counts['failed']} failed",
            soft_wrap=True,
            markup=False,
        )
    if failed:
        for one in failed:
            typer.echo(f"emotion-monitor: {one.error}", err=True)
        raise typer.Exit(failed[0].exit_code)


def _extract(
    named: list[str], wanted: "Wanted", settings: "Settings", jobs: int | None, console: "Console"
) -> "list[Extracted]":
    from monitor.analysis.extract import extract
    from monitor.cli.progress import followed

    extracted = []
    with followed(console) as tell:
        for one in extract(named, wanted, settings, jobs=jobs):
            extracted.append(one)
            tell("extracting", len(extracted), len(named))
    return extracted


def _entry(one: "Extracted") -> dict[str, Any]:
    return {
        "source": one.source,
        "status": one.status,
        "folders": [str(folder) for folder in one.folders],
        "error": one.error or None,
    }


def _row(one: "Description") -> dict[str, Any]:
    return {
        "source": one.source,
        "granularity": one.granularity,
        "shape": "(" + ", ".join(map(str, one.shape)) + ("," if len(one.shape) == 1 else "") + ")",
        "dtype": one.dtype,
        "seconds": one.seconds,
        "norm min": one.norm_min,
        "median": one.norm_median,
        "max": one.norm_max,
        "NaN": one.nan_frames,
        "zero": one.zero_frames,
        "says": "" if one.label is None else f"{one.label} {one.score:.2f}",
        "agrees": {None: "", True: "yes", False: "no"}[one.agrees],
    }
