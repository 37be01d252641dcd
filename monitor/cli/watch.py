"""`emotion-monitor watch`: the events of a running service, in the terminal."""

from pathlib import Path
from typing import Annotated, Any

import typer

from monitor.cli.options import ConfigOption, settings_from
from monitor.errors import ConfigError

UrlOption = Annotated[
    str | None,
    typer.Option(
        "--url", help="Address of the service. [default: from the configuration, http://127.0.0.1:8765]", metavar="URL"
    ),
]
TokenOption = Annotated[
    str | None,
    typer.Option("--token", envvar="EMOTION_MONITOR_SERVER__TOKEN", help="The service's bearer token.", metavar="TOKEN"),
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
    save: Annotated[Path | None, typer.Option("--json", help="Also append the events to this file, JSON a line.")] = None,
) -> None:
    """Show alerts, states and change points as they come; reconnects by itself and misses nothing.

    Examples:

      emotion-monitor watch

      emotion-monitor watch --type alert --lines | jq .message
    """
    settings = settings_from(config, log__level="warning")
    if url is None:
        url = f"http://{settings.server.host}:{settings.server.port}"
    if token is None and settings.server.token is not None:
        token = settings.server.token.get_secret_value()
    import asyncio

    asyncio.run(_follow(url, token, since, call, kind, lines, save))


async def _follow(
    url: str, token: str | None, since: int | None, call: str | None, kinds: list[str] | None, lines: bool, save: Path | None
) -> None:
    import json

    from rich.console import Console

    from monitor.server.client import follow
    from monitor.server.event_line import event_line

    console = Console(highlight=False, soft_wrap=True)

    def show(message: dict[str, Any]) -> None:
        text = json.dumps(message, ensure_ascii=False)
        if save is not None:
            try:
                with save.open("a", encoding="utf-8") as out:
                    out.write(text + "\n")
            except OSError as error:
                raise ConfigError(f"--json {save}: cannot be written: {error.strerror}") from None
        if lines:
            print(text, flush=True)
        elif (line := event_line(message)) is not None:
            console.print(f"[dim]{message['call']}[/]  {line}")

    async for message in follow(url, since=since, token=token, types=kinds or (), calls=[call] if call else ()):
        show(message)
