"""`emotion-monitor calls`: the catalogue of a store."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.options import (
    ConfigOption,
    JsonOption,
    StoreOption,
    existing_store,
    output_new,
    settings_from,
    write_json,
)

if TYPE_CHECKING:
    from monitor.store.base import CallSummary
    from monitor.store.zarr_store import ZarrStore

app = typer.Typer(help="List, show, export and delete stored calls.", no_args_is_help=True)

CallArgument = Annotated[str, typer.Argument(help="Id of a call; see `calls list`.", metavar="CALL")]


@app.command("list")
def list_calls(
    store: StoreOption = None,
    config: ConfigOption = None,
    last: Annotated[int, typer.Option("--last", "-n", min=1, help="The newest so many.")] = 50,
    json_file: JsonOption = None,
) -> None:
    """The stored calls, newest first."""
    rows = [_row(summary) for summary in _open(config, store).catalogue()]
    shown = rows[:last]
    write_json(shown, json_file)
    if json_file is None:
        columns = ("call", "started_at", "status", "seconds", "legs", "engine", "bytes")
        _print_table("stored calls", [{key: row[key] for key in columns} for row in shown])
        if len(rows) > last:
            typer.echo(f"... and {len(rows) - last} older; --last {len(rows)} shows all")


@app.command()
def show(call: CallArgument, store: StoreOption = None, config: ConfigOption = None, json_file: JsonOption = None) -> None:
    """One call: its legs and its events."""
    frame_store = _open(config, store)
    stored = frame_store.open(call)
    events = frame_store.journal.read(0, call=call)
    report = {**_row(stored.summary()), "reason": stored.reason, "reports": stored.reports, "events": events}
    write_json(report, json_file)
    if json_file is None:
        from rich.console import Console

        from monitor.server.event_line import event_line

        console = Console(highlight=False)
        report["MB a call-hour"] = round(report["bytes"] / max(report["seconds"], 0.02) * 3600 / 1e6, 1)
        facts = ("call", "started_at", "status", "reason", "seconds", "legs", "source", "engine", "bytes", "MB a call-hour")
        for key in facts:
            console.print(f"{key.replace('_', ' '):>14s}  {report[key]}")
        for key, value in report["metadata"].items():
            console.print(f"{key:>14s}  {value}", markup=False)
        for message in events:
            if (line := event_line(message)) is not None:
                console.print(line)


@app.command()
def export(
    call: CallArgument,
    to: Annotated[Path, typer.Option("--to", help="A folder or .zip file that does not exist yet.", callback=output_new)],
    store: StoreOption = None,
    config: ConfigOption = None,
) -> None:
    """Copy a call's .npy files, result.json, events and sound out of the store."""
    from monitor.store.export import export_call

    export_call(_open(config, store), call, to)
    typer.echo(f"{call}: exported to {to}")


@app.command()
def delete(
    call: CallArgument,
    store: StoreOption = None,
    config: ConfigOption = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove every trace of a call: frames, snapshots, sound, and its events in the journal."""
    frame_store = _open(config, store)
    summary = frame_store.open(call).summary()
    if not yes:
        typer.confirm(
            f"Erase call {call} ({summary.seconds:.0f} s, {summary.started_at:%Y-%m-%d %H:%M} UTC) for ever?", abort=True
        )
    frame_store.delete(call)
    typer.echo(f"{call}: erased")


def _open(config: Path | None, store: Path | None) -> "ZarrStore":
    settings = settings_from(config, store__path=store, log__level="warning")
    return existing_store(settings)


def _row(summary: "CallSummary") -> dict[str, Any]:
    return {
        "call": summary.id,
        "started_at": summary.started_at.isoformat(timespec="seconds"),
        "status": summary.status,
        "seconds": round(summary.seconds, 2),
        "legs": dict(summary.legs),
        "source": summary.source,
        "engine": summary.engine,
        "bytes": summary.bytes,
        "metadata": dict(summary.metadata),
    }


def _print_table(title: str, rows: list[dict[str, Any]]) -> None:
    from monitor.cli.tables import report_console, table

    report_console().print(table(title, rows))
