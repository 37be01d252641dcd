"""`kill -9`, again and again: in the middle of calls, while it starts, while it erases, while the disk is full."""

import random
import threading
import time
from contextlib import suppress
from pathlib import Path

import httpx

from tests.examination.owner import Owner
from tests.examination.row import Row
from tests.examination.service import Examined, examined

TRIED = "kill -9: live, at the start, while erasing, while the disk is full"
ROUNDS = 25
"""Of each kind: a hundred in all."""


def examine(tree: Path, short: bool) -> list[Row]:
    """After each kill: what was committed is there, each event once, and of what was erased nothing."""
    rounds = 2 if short else ROUNDS
    with examined(tree) as service:
        lost = again = left = 0
        dice = random.Random(20)
        for number in range(rounds):
            lost += _live(service, f"live-{number}", full=False)
            service.kill()
            service.spawn(dice.uniform(0.2, 4.0))
            service.start()
            lost += _live(service, f"full-{number}", full=True)
            left += _erasing(service, f"Erika Mustermann {number}", dice.uniform(0.0, 0.1))
            again += _twice(service)
        status = service.ask("GET", "/api/v1/calls").json()["calls"]
    unfinished = sum(call["status"] == "live" for call in status)
    return [
        Row(f"{4 * rounds} kills: calls whose committed frames or events are missing", str(lost), "0", lost == 0),
        Row("events that are missing from the count, or there twice", str(again), "0", again == 0),
        Row("calls that still pass for live", str(unfinished), "0", unfinished == 0),
        Row("erased calls whose name is still in the store", str(left), "0", left == 0),
    ]


def _live(service: Examined, call: str, *, full: bool) -> bool:
    """Kill it in the middle of a call; whether something is missing after it."""
    owner = Owner(service.call(call)["mixed"])
    time.sleep(2.5)
    if full:
        service.full_disk(True)
        time.sleep(1.5)
    known, events = service.frames(call).stop, service.events(call)
    service.kill()
    owner.stop()
    service.start()
    after = service.events(call)
    return service.frames(call).stop < known or after[: len(events)] != events or after[-1]["type"] != "call_ended"


def _erasing(service: Examined, name: str, after: float) -> bool:
    """Kill it while it erases a call, and erase it once more where it is still there; whether the store tells the name."""
    call = name.rpartition(" ")[2] + "-erased"
    body = {"call": call, "legs": {"mixed": {"codec": "pcmu"}}, "metadata": {"customer": name}}
    service.ask("POST", "/api/v1/calls", json=body).raise_for_status()
    service.end(call)

    def erase() -> None:
        with suppress(httpx.HTTPError):
            service.ask("DELETE", f"/api/v1/calls/{call}/data")

    thread = threading.Thread(target=erase)
    thread.start()
    time.sleep(after)
    service.kill()
    thread.join()
    service.start()
    service.ask("DELETE", f"/api/v1/calls/{call}/data")
    return any(name.encode() in path.read_bytes() for path in service.store.rglob("*") if path.is_file())


def _twice(service: Examined) -> int:
    """Gaps and repetitions in the sequence of all events."""
    numbers = []
    for path in sorted((service.store / "journal").glob("*.jsonl")):
        numbers += [int(line.split('"seq": ')[1].split(",")[0]) for line in path.read_text(encoding="utf-8").splitlines()]
    return len(numbers) - len(set(numbers)) + (max(numbers) - min(numbers) + 1 - len(set(numbers)))
