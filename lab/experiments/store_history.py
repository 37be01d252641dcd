"""How long it takes to list, filter and count a hundred thousand calls by the history's index, and to make that anew.

python -m lab.experiments.store_history [--calls 100000] [--folder FOLDER]
"""

import argparse
import json
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from monitor.config.sections import StoreSection
from monitor.events import Alert, AlertJudged, CallEnded, CallStarted, Event, StateChanged
from monitor.history.conditions import AlertFilter, CallFilter, where_of
from monitor.history.history import History
from monitor.history.insights import insights
from monitor.history.listing import Page, list_alerts, list_calls
from monitor.store.base import CallRecord
from monitor.store.call_document import CallDocument
from monitor.store.journal import encoded
from monitor.store.zarr.ledger import Ledger
from monitor.store.zarr.places import Places
from monitor.store.zarr.store import ZarrStore

STARTED = datetime(2026, 1, 1, tzinfo=UTC)
QUEUES, TEAMS = ("billing", "sales", "support", "complaints"), tuple(f"team-{number}" for number in range(12))
EMOTIONS = ("neutral", "angry", "happy", "sad")


def fill(store: ZarrStore, calls: int) -> int:
    """Closed calls, as their documents and their events say they were; how many events."""
    ledger, drawn, events = Ledger(store.layout.journal, fsync=False, places=Places(None)), random.Random(0), 0
    bodies: list[bytes] = []
    for number in range(calls):
        started = STARTED + timedelta(minutes=4 * number)
        call = f"{started:%Y%m%d-%H%M%S}-{number:06x}"
        metadata = {"queue": drawn.choice(QUEUES), "team": drawn.choice(TEAMS), "customer": f"C{drawn.randrange(50_000)}"}
        record = CallRecord(call, started, "rtp", {"name": "compact"}, EMOTIONS, {}, metadata)
        document = CallDocument.of(record).model_copy(update={"status": "complete", "bytes": 1_000_000, "reason": "finished"})
        folder = store.layout.new_frames(call, started)
        folder.mkdir(parents=True)
        (folder / "zarr.json").write_text(json.dumps({"attributes": document.model_dump(mode="json")}))
        bodies += [encoded(event) for event in said(call, started, metadata, drawn)]
        if len(bodies) > 5_000 or number == calls - 1:
            ledger.append(bodies)
            ledger.news()
            events, bodies = events + len(bodies), []
    return events


def said(call: str, started: datetime, metadata: dict[str, Any], drawn: random.Random) -> Iterator[Event]:
    """Ten events, or a few more."""
    yield CallStarted(
        call=call,
        started_at=started.isoformat(),
        legs=("customer", "agent"),
        inferred=("customer", "agent"),
        source="rtp",
        engine="compact",
        labels=EMOTIONS,
        metadata=metadata,
    )
    for number in range(8):
        emotion, moment = drawn.choice(EMOTIONS), 20.0 * number
        known = {"previous": "unknown", "confidence": 0.75, "valence": 0.0, "arousal": 0.0}
        yield StateChanged(call=call, leg="customer", time=moment, at=moment, emotion=emotion, **known)  # type: ignore[arg-type]
    if drawn.random() < 0.3:
        alert = f"{call}:customer-angry:customer:1"
        about: dict[str, Any] = {"call": call, "leg": "customer", "time": 40.0, "id": alert}
        for status, moment in (("raised", 42.0), ("cleared", 80.0)):
            yield Alert(**about, at=moment, rule="customer-angry", severity="warning", status=status, message="angry")  # type: ignore[arg-type]
        if drawn.random() < 0.2:
            yield AlertJudged(**about, at=160.0, by="Ada", right=drawn.random() < 0.7)
    yield CallEnded(call=call, time=180.0, at=180.0, reason="finished", legs={})


def timed(name: str, act: Callable[[], Any], times: int = 1) -> Any:
    """Say how long something takes."""
    began, worked = time.perf_counter(), time.process_time()
    for _ in range(times):
        result = act()
    took, work = ((end - start) * 1e3 / times for start, end in ((began, time.perf_counter()), (worked, time.process_time())))
    print(f"  {name:62} {took:9.1f} ms, {work:9.1f} of the processor", flush=True)
    return result


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        store = ZarrStore(StoreSection(path=Path(name) / "store", fsync=False))
        print(f"{options.calls} calls, {fill(store, options.calls)} events")
        history = History(store)
        timed("the index made anew", lambda: history.catch_up(3600.0))
        size = sum(path.stat().st_size for path in store.layout.index.glob("history*"))
        print(f"  its size: {size / 1e6:.0f} MB")
        timed("nothing new, another process, first", lambda: History(store).catch_up())
        timed("nothing new", history.catch_up, 5)
        middle = STARTED + timedelta(minutes=2 * options.calls)
        asked = {
            "newest hundred": CallFilter(),
            "of a queue": CallFilter(where=where_of(["queue:billing"])),
            "of a queue and two teams, with an alert": CallFilter(
                where=where_of(["queue:billing", "team:team-1", "team:team-2"]), alerts_min=1
            ),
            "of a week": CallFilter(begin=middle, end=middle + timedelta(days=7)),
            "angry for half of the time": CallFilter(emotion="angry", share_min=0.5, leg="customer"),
            "with a word": CallFilter(words="c4711"),
            "that are live": CallFilter(status="live"),
        }
        for what, wanted in asked.items():
            found = timed(f"calls {what}", partial(_listed, history, wanted, Page()), 5)
            print(f"    {found['total']} calls")
        timed("the angriest calls of a queue", lambda: _listed(history, ANGRIEST, Page(sort="-share")), 5)
        timed("the oldest page", lambda: _listed(history, CallFilter(), Page(offset=options.calls - 100)), 5)
        timed(
            "alerts judged wrong, newest", lambda: history.read(lambda at: list_alerts(at, AlertFilter(judged="wrong"), 100, 0))
        )
        for by in ("hour", "day", "queue"):
            timed(f"insights by {by}", partial(history.read, partial(_insights, by)))


def _insights(by: str, database: sqlite3.Connection) -> dict[str, Any]:
    return insights(database, CallFilter(), by, UTC)


ANGRIEST = CallFilter(emotion="angry", leg="customer", where=where_of(["queue:sales"]))


def _listed(history: History, wanted: CallFilter, page: Page) -> dict[str, Any]:
    history.catch_up()
    return history.read(lambda database: list_calls(database, wanted, page))


if __name__ == "__main__":
    main()
