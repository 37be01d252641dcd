"""`emotion-monitor replay`: a stored call again, as it was heard or judged by other rules."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.options import ConfigOption, JsonOption, RulesOption, StoreOption, settings_from, write_json
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
    json_file: JsonOption = None,
) -> None:
    """Send a stored call's messages again, or try other rules on it.

    With --url, the service at that address plays the call on its websocket, with the messages of the live call, marked as a
    replay. Without, the call is played in this terminal from the store. With --rules, the rules are judged over the stored
    frames at once, and what they would have raised is printed.

    Examples:

      emotion-monitor replay 20260102-101500-ab12 --speed 4

      emotion-monitor replay 20260102-101500-ab12 --rules stricter.yaml

      emotion-monitor replay 20260102-101500-ab12 --url http://127.0.0.1:8765
    """
    settings = settings_from(config, store__path=store, log__level="warning")
    if url is not None:
        if rules:
            raise typer.BadParameter("--rules is judged from the store; leave --url away", param_hint="--rules")
        _ask_service(url, token, call, speed)
        return
    from monitor.store.zarr_store import ZarrStore

    frame_store = ZarrStore(settings.store, create=False)
    stored = frame_store.open(call)
    messages = _judge(stored, rules) if rules else _play(stored, frame_store, speed)
    write_json({"call": call, "events": messages, "alerts": [m for m in messages if m["type"] == "alert"]}, json_file)


def _judge(stored: "StoredCall", rules: list[Path]) -> list[dict[str, Any]]:
    from rich.console import Console

    from monitor.alerts.rules import load_rules
    from monitor.cli.event_line import event_line
    from monitor.replay.reevaluate import judge

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

    from monitor.cli.event_line import event_line
    from monitor.events import Event
    from monitor.replay.player import play

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


def _ask_service(url: str, token: str | None, call: str, speed: float) -> None:
    import httpx

    from monitor.errors import ConfigError

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        answer = httpx.post(f"{url}/api/v1/calls/{call}/replay", json={"speed": speed}, headers=headers, timeout=10)
    except httpx.HTTPError as error:
        raise ConfigError(f"{url}: no service answers there ({error}); start one with: emotion-monitor serve") from None
    if answer.is_error:
        raise ConfigError(f"{url}: {answer.json()['error']['message']}")
    typer.echo(f"{url} plays call {call}; watch it with: emotion-monitor watch --url {url}")
