"""What a store is: frames committed are frames kept, and nobody reads a half-written tail.

Every store passes the suite of `monitor/conformance/stores.py`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from monitor.audio.chunk import Samples
from monitor.events import Frames, Leg
from monitor.frame_format import LegFormat

CallStatus = Literal["live", "complete", "empty", "interrupted"]
"""`empty`: closed without a frame, as where no audio ever came. `interrupted`: the call was not heard to its end, since the
writing process died, its source broke, or a file was stopped half-way; what it committed is there."""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """What is known of a call when it begins."""

    id: str
    started_at: datetime
    """UTC."""
    source: str
    engine: Mapping[str, Any]
    """An `EngineInfo` as a dictionary."""
    labels: tuple[str, ...]
    legs: Mapping[Leg, LegFormat]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    """The configuration sections that determine the events: `state`, `changes`, `rules` (full rule documents), so that the
    call can be replayed as it was heard."""


@dataclass(frozen=True, slots=True)
class CallSummary:
    """A line of the catalogue."""

    id: str
    started_at: datetime
    status: CallStatus
    seconds: float
    source: str
    engine: str
    legs: Mapping[Leg, int]
    """Committed frames a leg."""
    bytes: int
    """On disk: frames, snapshots, audio."""
    metadata: Mapping[str, Any] = field(default_factory=dict)


class CallWriter(ABC):
    """Writes one call. One thread at a time."""

    @abstractmethod
    def append(self, frames: Frames) -> None:
        """Commit frames: when this returns, they survive the death of the process. They must follow the last ones.

        Raises `StoreError` where the disk refuses (full, read-only); what was committed before stays, and the same
        frames may be offered again.
        """

    @abstractmethod
    def append_audio(self, leg: Leg, samples: Samples) -> None:
        """Keep audio, where the settings say so; else do nothing. A disk that refuses ends the recording alone."""

    @abstractmethod
    def committed(self, leg: Leg) -> int:
        """Frames of a leg that are safe."""

    @abstractmethod
    def snapshot(self) -> None:
        """Write the `.npy` files and `result.json` of what is committed so far, atomically."""

    @abstractmethod
    def close(self, reason: str, reports: Mapping[str, Mapping[str, Any]]) -> None:
        """Close the call: trim, last snapshot, status `complete`, `empty`, or `interrupted` where `reason` is that or an error.

        It stays this process's until `release`, so that no other takes what is still to be said of it for left open.
        """

    @abstractmethod
    def release(self) -> None:
        """Let go of a closed call: all that there is to say of it is said."""

    def finish(self, reason: str, reports: Mapping[str, Mapping[str, Any]]) -> None:
        """Close the call and let go of it."""
        self.close(reason, reports)
        self.release()


class StoredCall(ABC):
    """Reads one call, finished or live. Reopen to see what was committed since."""

    record: CallRecord
    status: CallStatus
    reason: str
    reports: Mapping[str, Mapping[str, Any]]

    @abstractmethod
    def committed(self, leg: Leg) -> int:
        """Frames of a leg that can be read."""

    @abstractmethod
    def read(self, leg: Leg, start: int = 0, stop: int | None = None) -> Frames:
        """Frames `[start, stop)`; `start` is a multiple of TICK_FRAMES. Raises `StoreError` where the data is corrupted."""

    @abstractmethod
    def blocks(self, seconds: float = 10.0) -> Iterator[Frames]:
        """All frames in runs of `seconds`, the legs side by side in the order of `LEGS`."""

    @abstractmethod
    def summary(self) -> CallSummary:
        """Its line of the catalogue."""


class Store(ABC):
    """All calls that were kept."""

    @abstractmethod
    def create(self, record: CallRecord) -> CallWriter:
        """Begin a call. Raises `TakenError` where the id is taken, `StoreError` where the store cannot be written."""

    @abstractmethod
    def open(self, call: str) -> StoredCall:
        """Raises `NotFoundError`, or `StoreError` where it is corrupted or of a newer version."""

    @abstractmethod
    def catalogue(self) -> list[CallSummary]:
        """All calls, newest first. A call that cannot be read is logged and left out."""

    @abstractmethod
    def delete(self, call: str) -> None:
        """Remove every trace of a call: frames, snapshots, audio, its events in the journal."""

    @abstractmethod
    def recover(self) -> list[str]:
        """At start: mark calls that a dead process left `live` as `interrupted`; their ids."""
