"""Short calls, one after the other: does anything stay?"""

import time
from pathlib import Path

from tests.examination.owner import Owner
from tests.examination.row import Row
from tests.examination.service import Examined, examined

TRIED = "an hour of short calls: memory, descriptors and threads"
AT_ONCE, SECONDS = 10, 3.0
FLAT = 1.05


def examine(tree: Path, short: bool) -> list[Row]:
    """An hour, or four minutes. Six looks between the calls, the first compared with the last."""
    minutes = 4.0 if short else 60.0
    with examined(tree) as service:
        idle = service.memory_mb()
        seen: list[tuple[float, int, int]] = []
        began, calls = time.monotonic(), 0
        while time.monotonic() - began < 60 * minutes:
            calls += _some_calls(service, calls)
            if time.monotonic() - began >= 60 * minutes * (len(seen) + 1) / 6:
                time.sleep(12.0)  # so that what calls left has been given back
                seen.append((service.memory_mb(), service.descriptors(), service.threads()))
    memory, descriptors, threads = zip(*seen, strict=True)
    return [
        Row(
            f"{calls} calls in {minutes:.0f} minutes: resident MB, {idle:.0f} before the first",
            " ".join(f"{each:.0f}" for each in memory),
            "the last within 5 % of the first",
            memory[-1] <= memory[0] * FLAT,
        ),
        Row("descriptors", " ".join(map(str, descriptors)), "no more at last", descriptors[-1] <= descriptors[0]),
        Row("threads", " ".join(map(str, threads)), "no more at last", threads[-1] <= threads[0] + 2),
    ]


def _some_calls(service: Examined, first: int) -> int:
    names = [f"churn-{first + number}" for number in range(AT_ONCE)]
    owners = [Owner(service.call(name)["mixed"]) for name in names]
    time.sleep(SECONDS)
    for owner in owners:
        owner.stop()
    for name in names:
        service.ask("DELETE", f"/api/v1/calls/{name}")
    for name in names:
        service.end(name)
    return len(names)
