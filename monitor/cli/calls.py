"""`emotion-monitor calls`: the catalogue of a store."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from monitor.cli.erasing import delete, prove_erased
from monitor.cli.history import FromOption, ToOption, WhereOption, history_of
from monitor.cli.options import (
    CallArgument,
    ConfigOption,
    JsonOption,
    StoreOption,
    existing_store,
    output_new,
    settings_from,
    write_json,
)
from monitor.errors import ConfigError
from monitor.output_file import check_file, check_folder

if TYPE_CHECKING:
    from monitor.config import Settings
    from monitor.datasets.table import EmbeddingColumns
    from monitor.store.base import CallSummary, Store

LEG_COLUMNS = ("speech_seconds", "gaps", "codec", "packets", "lost", "late", "reordered")
"""What is shown of the report of a leg."""

app = typer.Typer(help="List, show, export and delete stored calls.", no_args_is_help=True)


class EmbeddingChoice(StrEnum):
    """How embeddings become columns."""

    LIST = "list"
    COLUMNS = "columns"
    NONE = "none"


app.command()(delete)
app.command()(prove_erased)


@app.command("list")
def list_calls(
    store: StoreOption = None,
    config: ConfigOption = None,
    last: Annotated[int, typer.Option("--last", "-n", min=1, help="The first so many, in the order asked for.")] = 50,
    begin: FromOption = None,
    end: ToOption = None,
    where: WhereOption = None,
    status: Annotated[
        Literal["live", "complete", "empty", "interrupted"] | None, typer.Option(help="Only calls in this state.")
    ] = None,
    words: Annotated[str | None, typer.Option("--words", "-q", help="In id, source or metadata.")] = None,
    emotion: Annotated[str | None, typer.Option(help="Believed of a leg at all, or for --share-min.")] = None,
    share_min: Annotated[float | None, typer.Option(min=0, max=1, help="Of the time in which an emotion was believed.")] = None,
    leg: Annotated[Literal["customer", "agent", "mixed"] | None, typer.Option(help="Of this leg; that have it.")] = None,
    severity: Annotated[Literal["critical", "warning", "info"] | None, typer.Option(help="With such an alert.")] = None,
    alerts_min: Annotated[int | None, typer.Option(min=0, help="With so many alerts (of --severity).")] = None,
    min_seconds: Annotated[float | None, typer.Option(min=0)] = None,
    max_seconds: Annotated[float | None, typer.Option(min=0)] = None,
    sort: Annotated[
        str, typer.Option(help="started_at, seconds, alerts, call, or share (of --emotion); - before it: from the greatest on.")
    ] = "-started_at",
    json_file: JsonOption = None,
) -> None:
    """The stored calls, newest first, with what they came to: emotions, alerts, judgements.

    Examples:

      emotion-monitor calls list --where queue:billing --from 2026-11-01

      emotion-monitor calls list --emotion angry --leg customer --sort=-share --last 10
    """
    from monitor.history.conditions import CallFilter, span_of, where_of
    from monitor.history.listing import Page
    from monitor.history.listing import list_calls as listed

    first, until = span_of(begin, end)
    wanted = CallFilter(
        status=status,
        begin=first,
        end=until,
        words=words,
        where=where_of(where or ()),
        emotion=emotion,
        share_min=share_min,
        leg=leg,
        severity=severity,
        alerts_min=alerts_min,
        min_seconds=min_seconds,
        max_seconds=max_seconds,
    )
    history = history_of(_open(config, store))
    found = history.read(lambda database: listed(database, wanted, Page(limit=last, sort=sort)))
    rows = [_listed(line) for line in found["calls"]]
    write_json(rows, json_file)
    if json_file is None:
        _print_table("stored calls", [_line(row) for row in rows])
        if found["total"] > len(rows):
            typer.echo(f"... and {found['total'] - len(rows)} more; --last {found['total']} shows all")


def _listed(line: dict[str, Any]) -> dict[str, Any]:
    """A line of the list: its alerts as one number, and by severity as `raised`."""
    begun = datetime.fromisoformat(line["started_at"]).isoformat(timespec="seconds")
    rounded = {"started_at": begun, "seconds": round(line["seconds"], 2)}
    return {**line, **rounded, "raised": line["alerts"], "alerts": sum(line["alerts"].values())}


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
    calls: Annotated[
        list[str] | None,
        typer.Argument(
            help="Ids of calls; with --parquet also days, 2026-11-01 or 2026-11-01..2026-11-07 (UTC).",
            metavar="CALL|DAY...",
            show_default=False,
        ),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to", help="A folder or .zip file that does not exist yet, for one call.", callback=output_new, metavar="PATH"
        ),
    ] = None,
    parquet: Annotated[
        Path | None,
        typer.Option("--parquet", help="A .parquet file for one call, or a folder for a dataset of many.", metavar="PATH"),
    ] = None,
    embedding: Annotated[
        EmbeddingChoice,
        typer.Option(help="With --parquet: a column of lists, a column a feature, or none."),
    ] = EmbeddingChoice.LIST,
    everything: Annotated[bool, typer.Option("--all", help="With --parquet: every call that is over.")] = False,
    store: StoreOption = None,
    config: ConfigOption = None,
) -> None:
    """Copy calls out of the store: one with its .npy files, result.json, events and sound, or frames of many as Parquet.

    Examples:

      emotion-monitor calls export CALL --to call.zip

      emotion-monitor calls export CALL --parquet call.parquet

      emotion-monitor calls export 2026-11-01..2026-11-07 --parquet frames
    """
    named = calls or []
    if (to is None) == (parquet is None):
        raise ConfigError("calls export: name either --to or --parquet")
    if to is not None and (len(named) != 1 or everything):
        raise ConfigError("--to takes one call; several go into --parquet FOLDER")
    if bool(named) == everything:
        raise ConfigError("calls export: name calls, days, or --all")
    if parquet is not None:
        _export_parquet(named, parquet, embedding, config, store)
    elif to is not None:
        from monitor.store.export import export_call

        export_call(_open(config, store), named[0], to)
        typer.echo(f"{named[0]}: exported to {to}")


def _export_parquet(named: list[str], to: Path, embedding: EmbeddingChoice, config: Path | None, store: str | None) -> None:
    from monitor.datasets import StoredCalls

    one_file = to.suffix == ".parquet" and not to.is_dir()
    if one_file:
        check_file(to, "--parquet")
    else:
        check_folder(to, "--parquet")
    stored = StoredCalls(_open(config, store))
    columns: EmbeddingColumns = embedding.value
    if not one_file:
        paths = stored.to_parquet(to, *named, embedding=columns)
        typer.echo(f"{len(paths)} call{'s' * (len(paths) != 1)}: exported to {to}")
        return
    chosen = stored.chosen(*named)
    if len(chosen) != 1:
        raise ConfigError(f"--parquet {to}: {len(chosen)} calls do not go into one file: name a folder")
    stored[chosen[0]].to_parquet(to, embedding=columns)
    typer.echo(f"{chosen[0]}: exported to {to}")


def _settings(config: Path | None, store: str | None) -> "Settings":
    return settings_from(config, store=store, log__level="warning")


def _open(config: Path | None, store: str | None) -> "Store":
    return existing_store(_settings(config, store))


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
