"""What a store is: frames committed are frames kept, and nobody reads a half-written tail.

Every store passes the suite of `monitor/conformance/stores.py`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Literal

from monitor.audio.chunk import Samples
from monitor.config.section import Section
from monitor.errors import NotFoundError
from monitor.events import LEGS, Frames, Leg
from monitor.frame_format import LegFormat, without_embedding
from monitor.store.journal import Journal
from monitor.store.sink_state import SinkState
from monitor.store.versions import versions
from monitor.timeline import TICK_FRAMES, frames_for

RELEASE_SECONDS = 5.0
"""For which a deletion waits for the writer of a closed call to say that it ended."""

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
    """The configuration sections that determine the events: `state`, `changes`, `rules` (full rule documents) and, where there
    are any, `learned` (templates and heads, whole), so that the call can be replayed as it was heard."""
    versions: Mapping[str, str] = field(default_factory=versions)
    """Of what began it."""


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
    """That the call takes: frames, snapshots, audio."""
    metadata: Mapping[str, Any] = field(default_factory=dict)


class CallWriter(ABC):
    """Writes one call. One thread at a time, but for `snapshot`."""

    records: bool = False
    """Whether it keeps audio."""

    @abstractmethod
    def append(self, frames: Frames) -> None:
        """Commit frames: when this returns, they are kept as well as this store keeps anything. They must follow the last ones.

        Raises `ValueError` where they do not (`check_frames`), and `StoreError` where the store refuses (a disk that is full,
        read-only); what was committed before stays, and the same frames may be offered again.
        """

    def append_audio(self, leg: Leg, samples: Samples) -> None:  # noqa: B027 - not every store keeps sound
        """Keep audio, where the settings say so and the store can; else do nothing. A refusal ends the recording alone.

        Not called of a writer that does not say that it `records`.
        """

    @abstractmethod
    def committed(self, leg: Leg) -> int:
        """Frames of a leg that are safe."""

    def snapshot(self) -> None:  # noqa: B027 - nor files
        """Write the `.npy` files and `result.json` of what is committed so far, where the store keeps files; else do nothing.

        May be called from another thread than `append`, which it does not hold up.
        """

    @abstractmethod
    def close(self, reason: str, reports: Mapping[str, Mapping[str, Any]]) -> None:
        """Close the call: last snapshot, and the status that `status_of` gives.

        It stays this process's until `release`, so that no other takes what is still to be said of it for left open. Where the
        store refuses, it raises `StoreError` and may be called again.
        """

    @abstractmethod
    def release(self) -> None:
        """Let go of a closed call: all that there is to say of it is said."""

    def abandon(self) -> None:  # noqa: B027 - where nothing outlives the process, nobody is left to find it
        """Let go of a call that could not be closed, as if the process had died: `recover` finds it, as an interrupted one."""

    @abstractmethod
    def discard(self) -> None:
        """Take back a call that never began: nothing of it is left, and its id is free."""

    def finish(self, reason: str, reports: Mapping[str, Mapping[str, Any]]) -> None:
        """Close the call and let go of it."""
        self.close(reason, reports)
        self.release()


class StoredCall(ABC):
    """Reads one call, finished or live, as it was committed when it was opened. Reopen to see what came since."""

    record: CallRecord
    status: CallStatus
    reason: str
    reports: Mapping[str, Mapping[str, Any]]

    @abstractmethod
    def committed(self, leg: Leg) -> int:
        """Frames of a leg that can be read. Raises `NotFoundError` where the call has no such leg."""

    @abstractmethod
    def read_range(self, leg: Leg, start: int, stop: int) -> Frames:
        """Frames `[start, stop)`, all of which are there; `start` is a multiple of TICK_FRAMES. For `read`, which checks that.

        Raises `StoreError` where the data is corrupted.
        """

    def results_range(self, leg: Leg, start: int, stop: int) -> Frames:
        """As `read_range`, without embeddings (width 0). A store that can leave them unread does so; this one reads them."""
        return without_embedding(self.read_range(leg, start, stop))

    @abstractmethod
    def summary(self) -> CallSummary:
        """Its line of the catalogue."""

    def audio(self, leg: Leg) -> tuple[str, BinaryIO] | None:
        """The recorded sound of a leg, to be closed by the caller: its format (`flac`, `opus`) and its bytes. None here."""
        return None

    def read(self, leg: Leg, start: int = 0, stop: int | None = None) -> Frames:
        """Frames `[start, stop)`, as far as they are there; `start` is a multiple of TICK_FRAMES. Raises `StoreError`."""
        return self.read_range(leg, start, self._end(leg, start, stop))

    def results(self, leg: Leg, start: int = 0, stop: int | None = None) -> Frames:
        """As `read`, without embeddings (width 0): logits, speech and marks, which are a small part of what is stored."""
        return self.results_range(leg, start, self._end(leg, start, stop))

    def blocks(self, seconds: float = 10.0) -> Iterator[Frames]:
        """All frames in runs of `seconds`, the legs side by side in the order of `LEGS`."""
        step = max(frames_for(seconds) // TICK_FRAMES, 1) * TICK_FRAMES
        there = {leg: self.committed(leg) for leg in LEGS if leg in self.record.legs}
        for start in range(0, max(there.values(), default=0), step):
            for leg, committed in there.items():
                if start < committed:
                    yield self.read(leg, start, start + step)

    def _end(self, leg: Leg, start: int, stop: int | None) -> int:
        committed = self.committed(leg)
        if start < 0 or start % TICK_FRAMES:
            raise ValueError(f"start must be a multiple of {TICK_FRAMES}, 0 or more, got {start}")
        return max(start, committed if stop is None else min(stop, committed))


class CallReader(ABC):
    """Calls that can be read: those of a store, or of a service that is asked for them."""

    @property
    @abstractmethod
    def place(self) -> str:
        """Where calls are kept, for people: a folder's path, an address."""

    @abstractmethod
    def open(self, call: str) -> StoredCall:
        """Raises `NotFoundError`, or `StoreError` where it is corrupted or of a newer version."""

    @abstractmethod
    def catalogue(self) -> list[CallSummary]:
        """All calls, newest first. A call that cannot be read is logged and left out."""


class Store(CallReader):
    """All calls that were kept, and their events. All methods may be called from any thread."""

    Options: ClassVar[type[Section]] = Section
    """The model of its options, from the configuration's `store:` (`store/registry.py`); the constructor takes one of it."""
    lasting: ClassVar[bool] = True
    """Whether what is kept outlives this process, so that another may read it."""
    descriptors: int = 0
    """File descriptors that a call of two legs holds open while it is written."""

    @abstractmethod
    def __init__(self, options: Any) -> None:
        """Open the store. Nothing is written before the first call. Raises `StoreError` where it cannot be read."""

    def beside(self, name: str) -> Path | None:
        """A folder beside the calls, for what others make of them; it need not exist. None where the store keeps no files."""
        return None

    def ids(self) -> frozenset[str]:
        """The ids of all calls. A store that is asked often gives the same object where there are the same."""
        return frozenset(line.id for line in self.catalogue())

    def line(self, call: str) -> CallSummary:
        """A call's line of the catalogue. Raises as `open` does."""
        return self.open(call).summary()

    def naming(self, text: str) -> Collection[str]:
        """The ids of calls whose records hold a text, such as the id of another call; of others too where that is cheaper."""
        return self.ids()

    @property
    @abstractmethod
    def journal(self) -> Journal:
        """The events of all calls."""

    @abstractmethod
    def sink_state(self, name: str) -> SinkState:
        """What is kept for the sink of this name, which need not be in the configuration any more."""

    @abstractmethod
    def sinks(self) -> list[str]:
        """The names of sinks for which something is kept, sorted."""

    @abstractmethod
    def create(self, record: CallRecord) -> CallWriter:
        """Begin a call. Raises `TakenError` where the id is taken, `StoreError` where the store cannot be written.

        Where it raises, nothing is left of the call.
        """

    @abstractmethod
    def delete(self, call: str) -> None:
        """Remove every trace of a call: frames, snapshots, audio, its events in the journal and with sinks.

        Raises `NotFoundError`; `StoreError` where it is live; `BusyError` where another deletes it at this moment, if that is
        not waited for.
        """

    @abstractmethod
    def is_written(self, call: str) -> bool:
        """Whether a living process has the call: takes its audio, or has still to say that it ended."""

    def recover(self) -> list[str]:
        """At start: mark calls that a dead process left `live` as `interrupted`; their ids."""
        return []

    def let_go(self) -> None:
        """Remove what the settings keep no longer. A service asks at its start and every hour."""

    def recovering(self) -> AbstractContextManager[None]:
        """Be the one process that closes what dead ones left open; waits for another to be done."""
        return nullcontext()

    def serving(self) -> AbstractContextManager[Callable[[str], None]]:
        """Be the one service of this store. Raises `StoreError` where another process is, or the store cannot be written.

        Within the block, what it gives is told where the service listens, for `served_at`.
        """
        return nullcontext(lambda _: None)

    def served_at(self) -> str | None:
        """Where the service of this store listens; empty where it has not said. None where there is none."""
        return None

    def exists(self) -> bool:
        """Whether there is a store: false where none was ever written."""
        return True

    def takes_calls(self) -> bool:
        """Whether something can be written at this moment. It is asked often, and changes nothing."""
        return True


def status_of(reason: str, frames: Mapping[Leg, int]) -> CallStatus:
    """How a call that ended for `reason` is stored: `complete` only where all that there was to hear was heard.

    >>> [status_of(reason, {"agent": 25}) for reason in ("finished", "interrupted", "error: the file is cut off")]
    ['complete', 'interrupted', 'interrupted']
    >>> status_of("inactive", {"agent": 0})
    'empty'
    """
    if reason == "interrupted" or reason.startswith("error"):
        return "interrupted"
    return "complete" if any(frames.values()) else "empty"


def no_such_leg(call: str, leg: Leg, legs: Mapping[Leg, Any]) -> NotFoundError:
    """What `StoredCall.committed` raises."""
    return NotFoundError(f"call {call} has no leg {leg}; it has {', '.join(legs)}")
