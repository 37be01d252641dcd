"""`emotion-monitor models`: which models there are, whether one is whole, and how to fetch one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.options import JsonOption, output_file, output_folder, write_json

if TYPE_CHECKING:
    from monitor.engines.catalogue import Models

EngineOption = Annotated[
    str | None, typer.Option("--engine", "-e", help="Whose model it is. [default: emotion2vec]", show_default=False)
]

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
    engine: EngineOption = None,
    json_file: JsonOption = None,
) -> None:
    """Look whether a model is whole: its files, architecture and labels, and a test inference. Exit code 4 where it is not."""
    from dataclasses import asdict

    from monitor.engines.catalogue import check_model

    rows = [asdict(row) for row in check_model(_named(model, engine))]
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
    engine: EngineOption = None,
) -> None:
    """Fetch a model's files from its hub into a folder."""
    models = _named(model, engine)
    folder = models.pull(to)
    typer.echo(f"{model}: in {folder}; use it with: --engine {models.options.name} --model {folder}")


@app.command()
def prepare(
    model: Annotated[str, typer.Argument(help="Hub id, short name such as plus_large, or a directory.", metavar="MODEL")],
    to: Annotated[
        Path | None, typer.Option("--to", help="File to write [default: MODEL.safetensors].", callback=output_file)
    ] = None,
    engine: EngineOption = None,
    json_file: JsonOption = None,
) -> None:
    """Write an emotion2vec model as one file that starts in seconds, and prove that it hears what FunASR hears."""
    from dataclasses import asdict

    from rich.console import Console

    models = _named(model, engine)
    with Console(stderr=True).status("reading, writing and comparing with FunASR"):
        file, deviation = models.prepare(to)
    write_json({"file": str(file), "deviation": asdict(deviation)}, json_file)
    if json_file is None:
        typer.echo(
            f"{model}: in {file}; over {deviation.frames} frames its embeddings differ from FunASR's by "
            f"{deviation.embedding:.1e} at most, its logits by {deviation.logits:.1e}"
        )
        typer.echo(f"use it with: --engine {models.options.name} --model {file}")


def _named(model: str, engine: str | None) -> "Models":
    """The models of an engine, one of them meant; the name of an engine alone means its default."""
    from monitor.config.sections import ENGINES
    from monitor.engines.catalogue import models_of

    if engine is None and model in ENGINES.names():
        return models_of(model)
    return models_of(engine or "emotion2vec", model)
