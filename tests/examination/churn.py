"""Short calls, a dozen at a time: does anything stay?"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.examination.owner import Crowd
from tests.examination.row import Row
from tests.examination.service import Examined, examined

TRIED = "twenty minutes of short calls: memory, descriptors and threads"
AT_ONCE, SECONDS = 12, 0.5
MINUTES, SHORT, PARTS = 20, 5, 5
EVERY = 60.0
"""Seconds from one look to the next."""
SETTLED = 12.0
"""Seconds without a call before a look: what calls left is given back ten seconds after their end."""
FLAT = 1.03


@dataclass(frozen=True, slots=True)
class _Look:
    """The process between two calls."""

    calls: int
    memory: float
    descriptors: int
    threads: int


def examine(tree: Path, short: bool) -> list[Row]:
    """A look a minute. The first fifth of the time fills what is kept on purpose; the least memory of each later one is
    compared with that of the second."""
    minutes = SHORT if short else MINUTES
    with examined(tree) as service:
        idle = service.memory_mb()
        seen: list[_Look] = []
        began, calls = time.monotonic(), 0
        while len(seen) < minutes:
            calls += _some_calls(service, calls)
            if time.monotonic() - began >= EVERY * (len(seen) + 1) - SETTLED:
                time.sleep(SETTLED)
                seen.append(_Look(calls, service.memory_mb(), service.descriptors(), service.threads()))
                print(f"churn, minute {len(seen)}: {seen[-1]}", file=sys.stderr, flush=True)
    return _rows(seen, idle)


def _rows(seen: Sequence[_Look], idle: float) -> list[Row]:
    size = len(seen) // PARTS
    parts = [seen[size * part : size * (part + 1)] for part in range(PARTS)]
    least = [min(look.memory for look in part) for part in parts]
    tried = f"{' '.join(str(part[-1].calls) for part in parts)} calls in {len(seen)} minutes"
    rows = [
        Row(
            f"{tried}: resident MB, the least by then, {idle:.0f} before the first",
            " ".join(f"{memory:.0f}" for memory in least),
            "from the second on, within 3 % of that",
            max(least[1:]) <= least[1] * FLAT,
        )
    ]
    for what, counts in {
        "descriptors": [[look.descriptors for look in part] for part in parts],
        "threads": [[look.threads for look in part] for part in parts],
    }.items():
        most = [max(part) for part in counts]
        rows.append(Row(f"{what}, the most", " ".join(map(str, most)), "no more from the second on", max(most[1:]) <= most[1]))
    return rows


def _some_calls(service: Examined, first: int) -> int:
    names = [f"churn-{first + number}" for number in range(AT_ONCE)]
    crowd = Crowd([service.call(name)["mixed"] for name in names])
    time.sleep(SECONDS)
    crowd.stop()
    for name in names:
        service.ask("DELETE", f"/api/v1/calls/{name}")
    for name in names:
        service.end(name)
    return len(names)
