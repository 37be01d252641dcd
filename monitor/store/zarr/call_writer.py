"""Writes one call: each append is committed to a leg's tail at once, and moves to its arrays a chunk at a time."""

import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog
import zarr

from monitor.audio.chunk import Samples
from monitor.config.sections import DiskOptions
from monitor.errors import StoreError
from monitor.events import Frames, Leg, Mark
from monitor.frame_format import cut
from monitor.store.base import CallRecord, CallWriter
from monitor.store.call_document import CallDocument
from monitor.store.check_frames import check_frames
from monitor.store.disk import refusals
from monitor.store.snapshot import SnapshotWriter
from monitor.store.zarr.chunks import CHUNK_FRAMES, LegArrays, open_arrays
from monitor.store.zarr.closing import close_frames, forget_live, remove_frames, settle
from monitor.store.zarr.document import write_document
from monitor.store.zarr.layout import Layout, live_folder, tail_path, writer_lock
from monitor.store.zarr.levels import write_levels
from monitor.store.zarr.recording import Recording
from monitor.store.zarr.stored_call import ZarrStoredCall
from monitor.store.zarr.tail import Tail, read_tail
from monitor.store.zarr.writer_lock import WriterLock
from monitor.timeline import FRAME_RATE

log = structlog.get_logger(__name__)


class ZarrCallWriter(CallWriter):
    """The writer of one call. It holds the call's lock until `release`, or until its process ends; it needs no descriptor."""

    def __init__(self, layout: Layout, record: CallRecord, settings: DiskOptions, lock: WriterLock) -> None:
        """Of a call that has a place (`keep_place`), which is given up where it cannot be created. Raises `StoreError`."""
        self._layout, self._record, self._settings = layout, record, settings
        self._path = layout.new_frames(record.id, record.started_at)
        self._call = record.id
        self._tails, self._arrays = _create(self._path, record, settings.fsync)
        self._lock = lock
        """Held for as long as there is a writer."""
        self._levels = {leg: layout.levels(record.id, leg) for leg in record.legs}
        self._snapshots = SnapshotWriter(layout.snapshots(record.id))
        self._recordings: dict[Leg, Recording] = {}
        self._move_at = dict.fromkeys(record.legs, CHUNK_FRAMES)
        self._closed = False
        self._record_sound()
        self.records = bool(self._recordings)

    def append(self, frames: Frames) -> None:
        """Commit frames: they are in the leg's tail when this returns. Raises `ValueError` where they do not follow."""
        if self._closed:
            raise ValueError(f"call {self._call} is closed and takes no further frames")
        embedding = check_frames(frames, self._record, self.committed)
        tail = self._tails[frames.leg]
        with refusals(f"cannot write frames of call {self._call}"):
            write_levels(self._levels[frames.leg], frames)
            tail.append(frames, embedding)
        if tail.stop - tail.start >= self._move_at[frames.leg]:
            self._move(frames.leg)

    def append_audio(self, leg: Leg, samples: Samples) -> None:
        """Keep audio, where the settings say so; else do nothing. What the disk refuses waits in memory and is tried again."""
        if leg in self._recordings:
            self._recordings[leg].write(samples)

    def committed(self, leg: Leg) -> int:
        """Frames of a leg that are safe."""
        return self._tails[leg].stop

    def snapshot(self) -> None:
        """See `CallWriter`; atomically.

        It does not wait for the disk's confirmation, as `close` does: a snapshot can be written again from the frames.
        """
        self._snapshots.write(ZarrStoredCall(self._layout, self._path), fsync=False)

    def close(self, reason: str, reports: Mapping[str, Mapping[str, Any]]) -> None:
        """See `CallWriter`. Where the disk refuses, it raises `StoreError` and may be called again."""
        with refusals(f"cannot write the audio of call {self._call}"):
            for recording in self._recordings.values():
                recording.close()
        close_frames(self._path, reason, reports, self._settings.fsync)
        self._closed = True
        settle(self._layout, self._path, self._snapshots, self._settings.fsync)

    def release(self) -> None:
        """See `CallWriter`."""
        forget_live(self._path)

    def discard(self) -> None:
        """See `CallWriter`."""
        self.abandon()
        for recording in self._recordings.values():
            recording.discard()
        remove_frames(self._path)
        for folder in self._layout.beside_frames(self._call):
            shutil.rmtree(folder, ignore_errors=True)

    def abandon(self) -> None:
        """See `CallWriter`."""
        self._closed = True
        with suppress(OSError):
            writer_lock(self._path).unlink()

    def _record_sound(self) -> None:
        """Open the recordings, where the settings say so; the call is discarded where one cannot be."""
        if self._settings.audio == "none":
            return
        folder, format_ = self._layout.audio(self._call), self._settings.audio
        try:
            with refusals(f"cannot record call {self._call}"):
                for leg in self._record.legs:
                    self._recordings[leg] = Recording(folder / f"{leg}.{format_}", format_)
        except BaseException:
            self.discard()
            raise

    def _move(self, leg: Leg) -> None:
        """Write the chunks that a tail fills to the arrays. A refusal costs nothing: the tail keeps the frames and goes on."""
        tail = self._tails[leg]
        try:
            newest = read_tail(tail_path(self._path, leg), self._call, leg, self._record.legs[leg])
            edge = newest.start + len(newest) // CHUNK_FRAMES * CHUNK_FRAMES
            self._arrays[leg].extend(cut(newest, newest.start, edge), self._settings.fsync)
            tail.begin(edge, cut(newest, edge, newest.stop))
            self._move_at[leg] = CHUNK_FRAMES
        except (OSError, StoreError) as error:
            self._move_at[leg] = tail.stop - tail.start + CHUNK_FRAMES // 10
            log.warning("chunk_not_written", call=self._call, leg=leg, error=str(error))


def keep_place(path: Path, lock: WriterLock) -> None:
    """Let others know that this process has a call, whose frames will be at `path`. Needs the store's lock.

    It takes a moment; to create the call takes long, and is done without that lock. Raises `OSError`.
    """
    remove_frames(path)
    try:
        live_folder(path).mkdir(parents=True)
        lock.lend(writer_lock(path))
    except BaseException:
        remove_frames(path)
        raise


def _create(path: Path, record: CallRecord, fsync: bool) -> tuple[dict[Leg, Tail], dict[Leg, LegArrays]]:
    """Tails and arrays of a new call, which is seen by others once all of it is there."""
    hidden = path.with_suffix(".new")
    document = CallDocument.of(record)
    with refusals(f"cannot create call {record.id}"):
        try:
            tails = {leg: Tail(tail_path(path, leg), format_, fsync) for leg, format_ in record.legs.items()}
            for tail in tails.values():
                tail.begin(0)
            root = zarr.create_group(hidden, zarr_format=3)
            for leg, format_ in record.legs.items():
                LegArrays.create(root, record.id, leg, format_, _leg_attributes(record, leg))
            write_document(hidden, document, fsync)
            hidden.rename(path)
            return tails, open_arrays(path, record.id, record.legs, "r+")
        except BaseException:
            remove_frames(path)
            raise


def _leg_attributes(record: CallRecord, leg: Leg) -> dict[str, Any]:
    """What a reader of the arrays alone needs to know."""
    format_ = record.legs[leg]
    return {
        "labels": list(record.labels) if format_.classes else [],
        "frame_rate": FRAME_RATE,
        "embedding_rate": FRAME_RATE // format_.stride,
        "marks": {mark.name: mark.value for mark in Mark if mark},
    }
