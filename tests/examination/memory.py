"""What stays in memory of many short calls, and of more calls at once than the machine carries."""

import time
from collections.abc import Sequence
from pathlib import Path

from tests.examination.owner import Crowd
from tests.examination.row import Row
from tests.examination.service import Examined, examined

TRIED = "549 short calls, and then 160 calls at once for 20 s: the memory that stays"
SHORT_CALLS, TOGETHER, SECONDS = 549, 30, 1.5
MANY, OVERLOADED_SECONDS = 160, 20.0
SETTLED = 60.0
"""Seconds after the last call at which the memory is looked at."""
STAYS = 60.0
"""MB that may be kept on purpose: recent events, indexes of the store."""


def examine(tree: Path, short: bool) -> list[Row]:
    """Resident memory before, meanwhile, and a minute after."""
    with examined(tree) as service:
        idle = service.memory_mb()
        count = 90 if short else SHORT_CALLS
        names = [f"short-{number}" for number in range(count)]
        for first in range(0, count, TOGETHER):
            _calls(service, names[first : first + TOGETHER], SECONDS)
        time.sleep(SETTLED)
        after = service.memory_mb()
        count = 40 if short else MANY
        peak = _calls(service, [f"many-{number}" for number in range(count)], OVERLOADED_SECONDS)
        time.sleep(SETTLED)
        last = service.memory_mb()
    return [
        Row(
            f"{len(names)} short calls: resident MB a minute after the last",
            f"{after:.0f}, {idle:.0f} before",
            f"{STAYS:.0f} more at most",
            after < idle + STAYS,
        ),
        Row(
            f"{count} calls at once for {OVERLOADED_SECONDS:.0f} s: resident MB a minute after",
            f"{last:.0f}, {peak:.0f} meanwhile",
            f"{STAYS:.0f} more at most than before any call",
            last < idle + STAYS,
        ),
    ]


def _calls(service: Examined, names: Sequence[str], seconds: float) -> float:
    """Have calls heard and ended; the memory at their end."""
    ports = [service.call(name)["mixed"] for name in names]
    crowd = Crowd(ports)
    time.sleep(seconds)
    memory = service.memory_mb()
    crowd.stop()
    for name in names:
        service.ask("DELETE", f"/api/v1/calls/{name}")
    for name in names:
        service.end(name, timeout=120.0)
    return memory
