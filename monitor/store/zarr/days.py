"""Which calls lie in a store, without asking for each: a day's folder is listed again only where it changed."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

_UNSETTLED_NS = 2_000_000_000
"""A folder that changed less long ago is listed again: file systems tell such times no finer than a few milliseconds."""


@dataclass(frozen=True, slots=True)
class _Day:
    changed: int
    listed: int
    calls: frozenset[str]

    def holds(self, changed: int) -> bool:
        return self.changed == changed and self.listed - changed > _UNSETTLED_NS


class Days:
    """The calls under `folder`, by `YYYY-MM-DD`. All methods may be called from any thread; they raise `OSError`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._days: dict[str, _Day] = {}
        self._ids: frozenset[str] = frozenset()
        self._lock = Lock()

    def ids(self) -> frozenset[str]:
        """The ids of all calls; the same object as before where there are the same."""
        with self._lock:
            self._look()
            return self._ids

    def find(self, call: str) -> Path | None:
        """Where the frames of a call lay when this last looked, if they did."""
        return next((self._folder / name / f"{call}.zarr" for name, day in self._days.items() if call in day.calls), None)

    def _look(self) -> None:
        days = {name: self._day(name, changed) for name, changed in self._folders()}
        if {name: day.calls for name, day in days.items()} != {name: day.calls for name, day in self._days.items()}:
            self._ids = frozenset().union(*(day.calls for day in days.values()))
        self._days = days

    def _folders(self) -> list[tuple[str, int]]:
        try:
            with os.scandir(self._folder) as entries:
                return [(entry.name, entry.stat().st_mtime_ns) for entry in entries if entry.is_dir()]
        except FileNotFoundError:
            return []

    def _day(self, name: str, changed: int) -> _Day:
        known = self._days.get(name)
        if known is not None and known.holds(changed):
            return known
        listed = time.time_ns()
        try:
            with os.scandir(self._folder / name) as entries:
                calls = frozenset(entry.name[:-5] for entry in entries if entry.name.endswith(".zarr"))
        except FileNotFoundError:
            calls = frozenset()
        return _Day(changed, listed, known.calls if known is not None and known.calls == calls else calls)
