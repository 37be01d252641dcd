"""Reads one call: its arrays, and, while it is live or after its writer died, the tails that follow them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from monitor.errors import NotFoundError, StoreError
from monitor.events import LEGS, Frames, Leg
from monitor.frame_format import cut, joined
from monitor.store.base import CallStatus, CallSummary, StoredCall
from monitor.store.call_document import CallDocument, read_document
from monitor.store.chunks import open_arrays
from monitor.store.disk import is_held, size_of
from monitor.store.layout import Layout, live_folder, tail_path, writer_lock
from monitor.store.tail import read_tail
from monitor.timeline import TICK_FRAMES, frame_seconds, frames_for


class ZarrStoredCall(StoredCall):
    """One call as it was committed at the moment it was opened."""

    def __init__(self, layout: Layout, frames: Path) -> None:
        self._layout, self.path = layout, frames
        self.status, self._document, self._tails = _committed_state(frames)
        self.record = self._document.record()
        self.reason = self._document.reason
        self.reports: Mapping[str, Mapping[str, Any]] = self._document.reports
        self._committed = _committed_frames(self._document, self._tails)
        self._arrays = open_arrays(frames, self.record.id, self.record.legs, "r")
        for leg, arrays in self._arrays.items():
            arrays.check_lengths(self._tails[leg].start if leg in self._tails else self._committed[leg])

    def committed(self, leg: Leg) -> int:
        """Frames of a leg that can be read."""
        try:
            return self._committed[leg]
        except KeyError as error:
            raise NotFoundError(f"call {self.record.id} has no leg {leg}; it has {', '.join(self._committed)}") from error

    def read(self, leg: Leg, start: int = 0, stop: int | None = None) -> Frames:
        """Frames `[start, stop)`, as far as they are there; `start` is a multiple of TICK_FRAMES."""
        committed = self.committed(leg)
        stop = committed if stop is None else min(stop, committed)
        if start < 0 or start % TICK_FRAMES:
            raise ValueError(f"start must be a multiple of {TICK_FRAMES}, 0 or more, got {start}")
        tail = self._tails.get(leg)
        edge = committed if tail is None else tail.start
        parts = []
        if tail is None or start < min(stop, edge) or start >= stop:
            parts.append(self._arrays[leg].read(start, max(start, min(stop, edge))))
        if tail is not None and max(start, edge) < stop:
            parts.append(cut(tail, max(start, edge), stop))
        return joined(parts)

    def blocks(self, seconds: float = 10.0) -> Iterator[Frames]:
        """All frames in runs of `seconds`, the legs side by side in the order of `LEGS`."""
        step = max(frames_for(seconds) // TICK_FRAMES, 1) * TICK_FRAMES
        for start in range(0, max(self._committed.values(), default=0), step):
            for leg in LEGS:
                if start < self._committed.get(leg, 0):
                    yield self.read(leg, start, start + step)

    def summary(self) -> CallSummary:
        """Its line of the catalogue."""
        return summarise(self._layout, self.path, self._document, self.status, self._committed)


def catalogue_line(layout: Layout, frames: Path) -> CallSummary:
    """The line of the catalogue of the call whose frames are there, without opening its arrays."""
    status, document, tails = _committed_state(frames)
    return summarise(layout, frames, document, status, _committed_frames(document, tails))


def summarise(
    layout: Layout, frames: Path, document: CallDocument, status: CallStatus, committed: Mapping[Leg, int]
) -> CallSummary:
    """A line of the catalogue."""
    call = document.call
    folders = (frames, live_folder(frames), layout.snapshots(call), layout.audio(call))
    return CallSummary(
        id=call,
        started_at=document.started_at,
        status=status,
        seconds=frame_seconds(max(committed.values(), default=0)),
        source=document.source,
        engine=str(document.engine.get("name", "")),
        legs=committed,
        bytes=document.bytes or sum(map(size_of, folders)),
        metadata=document.metadata,
    )


def _committed_frames(document: CallDocument, tails: Mapping[Leg, Frames]) -> dict[Leg, int]:
    return {leg: tails[leg].stop if leg in tails else document.committed.get(leg, 0) for leg in document.legs}


def _committed_state(frames: Path) -> tuple[CallStatus, CallDocument, dict[Leg, Frames]]:
    """Status, document, and the tails of a call that was not closed."""
    document = read_document(frames)
    try:
        tails = _read_tails(frames, document)
    except FileNotFoundError:
        # The call was closed since: its document says so before its tails go.
        document = read_document(frames)
        try:
            tails = _read_tails(frames, document)
        except FileNotFoundError as error:
            raise StoreError(f"call {document.call} is damaged: {error.filename} is missing") from error
    if document.status == "live" and not is_held(writer_lock(frames)):
        return "interrupted", document, tails
    return document.status, document, tails


def _read_tails(frames: Path, document: CallDocument) -> dict[Leg, Frames]:
    if document.status != "live":
        return {}
    formats = document.record().legs
    return {leg: read_tail(tail_path(frames, leg), document.call, leg, format_) for leg, format_ in formats.items()}
