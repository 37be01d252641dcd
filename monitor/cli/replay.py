"""`emotion-monitor replay`: a stored call again, as it was heard or judged by other rules."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.options import (
    STANDARD_OUTPUT,
    ConfigOption,
    JsonOption,
    RulesOption,
    StoreOption,
    TokenOption,
    existing_store,
    service_url,
    settings_from,
    write_json,
)
from monitor.cli.watch import UrlOption
from monitor.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from rich.console import Console

    from monitor.store.base import Store, StoredCall


def replay(
    calls: Annotated[
        list[str] | None,
        typer.Argument(
            help="Id of a stored call; see `emotion-monitor calls list`. With --rules several, and days, UTC: 2026-11-01 or "
            "2026-11-01..2026-11-07.",
            metavar="CALL...",
            show_default=False,
        ),
    ] = None,
    speed: Annotated[float, typer.Option(help="How many times faster than real time; 0 is as fast as it goes.", min=0)] = 1.0,
    rules: RulesOption = None,
    everything: Annotated[bool, typer.Option("--all", help="With --rules: all calls of the store.")] = False,
    store: StoreOption = None,
    config: ConfigOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    here: Annotated[bool, typer.Option("--here", help="Play in this terminal, even where a service is running.")] = False,
    json_file: JsonOption = None,
) -> None:
    """Send a stored call's messages again, or try other rules on stored calls.

    Where a service is running that has the call (at --url, or at the configured address), it plays the call on its websocket:
    the messages of the live call, marked as a replay. Else the call is played in this terminal, from the store.

    With --rules, those rules are judged over the stored frames at once: what they would raise that was not raised, what was
    raised and would not be, and what is the same. Rules that the files do not have are not judged.

    Examples:

      emotion-monitor replay 20260102-101500-ab12 --speed 4

      emotion-monitor replay 20260102-101500-ab12 --rules stricter.yaml --json alerts.json

      emotion-monitor replay 2026-11-01..2026-11-07 --rules default --rules mine.yaml
    """
    settings = settings_from(config, store=store, log__level="warning")
    from monitor.cli.tables import report_console

    console = report_console(stderr=str(json_file) == STANDARD_OUTPUT)
    if rules:
        frame_store = existing_store(settings)
        from monitor.cli.judge import judge_calls
        from monitor.learned.configured import configured
        from monitor.replay.choice import chosen_calls

        chosen = chosen_calls(frame_store, calls or (), everything=everything)
        report = judge_calls(frame_store, chosen, rules, configured(settings.analysis), console)
        write_json(report, json_file)
        if report["failed"]:
            raise typer.Exit(StoreError.exit_code)
        return
    if everything or not calls or len(calls) > 1:
        raise ConfigError("name one call to play; several, days and --all go with --rules, which judges them")
    call = calls[0]
    if not (here or json_file):
        address = service_url(url, settings)
        if token is None and settings.server.token is not None:
            token = settings.server.token.get_secret_value()
        if _ask_service(address, token, call, speed, required=url is not None):
            return
    frame_store = existing_store(settings)
    messages = _play(frame_store.open(call), frame_store, speed, console)
    write_json({"call": call, "events": messages, "alerts": [m for m in messages if m["type"] == "alert"]}, json_file)


def _play(stored: "StoredCall", store: "Store", speed: float, console: "Console") -> list[dict[str, Any]]:
    from monitor.events import Event
    from monitor.messages import message_of
    from monitor.replay.player import play
    from monitor.server.event_line import event_line

    heard = {message["id"] for message in store.journal.read(0, call=stored.record.id, types=("alert",))}
    messages = []
    for _, item in play(stored, speed):
        if isinstance(item, Event):
            messages.append(item.as_message())
            if (line := event_line(message_of(messages[-1]))) is not None:
                console.print(line, soft_wrap=True)
    raised = {message["id"] for message in messages if message["type"] == "alert"}
    same = "the same alerts as live" if raised == heard else f"live: {sorted(heard)}, now: {sorted(raised)}"
    console.print(f"{stored.record.id}: {len(messages)} events, {len(raised)} alerts ({same})", soft_wrap=True)
    return messages


def _ask_service(url: str, token: str | None, call: str, speed: float, *, required: bool) -> bool:
    """Have the service at `url` play the call; False, and a word about it, where none is there that has it."""
    from http import HTTPStatus
    from urllib.parse import quote

    from monitor.remote.ask import NoServiceError, ask

    try:
        answer = ask(url, "POST", f"/api/v1/calls/{quote(call, safe='')}/replay", {"speed": speed}, token=token)
    except NoServiceError as error:
        if required:
            raise
        typer.echo(f"playing here: {error}", err=True)
        return False
    if answer.status == HTTPStatus.NOT_FOUND and not required:
        typer.echo(f"playing here: the service at {url} does not have the call", err=True)
        return False
    if answer.refusal is not None:
        raise ConfigError(f"{url}: {answer.refusal}")
    typer.echo(f"{url} plays call {call} on its websocket; watch it on its page, or with: emotion-monitor watch --url {url}")
    return True
