"""`emotion-monitor models`: which models there are, whether one is whole, and how to fetch one."""

from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.options import JsonOption, output_file, output_folder, write_json

app = typer.Typer(help="List, check, fetch and prepare models.", no_args_is_help=True)


@app.command("list")
def list_models(json_file: JsonOption = None) -> None:
    """The known models, and where each is found on this machine."""
    from dataclasses import asdict

    from monitor.engines.catalogue import list_models

    rows = [asdict(model) for model in list_models()]
    write_json(rows, json_file)
    if json_file is None:
        from monitor.cli.tables import report_console, table

        problems = dict.fromkeys(row.pop("problem") for row in rows)
        report_console().print(table("models", rows))
        for problem in filter(None, problems):
            typer.echo(problem, err=True)


@app.command()
def check(
    model: Annotated[str, typer.Argument(help="compact, a hub id, or a directory.", metavar="MODEL")],
    json_file: JsonOption = None,
) -> None:
    """Look whether a model is whole: its files, architecture and labels, and a test inference. Exit code 4 where it is not."""
    from dataclasses import asdict

    from monitor.engines.catalogue import check_model

    rows = [asdict(row) for row in check_model(model)]
    write_json(rows, json_file)
    if json_file is None:
        from monitor.cli.tables import report_console, table

        report_console().print(table(model, rows))
    if not all(row["ok"] for row in rows):
        raise typer.Exit(4)


@app.command()
def pull(
    model: Annotated[str, typer.Argument(help="Hub id or short name, such as plus_large.", metavar="MODEL")],
    to: Annotated[Path, typer.Option("--to", help="Folder to put the model into.", callback=output_folder)] = Path("models"),
) -> None:
    """Fetch a model's files from its hub into a folder."""
    from monitor.engines.catalogue import pull_model

    folder = pull_model(model, to)
    typer.echo(f"{model}: in {folder}; use it with: --engine emotion2vec --model {folder}")


@app.command()
def prepare(
    model: Annotated[str, typer.Argument(help="Hub id, short name such as plus_large, or a directory.", metavar="MODEL")],
    to: Annotated[
        Path | None, typer.Option("--to", help="File to write [default: MODEL.safetensors].", callback=output_file)
    ] = None,
    json_file: JsonOption = None,
) -> None:
    """Write an emotion2vec model as one file that starts in seconds, and prove that it hears what FunASR hears."""
    from dataclasses import asdict

    from rich.console import Console

    from monitor.engines.catalogue import prepare_model

    with Console(stderr=True).status("reading, writing and comparing with FunASR"):
        file, deviation = prepare_model(model, to)
    write_json({"file": str(file), "deviation": asdict(deviation)}, json_file)
    if json_file is None:
        typer.echo(
            f"{model}: in {file}; over {deviation.frames} frames its embeddings differ from FunASR's by "
            f"{deviation.embedding:.1e} at most, its logits by {deviation.logits:.1e}"
        )
        typer.echo(f"use it with: --engine emotion2vec --model {file}")
