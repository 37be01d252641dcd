"""How long the catalogue and the journal take with thousands of calls: listing, opening one, events since a number.

python -m lab.experiments.store_catalogue [--calls 5000] [--folder FOLDER]
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from monitor.config.sections import StoreSection
from monitor.events import Frames, Leg, StateChanged
from monitor.frame_format import LegFormat
from monitor.store.base import CallRecord
from monitor.store.zarr.store import ZarrStore

LEGS: tuple[Leg, ...] = ("customer", "agent")
RULES = [
    {"name": f"rule-{number}", "when": {"emotion": {"is": "angry"}}, "for": 2.0, "message": "x" * 80} for number in range(20)
]


def fill(store: ZarrStore, calls: int) -> None:
    """One real call of a minute, copied under other ids and start times, over a month."""
    started = datetime(2026, 3, 1, tzinfo=UTC)
    formats: dict[Leg, LegFormat] = dict.fromkeys(LEGS, LegFormat(32, 9))
    settings = {"state": {}, "changes": {}, "rules": RULES}
    record = CallRecord("call-0", started, "benchmark", {"name": "compact"}, tuple("abcdefghi"), formats, {}, settings)
    writer = store.create(record)
    for leg in LEGS:
        embedding, logits = np.zeros((3000, 32), np.float32), np.zeros((3000, 9), np.float32)
        writer.append(Frames("call-0", leg, 0, embedding, logits, np.zeros(3000, np.float32), np.zeros(3000, np.uint8)))
    writer.finish("finished", {})
    frames = store.open("call-0").path
    for number in range(1, calls):
        when, name = started + timedelta(minutes=8 * number), f"call-{number}"
        copy = store.layout.new_frames(name, when)
        shutil.copytree(frames, copy)
        shutil.copytree(store.layout.snapshots("call-0"), store.layout.snapshots(name))
        text = (copy / "zarr.json").read_text().replace("call-0", name)
        (copy / "zarr.json").write_text(text.replace("2026-03-01T00:00:00", f"{when:%Y-%m-%dT%H:%M:%S}"))


def event(number: int) -> StateChanged:
    return StateChanged(
        call=f"call-{number % 50}", leg="customer", emotion="angry", previous="calm", confidence=1, valence=0, arousal=0
    )


def timed(name: str, act: Callable[[], Any], count: int = 1) -> None:
    began = time.perf_counter()
    act()
    print(f"  {name:46} {(time.perf_counter() - began) * 1e3 / count:9.3f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=5000)
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        store = ZarrStore(StoreSection(path=Path(name) / "store"))
        fill(store, options.calls)
        print(f"{options.calls} calls")
        timed("catalogue, first", store.catalogue)
        timed("catalogue, again", store.catalogue)
        timed("catalogue in a new process's store", ZarrStore(store.settings).catalogue)
        timed("open one call", lambda: store.open(f"call-{options.calls // 2}"))
        timed("recover, nothing to do", store.recover)
        journal = store.journal
        timed("journal append, fsync, one thread", lambda: [journal.append(event(n)) for n in range(300)], 300)
        with ThreadPoolExecutor(16) as pool:
            timed(
                "journal append, fsync, 16 threads",
                lambda: list(pool.map(lambda n: journal.append(event(n)), range(1600))),
                1600,
            )
        quick = ZarrStore(store.settings.model_copy(update={"fsync": False})).journal
        timed("journal append, no fsync", lambda: [quick.append(event(n)) for n in range(60_000)], 60_000)
        timed("journal opened", lambda: ZarrStore(store.settings).journal)
        timed("200 events since the 200th newest (memory)", lambda: quick.read(quick.last - 200))
        timed("200 events since the middle (disk)", lambda: quick.read(quick.last // 2, limit=200))
        timed("erase a call of 1/50 of the events", lambda: quick.erase("call-7"))


if __name__ == "__main__":
    main()
