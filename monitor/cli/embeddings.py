"""`emotion-monitor embeddings`: what can be done with `.npy` files and with the embeddings of stored calls."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.options import (
    STANDARD_OUTPUT,
    ConfigOption,
    JsonOption,
    StoreOption,
    existing_store,
    settings_from,
    write_json,
)
from monitor.errors import MonitorError

if TYPE_CHECKING:
    from monitor.analysis.description import Description

app = typer.Typer(
    help="Read, make and analyse embeddings: .npy files, folders, and moments of stored calls.", no_args_is_help=True
)

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
