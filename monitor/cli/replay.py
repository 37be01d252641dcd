"""`emotion-monitor replay`: a stored call again, as it was heard or judged by other rules."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.options import (
    ConfigOption,
    JsonOption,
    RulesOption,
    StoreOption,
    existing_store,
    service_url,
    settings_from,
    write_json,
)
from monitor.cli.watch import TokenOption, UrlOption

if TYPE_CHECKING:
    from monitor.store.base import StoredCall
    from monitor.store.zarr_store import ZarrStore


def replay(
    call: Annotated[str, typer.Argument(help="Id of a stored call; see `emotion-monitor calls list`.", metavar="CALL")],
    speed: Annotated[float, typer.Option(help="How many times faster than real time; 0 is as fast as it goes.", min=0)] = 1.0,
    rules: RulesOption = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    here: Annotated[bool, typer.Option("--here", help="Play in this terminal, even where a service is running.")] = False,
    json_file: JsonOption = None,
) -> None:
    """Send a stored call's messages again, or try other rules on it.

    Where a service is running that has the call (at --url, or at the configured address), it plays the call on its websocket:
    the messages of the live call, marked as a replay. Else the call is played in this terminal, from the store. With --rules,
    those rules are judged over the stored frames at once, and what they would have raised is printed.

    Examples:

      emotion-monitor replay 20260102-101500-ab12 --speed 4

      emotion-monitor replay 20260102-101500-ab12 --rules stricter.yaml --json alerts.json
    """
    settings = settings_from(config, store__path=store, log__level="warning")
    if not (rules or here or json_file):
        address = service_url(url, settings)
        if token is None and settings.server.token is not None:
            token = settings.server.token.get_secret_value()
        if _ask_service(address, token, call, speed, required=url is not None):
            return
    frame_store = existing_store(settings)
    stored = frame_store.open(call)
    messages = _judge(stored, rules) if rules else _play(stored, frame_store, speed)
    write_json({"call": call, "events": messages, "alerts": [m for m in messages if m["type"] == "alert"]}, json_file)


def _judge(stored: "StoredCall", rules: list[Path]) -> list[dict[str, Any]]:
    from rich.console import Console

    from monitor.alerts.rules import load_rules
    from monitor.replay.reevaluate import judge
    from monitor.server.event_line import event_line

    console = Console(highlight=False, stderr=True)
    messages = [event.as_message() for event in judge(stored, load_rules(tuple(rules)))]
    alerts = [message for message in messages if message["type"] == "alert"]
    for message in alerts:
        console.print(event_line(message))
    raised = sum(message["status"] == "raised" for message in alerts)
    console.print(f"{stored.record.id}: {raised} alerts would have been raised")
    return messages


def _play(stored: "StoredCall", store: "ZarrStore", speed: float) -> list[dict[str, Any]]:
    from rich.console import Console

    from monitor.events import Event
    from monitor.replay.player import play
    from monitor.server.event_line import event_line

    console = Console(highlight=False, stderr=True)
    heard = {message["id"] for message in store.journal.read(0, call=stored.record.id, types=("alert",))}
    messages = []
    for _, item in play(stored, speed):
        if isinstance(item, Event):
            messages.append(item.as_message())
            if (line := event_line(messages[-1])) is not None:
                console.print(line)
    raised = {message["id"] for message in messages if message["type"] == "alert"}
    same = "the same alerts as live" if raised == heard else f"live: {sorted(heard)}, now: {sorted(raised)}"
    console.print(f"{stored.record.id}: {len(messages)} events, {len(raised)} alerts ({same})")
    return messages


def _ask_service(url: str, token: str | None, call: str, speed: float, *, required: bool) -> bool:
    """Have the service at `url` play the call; False, and a word about it, where none is there that has it."""
    from http import HTTPStatus
    from urllib.parse import quote

    from monitor.errors import ConfigError
    from monitor.server.ask import NoServiceError, ask

    try:
        answer = ask(url, "POST", f"/api/v1/calls/{quote(call, safe='')}/replay", {"speed": speed}, token=token)
    except NoServiceError as error:
        if required:
            raise
        typer.echo(f"{error}: playing here", err=True)
        return False
    if answer.status == HTTPStatus.NOT_FOUND and not required:
        typer.echo(f"the service at {url} does not have the call: playing here", err=True)
        return False
    if answer.refusal is not None:
        raise ConfigError(f"{url}: {answer.refusal}")
    typer.echo(f"{url} plays call {call} on its websocket; watch it on its page, or with: emotion-monitor watch --url {url}")
    return True
