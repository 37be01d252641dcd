"""`emotion-monitor watch`: the events of a running service, in the terminal."""

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.options import STANDARD_OUTPUT, ConfigOption, TokenOption, output_file, service_url, settings_from
from monitor.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from rich.console import Console

UrlOption = Annotated[
    str | None,
    typer.Option(
        "--url", help="Address of the service. [default: from the configuration, http://127.0.0.1:8765]", metavar="URL"
    ),
]


def watch(
    url: UrlOption = None,
    token: TokenOption = None,
    config: ConfigOption = None,
    since: Annotated[
        int | None, typer.Option(help="Sequence number after which to begin; 0 is the beginning. [default: now]")
    ] = None,
    call: Annotated[str | None, typer.Option(help="One call alone.", metavar="ID")] = None,
    kind: Annotated[
        list[str] | None, typer.Option("--type", help="Types of events, such as alert; may be given more than once.")
    ] = None,
    lines: Annotated[bool, typer.Option("--lines", "-l", help="JSON, an event a line, instead of the live view.")] = False,
    save: Annotated[
        Path | None,
        typer.Option(
            "--json",
            help="Also append the events to this file, JSON a line; - is standard output, as with --lines.",
            metavar="FILE",
            callback=output_file,
        ),
    ] = None,
) -> None:
    """Show calls and alerts as they go; reconnects by itself and misses nothing.

    In a terminal, a live table of the legs and of the latest alerts; into a file or pipe, a line an event; with --lines, JSON.

    Examples:

      emotion-monitor watch

      emotion-monitor watch --type alert --lines | jq .message
    """
    settings = settings_from(config, log__level="warning")
    url = service_url(url, settings)
    if token is None and settings.server.token is not None:
        token = settings.server.token.get_secret_value()
    import asyncio

    if save is not None and str(save) == STANDARD_OUTPUT:
        lines, save = True, None
    with _appended(save) as out:
        asyncio.run(_follow(url, token, since, call, kind, lines, out))


async def _follow(
    url: str, token: str | None, since: int | None, call: str | None, kinds: list[str] | None, lines: bool, out: "TextIO | None"
) -> None:
    from rich.console import Console
    from rich.live import Live

    from monitor.cli.live_table import LiveTable
    from monitor.messages import message_of
    from monitor.server.client import follow

    console = Console(emoji=False, highlight=False, soft_wrap=True)
    calls = [call] if call else []
    if lines or not console.is_terminal:
        async for message in follow(url, since=since, token=token, types=kinds or (), calls=calls):
            _save(message, out)
            _print(message, console, lines)
        return
    table = LiveTable()
    with Live(table.render(), console=console, auto_refresh=False) as live:
        async for message in follow(
            url, since=since, token=token, types=kinds or (), calls=calls, frames=True, present=since is None
        ):
            if message["type"] != "frames":
                _save(message, out)
            table.take(message_of(message))
            live.update(table.render(), refresh=True)


@contextmanager
def _appended(path: Path | None) -> "Iterator[TextIO | None]":
    """The file that events are appended to, open for as long as they come: a FIFO's reader sees one end."""
    if path is None:
        yield None
        return
    try:
        out = path.open("a", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"--json {path}: cannot be written: {error.strerror}") from None
    with out:
        yield out


def _save(message: dict[str, Any], out: "TextIO | None") -> None:
    import json

    if out is None:
        return
    try:
        out.write(json.dumps(message, ensure_ascii=False) + "\n")
        out.flush()
    except OSError as error:
        raise ConfigError(f"--json {out.name}: cannot be written: {error.strerror}") from None


def _print(message: dict[str, Any], console: "Console", as_json: bool) -> None:
    import json

    from monitor.messages import message_of
    from monitor.server.event_line import event_line

    if as_json:
        print(json.dumps(message, ensure_ascii=False), flush=True)
    elif (line := event_line(message_of(message))) is not None:
        replayed = " (replay)" if message.get("replay") else ""
        console.print(f"[dim]{message['call']}{replayed}[/]  {line}")
