"""`emotion-monitor calls`: the catalogue of a store."""

from collections import Counter
from collections.abc import Collection
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
    from monitor.store.base import CallSummary, Store

LEG_COLUMNS = ("speech_seconds", "gaps", "codec", "packets", "lost", "late", "reordered")
"""What is shown of the report of a leg."""

app = typer.Typer(help="List, show, export and delete stored calls.", no_args_is_help=True)

CallArgument = Annotated[str, typer.Argument(help="Id of a call; see `calls list`.", metavar="CALL")]


@app.command("list")
def list_calls(
    store: StoreOption = None,
    config: ConfigOption = None,
    last: Annotated[int, typer.Option("--last", "-n", min=1, help="The newest so many.")] = 50,
    json_file: JsonOption = None,
) -> None:
    """The stored calls, newest first, with what is kept with each and how many alerts it raised."""
    frame_store = _open(config, store)
    summaries = frame_store.catalogue()
    shown = summaries[:last]
    alerts = _alerts_raised(frame_store, {summary.id for summary in shown})
    rows = [{**_row(summary), "alerts": alerts[summary.id]} for summary in shown]
    write_json(rows, json_file)
    if json_file is None:
        _print_table("stored calls", [_line(row) for row in rows])
        if len(summaries) > last:
            typer.echo(f"... and {len(summaries) - last} older; --last {len(summaries)} shows all")


def _alerts_raised(store: "Store", calls: Collection[str]) -> Counter[str]:
    from monitor.alerts.standing import alerts_of
    from monitor.messages import recorded

    alerts = alerts_of(map(recorded, store.journal.read(0, types=("alert",))))
    return Counter(alert.raised.call for alert in alerts if alert.raised.call in calls)


def _line(row: dict[str, Any]) -> dict[str, Any]:

    from monitor.server.event_line import key_values

    return {
        "call": row["call"],
        "started_at": row["started_at"],
        "status": row["status"],
        "seconds": row["seconds"],
        "legs": ", ".join(row["legs"]),
        "about": key_values(row["metadata"]),
        "alerts": row["alerts"],
        "engine": row["engine"],
        "MB": row["bytes"] / 1e6,
    }


@app.command()
def show(call: CallArgument, store: StoreOption = None, config: ConfigOption = None, json_file: JsonOption = None) -> None:
    """One call: what is known of it, what became of its legs, and its events in the order in which they were said."""
    frame_store = _open(config, store)
    stored = frame_store.open(call)
    events = frame_store.journal.read(0, call=call)
    report = {**_row(stored.summary()), "reason": stored.reason, "reports": stored.reports, "events": events}
    write_json(report, json_file)
    if json_file is None:
        _print_call(report)


def _print_call(report: dict[str, Any]) -> None:
    from rich.markup import escape

    from monitor.cli.tables import report_console, table
    from monitor.messages import recorded
    from monitor.server.event_line import ending, event_line

    console = report_console()
    facts = {
        "call": report["call"],
        "began": report["started_at"],
        "status": report["status"] + (f": {ending(report['reason'])}" if report["reason"] else ""),
        "seconds": report["seconds"],
        "source": report["source"],
        "engine": report["engine"],
        "size": f"{report['bytes'] / 1e6:.1f} MB, {report['bytes'] / max(report['seconds'], 0.02) * 3600 / 1e6:.1f} an hour",
        **report["metadata"],
    }
    width = max(map(len, facts))
    for key, value in facts.items():
        console.print(f"{escape(key):>{width}s}  {escape(str(value))}", soft_wrap=True)
    legs = [
        {"leg": leg, "frames": frames, **{key: report["reports"].get(leg, {}).get(key) for key in LEG_COLUMNS}}
        for leg, frames in report["legs"].items()
    ]
    console.print(table("legs", legs))
    for message in report["events"]:
        if (line := event_line(recorded(message))) is not None:
            console.print(line, soft_wrap=True)


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


def _open(config: Path | None, store: str | None) -> "Store":
    settings = settings_from(config, store=store, log__level="warning")
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
