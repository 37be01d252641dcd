"""The store that keeps nothing on a disk: calls and their events are there as long as the process is."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from threading import Event as Flag
from threading import Lock
from typing import Any, ClassVar

import numpy as np
from pydantic import field_validator

from monitor.config.section import Section
from monitor.errors import NotFoundError, StoreError, TakenError
from monitor.events import Frames, Leg
from monitor.frame_format import cut, from_disk, joined, to_disk
from monitor.store.base import (
    RELEASE_SECONDS,
    CallRecord,
    CallStatus,
    CallSummary,
    CallWriter,
    Store,
    StoredCall,
    no_such_leg,
    status_of,
)
from monitor.store.call_document import NOT_JSON, CallDocument
from monitor.store.call_id import check_call_id
from monitor.store.check_frames import check_frames
from monitor.store.memory_journal import MemoryJournal, MemorySinkState
from monitor.store.sink_state import SinkState
from monitor.timeline import frame_seconds


class MemoryOptions(Section):
    """What a store in memory is told."""

    audio: str = "none"
    """It keeps no sound, and says so to whoever asks for it."""

    @field_validator("audio")
    @classmethod
    def _no_sound(cls, value: str) -> str:
        if value != "none":
            raise ValueError(f"a store in memory keeps no sound: set it to none, or keep calls on a disk; got {value}")
        return value


class MemoryStore(Store):
    """All calls of this process, an hour of a leg taking what it takes in zarr uncompressed (128 wide: 54 MB)."""

    Options: ClassVar[type[Section]] = MemoryOptions
    lasting = False
    place = "memory"

    def __init__(self, options: MemoryOptions | None = None) -> None:
        self._journal = MemoryJournal()
        self._calls: dict[str, _Call] = {}
        self._sinks: dict[str, MemorySinkState] = {}
        self._lock = Lock()

    @property
    def journal(self) -> "MemoryJournal":
        """See `Store`."""
        return self._journal

    def sink_state(self, name: str) -> SinkState:
        """See `Store`."""
        with self._lock:
            return self._sinks.setdefault(name, MemorySinkState())

    def sinks(self) -> list[str]:
        """See `Store`."""
        with self._lock:
            return sorted(self._sinks)

    def create(self, record: CallRecord) -> "MemoryCallWriter":
        """See `Store`."""
        check_call_id(record.id)
        # As JSON, so that what is read is what any store would give back.
        document = CallDocument.of(record)
        try:
            text = json.dumps(document.model_dump(mode="json"), allow_nan=False)
        except (TypeError, ValueError) as error:
            raise StoreError(f"cannot write call {record.id}: {NOT_JSON} ({error})") from error
        call = _Call(CallDocument.model_validate_json(text).record(), {leg: [] for leg in record.legs})
        with self._lock:
            if record.id in self._calls:
                raise TakenError(f"cannot create call {record.id}: a call of this id is in the store; choose another id")
            self._calls[record.id] = call
        return MemoryCallWriter(call, self._forget)

    def open(self, call: str) -> "MemoryStoredCall":
        """See `Store`."""
        return MemoryStoredCall(self._find(call))

    def catalogue(self) -> list[CallSummary]:
        """See `Store`."""
        with self._lock:
            calls = list(self._calls.values())
        lines = [MemoryStoredCall(call).summary() for call in calls]
        return sorted(lines, key=lambda line: (line.started_at, line.id), reverse=True)

    def ids(self) -> frozenset[str]:
        """See `Store`."""
        with self._lock:
            return frozenset(self._calls)

    def delete(self, call: str) -> None:
        """See `Store`."""
        with suppress(NotFoundError):
            found = self._find(call)
            # Who heard that a call ended may delete it at once: its writer is about to let go of it.
            if found.status == "live" or not found.released.wait(RELEASE_SECONDS):
                raise StoreError(f"cannot delete call {call}: it is live; end it first")
        gone = self._forget(call)
        erased = self._journal.erase(call) + sum(state.letters.erase(call) for state in list(self._sinks.values()))
        if not (gone or erased):
            raise NotFoundError(f"call {call} is not in this store ({self.place})")

    def is_written(self, call: str) -> bool:
        """See `Store`."""
        found = self._calls.get(call)
        return found is not None and not found.released.is_set()

    def exists(self) -> bool:
        """Whether a call was ever kept: what is in another process's memory is not here."""
        return self._journal.last > 0 or bool(self._calls)

    def _find(self, call: str) -> "_Call":
        found = self._calls.get(check_call_id(call))
        if found is None:
            raise NotFoundError(f"call {call} is not in this store ({self.place})")
        return found

    def _forget(self, call: str) -> bool:
        with self._lock:
            return self._calls.pop(call, None) is not None


@dataclass
class _Call:
    """What is kept of a call."""

    record: CallRecord
    runs: dict[Leg, list[Frames]]
    """In the order in which they came; embeddings in the dtype of the leg's format."""
    status: CallStatus = "live"
    reason: str = ""
    reports: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    released: Flag = field(default_factory=Flag)

    def committed(self, leg: Leg) -> int:
        """Frames of a leg."""
        return self.runs[leg][-1].stop if self.runs[leg] else 0


class MemoryCallWriter(CallWriter):
    """Writes one call."""

    def __init__(self, call: _Call, forget: Callable[[str], object]) -> None:
        self._call, self._forget = call, forget

    def append(self, frames: Frames) -> None:
        """See `CallWriter`."""
        if self._call.status != "live":
            raise ValueError(f"call {self._call.record.id} is closed and takes no further frames")
        check_frames(frames, self._call.record, self.committed)
        if len(frames):
            self._call.runs[frames.leg].append(_packed(frames, self._call.record))

    def committed(self, leg: Leg) -> int:
        """See `CallWriter`."""
        return self._call.committed(leg)

    def close(self, reason: str, reports: Mapping[str, Mapping[str, Any]]) -> None:
        """See `CallWriter`."""
        self._call.reason = reason
        self._call.reports = {leg: dict(report) for leg, report in reports.items()}
        self._call.status = status_of(reason, {leg: self.committed(leg) for leg in self._call.runs})

    def release(self) -> None:
        """See `CallWriter`."""
        self._call.released.set()

    def discard(self) -> None:
        """See `CallWriter`."""
        self._forget(self._call.record.id)


class MemoryStoredCall(StoredCall):
    """One call as it was when it was opened."""

    def __init__(self, call: _Call) -> None:
        self.record, self.status, self.reason, self.reports = call.record, call.status, call.reason, call.reports
        self._runs = {leg: list(runs) for leg, runs in call.runs.items()}

    def committed(self, leg: Leg) -> int:
        """See `StoredCall`."""
        if leg not in self._runs:
            raise no_such_leg(self.record.id, leg, self._runs)
        return self._runs[leg][-1].stop if self._runs[leg] else 0

    def read_range(self, leg: Leg, start: int, stop: int) -> Frames:
        """See `StoredCall`."""
        format_ = self.record.legs[leg]
        parts = [
            cut(run, max(start, run.start), min(stop, run.stop))
            for run in self._runs[leg]
            if run.start < stop and start < run.stop
        ]
        if not parts:
            nothing = np.empty(0, np.float32)
            shaped = (nothing.reshape(0, format_.dim), nothing.reshape(0, format_.classes))
            return Frames(self.record.id, leg, start, *shaped, nothing, np.empty(0, np.uint8), format_.stride)
        whole = joined(parts)
        return replace(whole, embedding=from_disk(whole.embedding))

    def summary(self) -> CallSummary:
        """See `StoredCall`."""
        legs = {leg: self.committed(leg) for leg in self._runs}
        return CallSummary(
            id=self.record.id,
            started_at=self.record.started_at,
            status=self.status,
            seconds=frame_seconds(max(legs.values(), default=0)),
            source=self.record.source,
            engine=str(self.record.engine.get("name", "")),
            legs=legs,
            bytes=sum(_size(run) for runs in self._runs.values() for run in runs),
            metadata=self.record.metadata,
        )


def _packed(frames: Frames, record: CallRecord) -> Frames:
    """A copy that shares nothing, its embedding as narrow as the format says."""
    narrow: Any = np.array(to_disk(frames.embedding, record.legs[frames.leg]))
    copied: dict[str, Any] = {name: np.array(getattr(frames, name)) for name in ("logits", "speech", "marks")}
    return replace(frames, embedding=narrow, level=None if frames.level is None else np.array(frames.level), **copied)


def _size(run: Frames) -> int:
    return run.embedding.nbytes + run.logits.nbytes + run.speech.nbytes + run.marks.nbytes
