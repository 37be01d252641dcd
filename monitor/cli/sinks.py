"""`emotion-monitor sinks`: where events go, whether they arrive, and what was given up."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.options import ConfigOption, JsonOption, StoreOption, existing_store, settings_from, write_json

if TYPE_CHECKING:
    from monitor.config import Settings
    from monitor.sinks.base import Sink

app = typer.Typer(help="Try alert sinks, see how far they are, and send again what they gave up.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(help="A name under `sinks:` in the configuration.", metavar="NAME")]


@app.command("list")
def list_sinks(config: ConfigOption = None, store: StoreOption = None, json_file: JsonOption = None) -> None:
    """Each sink's position in the journal, how many events it is behind, and its dead letters."""
    settings = _settings(config, store)
    frame_store = existing_store(settings)
    last = frame_store.journal.last
    left = [name for name in frame_store.sinks() if name not in settings.sinks]
    rows: list[dict[str, Any]] = []
    for name in (*settings.sinks, *left):
        state = frame_store.sink_state(name)
        position = state.position()
        rows.append(
            {
                "sink": name,
                "kind": settings.sinks[name].kind if name in settings.sinks else "not configured",
                "position": position,
                "lag": None if position is None else max(0, last - position),
                "dead_letters": len(state.letters.read()),
            }
        )
    write_json(rows, json_file)
    if json_file is None:
        from monitor.cli.tables import report_console, table

        report_console().print(table(f"sinks; the journal ends at {last}", rows))


@app.command()
def test(name: NameArgument, config: ConfigOption = None) -> None:
    """Send one message of type `test`, once, and say whether it arrived. Needs no running service and no store."""
    from monitor.sinks.base import Delivery, DeliveryError

    sink = _open(name, _settings(config, None))
    delivery = Delivery.test(name)
    try:
        sink.deliver(delivery)
    except DeliveryError as error:
        raise DeliveryError(f"sinks.{name}: the test was not delivered: {error}") from None
    finally:
        sink.close()
    typer.echo(f"{name}: delivered {delivery.id}")


@app.command()
def retry(name: NameArgument, config: ConfigOption = None, store: StoreOption = None) -> None:
    """Send the dead letters of a sink again, oldest first; those that arrive are dead letters no more.

    May be used while the service runs. Ends at the first that is not delivered, but for those that are refused for good,
    which stay where they are.
    """
    from monitor.sinks.base import DeliveryError
    from monitor.sinks.resend import resend

    settings = _settings(config, store)
    sink = _open(name, settings)
    frame_store = existing_store(settings)
    try:
        result = resend(sink, frame_store.sink_state(name).letters, frame_store.journal)
    finally:
        sink.close()
    said = f"{name}: {result.delivered} delivered, {result.left} dead letters left"
    if result.reason:
        raise DeliveryError(f"{said}: {result.reason}")
    typer.echo(said)


def _settings(config: Path | None, store: str | None) -> "Settings":
    return settings_from(config, store=store, log__level="warning")


def _open(name: str, settings: "Settings") -> "Sink":
    from monitor.errors import ConfigError
    from monitor.sinks.registry import open_sink

    if name not in settings.sinks:
        known = ", ".join(settings.sinks) or "none; see docs/sinks.md"
        raise ConfigError(f"no sink is called {name!r}; the configuration has: {known}")
    return open_sink(name, settings.sinks[name])
