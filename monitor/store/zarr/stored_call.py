"""Reads one call: its arrays, and, while it is live or after its writer died, the tails that follow them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from monitor.audio.level import Levels
from monitor.errors import NotFoundError, StoreError
from monitor.events import Frames, Leg
from monitor.frame_format import cut, joined, without_embedding
from monitor.store.base import CallStatus, CallSummary, StoredCall, no_such_leg
from monitor.store.call_document import CallDocument
from monitor.store.disk import is_held, size_of
from monitor.store.zarr.chunks import open_arrays
from monitor.store.zarr.document import read_document
from monitor.store.zarr.layout import Layout, live_folder, tail_path, writer_lock
from monitor.store.zarr.levels import read_levels
from monitor.store.zarr.tail import read_tail
from monitor.timeline import frame_seconds


class ZarrStoredCall(StoredCall):
    """One call as it was committed at the moment it was opened."""

    def __init__(self, layout: Layout, call_folder: Path) -> None:
        self._layout, self.path = layout, call_folder
        with _erased_is_not_damaged(call_folder):
            self._open()

    def _open(self) -> None:
        self.status, self._document, self._tails = _committed_state(self.path)
        self.record = self._document.record()
        self.reason = self._document.reason
        self.reports: Mapping[str, Mapping[str, Any]] = self._document.reports
        self._committed = _committed_frames(self._document, self._tails)
        self._arrays = open_arrays(self.path, self.record.id, self.record.legs, "r")
        for leg, arrays in self._arrays.items():
            arrays.check_lengths(self._tails[leg].start if leg in self._tails else self._committed[leg])

    def committed(self, leg: Leg) -> int:
        """See `StoredCall`."""
        if leg not in self._committed:
            raise no_such_leg(self.record.id, leg, self._committed)
        return self._committed[leg]

    def read_range(self, leg: Leg, start: int, stop: int) -> Frames:
        """See `StoredCall`."""
        with _erased_is_not_damaged(self.path):
            return self._range(leg, start, stop, embedding=True)

    def results_range(self, leg: Leg, start: int, stop: int) -> Frames:
        """See `StoredCall`."""
        with _erased_is_not_damaged(self.path):
            return self._range(leg, start, stop, embedding=False)

    def audio(self, leg: Leg) -> tuple[str, BinaryIO] | None:
        """See `StoredCall`."""
        path = self._layout.audio_file(self.record.id, leg)
        return None if path is None else (path.suffix[1:], path.open("rb"))

    def summary(self) -> CallSummary:
        """Its line of the catalogue."""
        return summarise(self._layout, self.path, self._document, self.status, self._committed)

    def _range(self, leg: Leg, start: int, stop: int, *, embedding: bool) -> Frames:
        tail = self._tails.get(leg)
        edge = self._committed[leg] if tail is None else tail.start
        parts = []
        if tail is None or start < min(stop, edge) or start >= stop:
            parts.append(self._arrays[leg].read(start, max(start, min(stop, edge)), embedding=embedding))
        if tail is not None and max(start, edge) < stop:
            newest = cut(tail, max(start, edge), stop)
            parts.append(newest if embedding else without_embedding(newest))
        return replace(joined(parts), level=self._levels(leg, start, stop))

    def _levels(self, leg: Leg, start: int, stop: int) -> Levels | None:
        path = self._layout.levels(self.record.id, leg)
        try:
            return read_levels(path, start, stop)
        except OSError as error:
            raise StoreError(f"call {self.record.id} is damaged: {path} cannot be read ({error.strerror})") from error


@contextmanager
def _erased_is_not_damaged(call_folder: Path) -> Iterator[None]:
    """Raise `NotFoundError` where a call reads as damaged because it is being erased: its folder is renamed before it goes."""
    try:
        yield
    except StoreError as error:
        if call_folder.exists():
            raise
        raise NotFoundError(f"call {call_folder.stem} is not in this store") from error


def catalogue_line(layout: Layout, call_folder: Path) -> CallSummary:
    """The line of the catalogue of the call whose frames are there, without opening its arrays."""
    status, document, tails = _committed_state(call_folder)
    return summarise(layout, call_folder, document, status, _committed_frames(document, tails))


def summarise(
    layout: Layout, call_folder: Path, document: CallDocument, status: CallStatus, committed: Mapping[Leg, int]
) -> CallSummary:
    """A line of the catalogue."""
    call = document.call
    folders = (call_folder, live_folder(call_folder), *layout.beside_frames(call))
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


def _committed_state(call_folder: Path) -> tuple[CallStatus, CallDocument, dict[Leg, Frames]]:
    """Status, document, and the tails of a call that was not closed."""
    document = read_document(call_folder)
    try:
        tails = _read_tails(call_folder, document)
    except FileNotFoundError:
        # The call was closed since: its document says so before its tails go.
        document = read_document(call_folder)
        try:
            tails = _read_tails(call_folder, document)
        except FileNotFoundError as error:
            raise StoreError(f"call {document.call} is damaged: {error.filename} is missing") from error
    if document.status == "live" and not is_held(writer_lock(call_folder)):
        return "interrupted", document, tails
    return document.status, document, tails


def _read_tails(call_folder: Path, document: CallDocument) -> dict[Leg, Frames]:
    if document.status != "live":
        return {}
    formats = document.record().legs
    return {leg: read_tail(tail_path(call_folder, leg), document.call, leg, format_) for leg, format_ in formats.items()}
