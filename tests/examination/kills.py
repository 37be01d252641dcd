"""`kill -9`, again and again: in the middle of calls, while it starts, while it erases, while the disk is full."""

import random
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import astuple, dataclass
from pathlib import Path

import httpx

from tests.examination.owner import Owner
from tests.examination.row import Row
from tests.examination.service import Examined, examined
from tests.examination.warm import Warm

TRIED = "kill -9: live, at the start, while erasing, while the disk is full"
AT_ONCE = 5
"""Services, each with a store of its own."""
ROUNDS = 5
"""Of each service, with four kills each: a hundred in all."""


def examine(tree: Path, short: bool) -> list[Row]:
    """After each kill: what was committed is there, each event once, and of what was erased nothing."""
    services, rounds = (2, 1) if short else (AT_ONCE, ROUNDS)
    warm = Warm(tree)
    try:
        with ThreadPoolExecutor(services) as threads:
            found = sum(threads.map(lambda seed: _killed(tree, warm, rounds, seed), range(services)), Found())
    finally:
        warm.close()
    return [
        Row(f"{found.kills} kills: calls whose committed frames or events are missing", str(found.lost), "0", not found.lost),
        Row("events that are missing from the count, or there twice", str(found.twice), "0", not found.twice),
        Row("calls that still pass for live", str(found.live), "0", not found.live),
        Row("erased calls whose name is still in the store", str(found.left), "0", not found.left),
    ]


@dataclass(frozen=True, slots=True)
class Found:
    """What came of kills."""

    kills: int = 0
    lost: int = 0
    twice: int = 0
    live: int = 0
    left: int = 0

    def __add__(self, other: "Found") -> "Found":
        return Found(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))


def _killed(tree: Path, warm: Warm, rounds: int, seed: int) -> Found:
    found, dice = Found(), random.Random(seed)
    with examined(tree, warm=warm) as service:
        for number in range(rounds):
            lost = int(_live(service, f"live-{number}", full=False))
            service.kill()
            service.spawn(dice.uniform(0.0, 1.0))
            service.start()
            lost += int(_live(service, f"full-{number}", full=True))
            left = int(_erasing(service, f"Erika Mustermann {number}", dice.uniform(0.0, 0.1)))
            found += Found(kills=4, lost=lost, left=left, twice=_twice(service))
            print(f"kills, store {seed}: {found}", file=sys.stderr, flush=True)
        status = service.ask("GET", "/api/v1/calls").json()["calls"]
    return found + Found(live=sum(call["status"] == "live" for call in status))


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
