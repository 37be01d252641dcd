"""The demonstration: what `make demo` shows, step by step, through the public doors alone."""

import asyncio
import contextlib
import json
import threading
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from websockets.asyncio.client import connect

from monitor.alerts.standing import alerts_of
from monitor.config.sections import StoreSection
from monitor.demo import CALL
from monitor.demo.sender import send_call
from monitor.demo.service import service
from monitor.errors import MonitorError
from monitor.messages import message_of
from monitor.remote.address import service_address
from monitor.remote.ask import ask
from monitor.server.client import follow
from monitor.server.event_line import event_line
from monitor.store.registry import open_store

REPLAY_SPEED = 20.0
PATIENCE = 60.0
JUDGED = ("state", "change_point", "alert")
"""The events that are functions of the frames, so that live and replay must agree in them."""

console = Console(emoji=False, highlight=False, soft_wrap=True)


def demonstrate(port: int, store: Path, engine: str | None, model: str | None, *, stay: bool = False) -> None:
    """Run it; with `stay` the service goes on until Ctrl-C, so that the call can be replayed in the page.

    Raises `MonitorError` where a part does not do what it is for.
    """
    console.print("[bold]emotion-monitor: one call, from RTP to replay[/]\nstarting the service ...")
    with service(port, store, engine, model) as url:
        console.print(f"the service is ready; its page: [bold]{url}[/]")
        events = asyncio.run(_live(url))
        call = events[0]["call"]
        console.print(f"\nthe same call from its stored frames, {REPLAY_SPEED:.0f} times faster, on the same websocket:")
        _check_equal(events, asyncio.run(_replay(url, call)))
        if stay:
            _sum_up(call, store, events)
            _stay(f"{url}{_moment(call, events)}")
    if not stay:
        _sum_up(call, store, events)


async def _live(url: str) -> list[dict[str, Any]]:
    """Start a call over the API, send it, and follow it to its end; its events."""
    body = {"legs": {"customer": {"codec": "PCMU"}, "agent": {"codec": "PCMU"}}, "metadata": {"queue": "demonstration"}}
    answer = _ask("POST", url, "/api/v1/calls", body)
    ports = (answer["legs"]["customer"]["port"], answer["legs"]["agent"]["port"])
    console.print(f"call {answer['call']}: RTP, G.711 mu-law, 20 ms a packet, in real time to ports {ports[0]} and {ports[1]}")
    console.print(f"see it, and listen in (key l): [bold]{url}/calls/{answer['call']}[/]\n")
    threading.Thread(target=_send, args=(url, answer["call"], ports), daemon=True).start()
    events: list[dict[str, Any]] = []
    async for message in follow(url, since=0, calls=[answer["call"]], patience=PATIENCE):
        events.append(message)
        _show(message)
        if message["type"] == "call_ended":
            break
    return events


def _send(url: str, call: str, ports: tuple[int, int]) -> None:
    send_call(CALL, ports, "127.0.0.1")
    time.sleep(1.0)
    _ask("DELETE", url, f"/api/v1/calls/{call}")


async def _replay(url: str, call: str) -> list[dict[str, Any]]:
    """Have the service play the stored call; the messages that come."""
    messages: list[dict[str, Any]] = []
    async with connect(f"{service_address(url).websocket}?call={call}", proxy=None) as websocket:
        await websocket.recv()
        _ask("POST", url, f"/api/v1/calls/{call}/replay", {"speed": REPLAY_SPEED})
        async for text in websocket:
            message = json.loads(text)
            if message["type"] == "replay_ended":
                break
            messages.append(message)
            _show(message)
    return messages


def _moment(call: str, events: list[dict[str, Any]]) -> str:
    """The path of the page where the first alert began, or of the whole call."""
    began = min((event["time"] for event in events if event["type"] == "alert"), default=None)
    return f"/calls/{call}" + ("" if began is None else f"?t={began:.1f}")


def _stay(link: str) -> None:
    """Until Ctrl-C."""
    console.print(f"\nreplay it in the page, with its sound: [bold]{link}[/]\nthe page stays until Ctrl-C")
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()


def _ask(method: str, url: str, path: str, body: Any = None) -> Any:
    answer = ask(url, method, path, body, timeout=30)
    if answer.refusal is not None:
        raise MonitorError(f"{url}{path}: {answer.refusal}")
    return answer.document


def _show(message: dict[str, Any]) -> None:
    if (line := event_line(message_of(message))) is not None:
        console.print(line)


def _check_equal(live: list[dict[str, Any]], replayed: list[dict[str, Any]]) -> None:
    if _judged(live) != _judged(replayed):
        raise MonitorError("the replay did not say what the live call said; please report this with the store")


def _judged(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    own = ("seq", "recorded_at", "replay")
    kept = [message for message in messages if message["type"] in JUDGED]
    return [{key: value for key, value in message.items() if key not in own} for message in kept]


def _sum_up(call: str, folder: Path, events: list[dict[str, Any]]) -> None:
    store, path = open_store(StoreSection(path=folder)), escape(str(folder))
    summary = store.open(call).summary()
    changes = {e["id"] for e in events if e["type"] == "change_point" and e["status"] == "confirmed"}
    alerts = [alert.raised.rule for alert in alerts_of(map(message_of, events))]
    frames = ", ".join(f"{leg} {count}" for leg, count in summary.legs.items())
    console.print(f"\n[bold]call {call}[/]: {summary.seconds:.1f} s, frames: {frames}; {summary.bytes / 1e6:.1f} MB on disk")
    console.print(f"{len(changes)} confirmed change points, {len(alerts)} alerts: {', '.join(alerts) or 'none'}")
    console.print("live and replayed events are equal, id for id")
    console.print(f"\nstored in   {path}/calls/{summary.started_at:%Y-%m-%d}/{call}.zarr")
    console.print(f"snapshots   {path}/snapshots/{call}/<leg>/embedding.npy, utterance.npy, result.json")
    console.print(f"events      emotion-monitor calls show {call} --store {path}")
    console.print(f"replay      emotion-monitor replay {call} --store {path} --speed 4")
    console.print(
        f"the page    emotion-monitor serve --store {path}   then {_moment(call, events)} plays the call with its sound"
    )
