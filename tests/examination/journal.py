"""A journal of a million events."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.examination.row import Row
from tests.examination.service import Examined, examined

TRIED = "a million events in the journal: a start after a kill, an old call's events, erasing a call"
EACH, A_FILE, LIVE = 200, 50_000, 8


def examine(tree: Path, short: bool) -> list[Row]:
    """The journal is written beside a service that is not running."""
    count = 100_000 if short else 1_000_000
    with examined(tree) as service:
        service.kill()
        empty = _started(service)
        service.call("old", "mixed")
        service.end("old")
        for number in range(LIVE):
            service.call(f"live-{number}")
        service.kill()
        _write(service.store / "journal", count)
        first = _started(service)
        for number in range(LIVE):
            service.call(f"again-{number}")
        service.kill()
        again = _started(service)
        fastest = min(_timed(lambda: service.events("old")) for _ in range(5))
        before = _changed(service.store)
        erased = _timed(lambda: service.ask("DELETE", "/api/v1/calls/old/data").raise_for_status())
        after = _changed(service.store)
        rewritten = sum(after[path] != at for path, at in before.items())
    tried = f"{count:,} events"
    return [
        Row(f"{tried}: start, the journal never seen before", f"{first}; {empty} without events", "told", True),
        Row(
            f"{tried}: start after a kill with {LIVE} live calls",
            str(again),
            "3 s of the processor beyond that without events",
            again.processor < empty.processor + 3,
        ),
        Row(f"{tried}: an old call's events, the fastest of five", f"{fastest * 1e3:.0f} ms", "100 ms", fastest < 0.1),
        Row(
            f"{tried}: erase a call",
            f"{erased:.1f} s, {rewritten} of {len(before)} files written",
            "2 at most: his, and the last",
            rewritten <= 2,
        ),
    ]


@dataclass(frozen=True, slots=True)
class _Start:
    """What a start took."""

    seconds: float
    processor: float

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s, {self.processor:.1f} s of the processor"


def _started(service: Examined) -> _Start:
    return _Start(service.start(), service.processor())


def _write(folder: Path, count: int) -> None:
    """Add events of calls that were, in files as the service writes them."""
    last = 0
    for path in folder.glob("*.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            last = max(last, json.loads(line)["seq"])
    state = '"emotion": "angry", "previous": "neutral", "confidence": 0.75, "valence": -0.25, "arousal": 0.5'
    for first in range(last + 1, last + 1 + count, A_FILE):
        with (folder / f"{first:020d}.jsonl").open("w", encoding="utf-8") as out:
            for seq in range(first, min(first + A_FILE, last + 1 + count)):
                call = f"20250301-{seq // EACH:06d}-{seq // EACH:06x}"
                out.write(
                    f'{{"seq": {seq}, "recorded_at": "2026-03-01T00:00:00.000+00:00", "type": "state", "call": "{call}", '
                    f'"leg": "customer", "time": {seq % EACH}.0, "at": {seq % EACH}.0, {state}}}\n'
                )


def _changed(store: Path) -> dict[Path, int]:
    """When each file of the journal was last written."""
    return {path: path.stat().st_mtime_ns for path in (store / "journal").glob("*.jsonl")}


def _timed(act: Callable[[], object]) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began
