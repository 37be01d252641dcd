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
    """An hour, or four minutes; what is there after a sixth of it is compared with the end. A look between the calls, each
    minute, on standard output as comments."""
    minutes = 4.0 if short else 60.0
    with examined(tree) as service:
        idle = service.memory_mb()
        seen: list[tuple[float, int, int]] = []
        began, calls = time.monotonic(), 0
        while time.monotonic() - began < 60 * minutes:
            calls += _some_calls(service, calls)
            if time.monotonic() - began >= 60 * minutes * (len(seen) + 1) / 12:
                time.sleep(12.0)
                seen.append((service.memory_mb(), service.descriptors(), service.threads()))
    memory, descriptors, threads = zip(*seen, strict=True)
    third = len(seen) // 6 + 1
    return [
        Row(
            f"{calls} calls in {minutes:.0f} minutes: resident MB, {idle:.0f} before the first",
            " ".join(f"{each:.0f}" for each in memory),
            "the end within 5 % of a sixth",
            memory[-1] <= memory[third - 1] * FLAT,
        ),
        Row("descriptors", " ".join(map(str, descriptors)), "no more at the end", descriptors[-1] <= max(descriptors[:third])),
        Row("threads", " ".join(map(str, threads)), "no more at the end", threads[-1] <= max(threads[:third]) + 2),
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
