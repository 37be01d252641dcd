"""Short calls, one after the other: does anything stay?"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.examination.owner import Owner
from tests.examination.row import Row
from tests.examination.service import Examined, examined

TRIED = "an hour of short calls: memory, descriptors and threads"
AT_ONCE, SECONDS = 4, 3.0
EVERY = 60.0
"""Seconds from one look to the next."""
SETTLED = 5.0
"""Seconds without a call before a look, so that what calls left has been given back."""
FLAT = 1.05


@dataclass(frozen=True, slots=True)
class _Look:
    """The process between two calls."""

    calls: int
    memory: float
    descriptors: int
    threads: int


def examine(tree: Path, short: bool) -> list[Row]:
    """An hour, or four minutes; a look a minute. What comes after the first sixth is compared with what stands there."""
    minutes = 4 if short else 60
    with examined(tree) as service:
        idle = service.memory_mb()
        seen: list[_Look] = []
        began, calls = time.monotonic(), 0
        while len(seen) < minutes:
            calls += _some_calls(service, calls)
            if time.monotonic() - began >= EVERY * (len(seen) + 1):
                time.sleep(SETTLED)
                seen.append(_Look(calls, service.memory_mb(), service.descriptors(), service.threads()))
                print(f"churn, minute {len(seen)}: {seen[-1]}", file=sys.stderr, flush=True)
    return _rows(seen, idle)


def _rows(seen: Sequence[_Look], idle: float) -> list[Row]:
    first, last = seen[len(seen) // 6], seen[-1]
    shown = [seen[len(seen) * part // 6 - (part > 0)] for part in range(7)]
    tried = f"{last.calls} calls in {len(seen)} minutes"
    return [
        Row(
            f"{tried}: resident MB, {idle:.0f} before the first",
            " ".join(f"{look.memory:.0f}" for look in shown),
            f"the last within 5 % of {first.memory:.0f}, after a sixth",
            last.memory <= first.memory * FLAT,
        ),
        Row(
            "descriptors",
            " ".join(str(look.descriptors) for look in shown),
            "no more at last",
            last.descriptors <= first.descriptors,
        ),
        Row("threads", " ".join(str(look.threads) for look in shown), "no more at last", last.threads <= first.threads),
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
