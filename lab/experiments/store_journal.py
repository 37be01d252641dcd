"""How long a journal of a million events takes: starting after a kill, the events of one call, erasing one.

python -m lab.experiments.store_journal [--events 1000000] [--folder FOLDER]
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from monitor.config.sections import StoreSection
from monitor.events import CallEnded, CallStarted, Event, Leg, StateChanged
from monitor.frame_format import LegFormat
from monitor.pipeline.interrupted import close_interrupted
from monitor.store.base import CallRecord
from monitor.store.journal import encoded
from monitor.store.zarr.ledger import Ledger
from monitor.store.zarr.places import Places
from monitor.store.zarr.store import ZarrStore

AT_ONCE, EACH = 50, 200
"""Calls that go on at the same time, and events of each."""
LIVE = 8


def events(count: int) -> list[Event]:
    """Events of calls that go on side by side."""
    said: list[Event] = []
    for first in range(0, count // EACH, AT_ONCE):
        calls = [f"20260301-{first + index:06d}-{index:06x}" for index in range(AT_ONCE)]
        said += [_started(call) for call in calls]
        said += [_state(call, float(number)) for number in range(EACH - 2) for call in calls]
        said += [CallEnded(call=call, time=float(EACH), reason="finished", legs={}) for call in calls]
    return said[:count]


def _started(call: str) -> CallStarted:
    legs = {"legs": ("customer", "agent"), "inferred": ("customer", "agent"), "labels": ("angry", "neutral")}
    return CallStarted(call=call, started_at="2026-03-01T00:00:00+00:00", source="rtp", engine="compact", **legs)  # type: ignore[arg-type]


def _state(call: str, time_: float) -> StateChanged:
    known: dict[str, Any] = {"emotion": "angry", "previous": "neutral", "confidence": 0.75, "valence": -0.25, "arousal": 0.5}
    return StateChanged(call=call, leg="customer", time=time_, at=time_, **known)


def write(folder: Path, count: int) -> None:
    """The journal, written as fast as it goes."""
    ledger = Ledger(folder, fsync=False, places=Places(None))
    bodies = [encoded(event) for event in events(count)]
    for start in range(0, len(bodies), 2_000):
        ledger.append(bodies[start : start + 2_000])
        ledger.news()


def leave_live(settings: StoreSection) -> None:
    """Have a process die in the middle of calls."""
    child = os.fork()
    if child == 0:
        store = ZarrStore(settings)
        kept = []
        for number in range(LIVE):
            legs: dict[Leg, LegFormat] = {"customer": LegFormat(32, 9), "agent": LegFormat(32, 9)}
            record = CallRecord(
                f"live-{os.getpid()}-{number}", datetime.now(UTC), "rtp", {"name": "compact"}, tuple("abcdefghi"), legs
            )
            kept.append(store.create(record))
            store.journal.append(_started(record.id))
        os._exit(0)
    os.waitpid(child, 0)


def timed(name: str, act: Callable[[], Any]) -> Any:
    """Say how long something takes."""
    began = time.perf_counter()
    result = act()
    print(f"  {name:58} {(time.perf_counter() - began) * 1e3:9.1f} ms", flush=True)
    return result


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        settings = StoreSection(path=Path(name) / "store", fsync=False)
        write(settings.path / "journal", options.events)
        segments = list((settings.path / "journal").glob("*.jsonl"))
        size = sum(path.stat().st_size for path in segments)
        print(f"{options.events} events, {size / 1e6:.0f} MB in {len(segments)} files")
        old = f"20260301-{AT_ONCE + 7:06d}-{7:06x}"
        for index in ("no index yet", "with its index"):
            leave_live(settings)
            store = ZarrStore(settings)
            timed(f"start after a kill with {LIVE} live calls, {index}", partial(close_interrupted, store))
        store = timed("start of another process", lambda: _opened(settings))
        for index in ("first", "again"):
            timed(f"an old call's events, {index}", lambda: store.journal.read(0, call=old))
        timed("erase that call", lambda: store.journal.erase(old))
        timed("all events, read whole", lambda: store.journal.read(0, types=()))


def _opened(settings: StoreSection) -> ZarrStore:
    store = ZarrStore(settings)
    close_interrupted(store)
    return store


if __name__ == "__main__":
    main()
