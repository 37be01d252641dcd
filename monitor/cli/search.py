"""`emotion-monitor search`: moments like this one, over all stored calls."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.options import (
    STANDARD_OUTPUT,
    ConfigOption,
    EngineOption,
    JsonOption,
    ModelOption,
    StoreOption,
    existing_store,
    settings_from,
    write_json,
)

if TYPE_CHECKING:
    from monitor.analysis.embedding import Embedding
    from monitor.analysis.search import SearchIndex, Update
    from monitor.config import Settings
    from monitor.store.base import Store

app = typer.Typer(help="Find moments like this one, over all stored calls.", no_args_is_help=True)


@app.command()
def like(
    what: Annotated[
        str,
        typer.Argument(
            help="A moment of a stored call (CALL@83.2-91.0/customer), a .npy file or its folder, or a sound file.",
            metavar="MOMENT|FILE",
        ),
    ],
    count: Annotated[int, typer.Option("-k", min=1, max=200, help="Moments that are wanted.")] = 10,
    same_engine: Annotated[
        bool, typer.Option("--same-engine", help="An array that does not say its engine is of the one that is indexed.")
    ] = False,
    leg: Annotated[str, typer.Option("--leg", help="Who speaks in a sound file: customer, agent or mixed.")] = "customer",
    store: StoreOption = None,
    engine: EngineOption = None,
    model: ModelOption = None,
    config: ConfigOption = None,
    json_file: JsonOption = None,
) -> None:
    """Find the moments whose speech is most like that of a moment, an array or a sound file.

    The mean embedding of what is asked about is compared with each two seconds of speech of every leg that was analysed by
    the same engine; neighbours are one moment. Make the index first with `emotion-monitor search build`; a service with
    `analysis.index: true` keeps it up to date as calls end.

    Examples:

      emotion-monitor search like 20260102-101500-ab12@83.2-91.0/customer

      emotion-monitor search like complaint.wav -k 20 --json -
    """
    settings = settings_from(config, store, engine__name=engine, engine__model=model, log__level="error")
    from monitor.analysis.search import search
    from monitor.analysis.search.query import MOST
    from monitor.cli.tables import report_console, table

    frame_store = existing_store(settings)
    index = _index_of(frame_store)
    asked = _asked(what, leg, settings, frame_store)
    answer = search(index, asked, min(count, MOST), same_engine=same_engine)
    if answer.damage:
        for reason in answer.damage:
            typer.echo(f"emotion-monitor: {reason}; the search index is rebuilt from the store", err=True)
        _tell(_updated(index, frame_store, anew=False), err=True)
        answer = search(index, asked, min(count, MOST), same_engine=same_engine)
    write_json(answer.as_dict(), json_file)
    if json_file is None:
        rows = [{key: one[key] for key in ("moment", "similarity")} for one in answer.as_dict()["found"]]
        console = report_console()
        console.print(table(f"like {answer.like}", rows))
        console.print(f"of {answer.pieces} pieces of {answer.calls} calls, {answer.engine}", soft_wrap=True, markup=False)


@app.command()
def build(
    anew: Annotated[bool, typer.Option("--anew", help="Begin from nothing, rather than take in what is new.")] = False,
    store: StoreOption = None,
    config: ConfigOption = None,
) -> None:
    """Bring the index up to the store: take in calls that ended, remove what was erased, mend what is damaged.

    A service may go on meanwhile, and searches too.
    """
    settings = settings_from(config, store, log__level="error")
    frame_store = existing_store(settings)
    done = _updated(_index_of(frame_store), frame_store, anew=anew)
    for reason in done.damage:
        typer.echo(f"emotion-monitor: {reason}; it was dropped and taken from the store again", err=True)
    _tell(done)
    if done.failed:
        raise typer.Exit(5)


@app.command()
def info(store: StoreOption = None, config: ConfigOption = None, json_file: JsonOption = None) -> None:
    """Tell what is indexed, by engine, and how many calls are not."""
    settings = settings_from(config, store, log__level="error")
    from monitor.cli.tables import report_console, table

    frame_store = existing_store(settings)
    index = _index_of(frame_store)
    rows = [
        {
            "engine": str(one.engine),
            "calls": one.calls,
            "pieces": one.pieces,
            "by graph": one.graphs,
            "segments": one.segments,
            "MB": one.bytes / 1e6,
        }
        for one in index.info()
    ]
    over = {line.id for line in frame_store.catalogue() if line.status != "live"}
    missing = len(over - index.calls())
    write_json({"engines": rows, "not_indexed": missing, "damaged": list(index.damage)}, json_file)
    console = report_console(stderr=str(json_file) == STANDARD_OUTPUT)
    if json_file is None:
        console.print(table("search index", rows))
    for reason in index.damage:
        console.print(f"{reason}; mend it with: emotion-monitor search build", soft_wrap=True, markup=False)
    if missing:
        console.print(f"{missing} calls are not indexed; take them in with: emotion-monitor search build", soft_wrap=True)


def _index_of(frame_store: "Store") -> "SearchIndex":
    from monitor.analysis.search import index_of
    from monitor.errors import StoreError

    index = index_of(frame_store)
    if index is None:
        raise StoreError(f"the store {frame_store.place} keeps no files, so there is no search index")
    return index


def _asked(what: str, leg: str, settings: "Settings", frame_store: "Store") -> "Embedding":
    from monitor.analysis import resolve

    path = Path(what)
    if os.path.lexists(what) and path.suffix != ".npy" and not path.is_dir():
        return _heard(path, leg, settings)
    found = list(resolve([what], frame_store))
    if len(found) > 1:
        from monitor.analysis.errors import MomentError

        raise MomentError(f"{what}: one at a time; name one of {', '.join(one.source for one in found[:5])}")
    return found[0]


def _heard(path: Path, leg: str, settings: "Settings") -> "Embedding":
    from monitor.analysis.search.clip import hear_clip
    from monitor.engines.registry import load_engine
    from monitor.errors import ConfigError
    from monitor.events import LEGS
    from monitor.pipeline.inference import InferenceWorker

    if leg not in LEGS:
        raise ConfigError(f"--leg: there is no leg {leg!r}; legs are {', '.join(LEGS)}")
    worker = InferenceWorker.of(load_engine(settings.engine), settings.engine)
    try:
        return hear_clip(path, leg, settings, worker)
    finally:
        worker.close()


def _updated(index: "SearchIndex", frame_store: "Store", *, anew: bool) -> "Update":
    from rich.console import Console
    from rich.progress import Progress

    from monitor.analysis.search import update

    with Progress(console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("reading calls")
        return update(
            index, frame_store, anew=anew, progress=lambda done, total: shown.update(task, completed=done, total=total)
        )


def _tell(done: "Update", *, err: bool = False) -> None:
    for failure in done.failed:
        typer.echo(f"emotion-monitor: {failure}", err=True)
    removed: Any = f", {done.removed} removed" if done.removed else ""
    typer.echo(f"{done.added} calls taken in{removed}", err=err)
