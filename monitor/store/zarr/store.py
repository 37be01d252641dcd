"""The store on a local disk: zarr 3 for frames, files beside it for the rest. Several processes may use it at once."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock

import structlog

from monitor.config.sections import DiskOptions
from monitor.errors import BusyError, NotFoundError, StoreError, TakenError
from monitor.store import disk
from monitor.store.base import RELEASE_SECONDS, CallRecord, CallSummary, Store
from monitor.store.call_id import check_call_id
from monitor.store.disk import as_json, exclusively, hold, is_held, refusals, remove_temporaries, takes_a_byte
from monitor.store.sink_state import SinkState
from monitor.store.snapshot import SnapshotWriter
from monitor.store.zarr.call_writer import ZarrCallWriter, keep_place
from monitor.store.zarr.closing import close_frames, forget_live, remove_frames, settle
from monitor.store.zarr.days import Days
from monitor.store.zarr.document import document_bytes
from monitor.store.zarr.erasing import begin_erasing, erase, finish_erasing
from monitor.store.zarr.journal import FileJournal
from monitor.store.zarr.layout import Layout, check_format, prepare, writer_lock
from monitor.store.zarr.recording import repair
from monitor.store.zarr.sink_state import FileSinkState
from monitor.store.zarr.stored_call import ZarrStoredCall, catalogue_line
from monitor.store.zarr.writer_lock import WriterLock, remove_dead

log = structlog.get_logger(__name__)

_AT = " at "
"""In `service.lock`, between the process and where it listens."""
RECOVERY_PATIENCE = 600.0
"""Seconds for which a process that starts waits for another that closes what dead ones left open."""


class ZarrStore(Store):
    """All calls under `settings.path`. Nothing is written before the first call is created.

    Raises `StoreError` where the folder cannot be a store or was written by a newer version, and under `python -O`.
    """

    Options = DiskOptions

    def __init__(self, settings: DiskOptions) -> None:
        if not __debug__:  # zarr 3.1 reads a group's metadata within an `assert`
            raise StoreError("zarr cannot read a store under python -O: start without -O and unset PYTHONOPTIMIZE")
        check_format(settings.path)
        self.settings = settings
        self.layout = Layout(settings.path)
        self.descriptors = 0 if settings.audio == "none" else 2
        self._writers = WriterLock(self.layout.writers)
        self._journal: FileJournal | None = None
        self._opening = Lock()
        self._turn = Lock()
        """Threads of this process wait here for the store's lock, which others ask for now and then: it knows no order."""
        self._days = Days(self.layout.calls)
        self._closed: dict[Path, tuple[int, CallSummary]] = {}

    @property
    def place(self) -> str:
        """The folder."""
        return str(self.settings.path)

    def beside(self, name: str) -> Path:
        """See `Store`."""
        return self.layout.root / name

    @property
    def journal(self) -> FileJournal:
        """The events of all calls; read when it is first asked for."""
        with self._opening:
            if self._journal is None:
                self._journal = FileJournal(self.layout.journal, self.settings.fsync, self.layout.index / "journal.sqlite")
            return self._journal

    def sink_state(self, name: str) -> SinkState:
        """See `Store`."""
        return FileSinkState(self.layout.sinks / name, self.settings.fsync)

    def sinks(self) -> list[str]:
        """See `Store`."""
        return sorted(path.name for path in self.layout.sinks.glob("*"))

    def create(self, record: CallRecord) -> ZarrCallWriter:
        """Begin a call. Raises `TakenError` where the id is taken, `StoreError` where the store cannot be written."""
        check_call_id(record.id)
        with self._alone(f"cannot create call {record.id}"):
            if self.layout.erasing(record.id).exists():
                self._finish_erasure(record.id)
            if self.layout.find_frames(record.id) is not None or self._is_taken(record.id):
                raise TakenError(f"cannot create call {record.id}: a call of this id is in the store; choose another id")
            keep_place(self.layout.new_frames(record.id, record.started_at), self._writers)
        return ZarrCallWriter(self.layout, record, self.settings, self._writers)

    def open(self, call: str) -> ZarrStoredCall:
        """Raises `NotFoundError`, or `StoreError` where it is corrupted or of a newer version."""
        return ZarrStoredCall(self.layout, self._find(call))

    def catalogue(self) -> list[CallSummary]:
        """All calls, newest first. A call that cannot be read is logged and left out."""
        lines = {}
        for call_folder in self.layout.all_frames():
            try:
                lines[call_folder] = self._line(call_folder)
            except (FileNotFoundError, NotFoundError):
                continue
            except (OSError, StoreError) as error:
                log.warning("call_left_out_of_catalogue", call=call_folder.stem, error=str(error))
        self._closed = {call_folder: line for call_folder, line in lines.items() if line[1].status != "live"}
        return sorted((line for _, line in lines.values()), key=lambda line: (line.started_at, line.id), reverse=True)

    def ids(self) -> frozenset[str]:
        """See `Store`."""
        with refusals(f"cannot list the store {self.layout.root}"):
            return self._days.ids()

    def naming(self, text: str) -> list[str]:
        """See `Store`. Documents are searched as they lie, so that a store of many calls is soon looked through."""
        wanted = as_json(text).strip()
        with refusals(f"cannot search the store {self.layout.root}"):
            return [call_folder.stem for call_folder in self.layout.all_frames() if wanted in document_bytes(call_folder)]

    def line(self, call: str) -> CallSummary:
        """See `Store`."""
        return catalogue_line(self.layout, self._find(call))

    def delete(self, call: str) -> None:
        """Remove every trace of a call. What interrupts that is finished at the next start, or by repeating it.

        A live call is refused, and one that another deletes at this moment (`BusyError`). It needs no room on the disk.
        """
        doing = f"cannot delete call {call}"
        self._wait_for_release(call)
        with ExitStack() as held:
            held.enter_context(self._alone(doing))
            if self._is_taken(call):
                raise StoreError(f"{doing}: it is live; end it first")
            known = self.layout.erasing(call).exists()
            note = begin_erasing(self.layout, call)
            if note is not None:
                held.close()
                held.enter_context(note)
            held.enter_context(refusals(doing))
            if not erase(self.layout, self.journal, call, self.settings.fsync) and not known:
                raise NotFoundError(f"call {call} is not in this store")

    def recover(self) -> list[str]:
        """At start: mark calls that a dead process left `live` as `interrupted`; their ids. Finishes broken deletions."""
        if not self.layout.calls.is_dir():
            return []
        interrupted = []
        with self._alone("cannot recover the store"):
            finish_erasing(self.layout, self.journal, self.settings.fsync)
            remove_dead(self.layout.writers)
            self.journal.tidy()
        for folder in sorted(self.layout.calls.glob("*/*.live")):
            call_folder = folder.with_suffix(".zarr")
            with self._alone(f"cannot recover call {folder.stem}"):  # of each by itself: others begin calls in between
                if not is_held(writer_lock(call_folder)) and self._recover(call_folder):
                    interrupted.append(call_folder.stem)
        return interrupted

    def let_go(self) -> None:
        """Drop the events of `journal_days` ago and before."""
        if self.settings.journal_days is not None:
            dropped = self.journal.drop_before(datetime.now(UTC) - timedelta(days=self.settings.journal_days))
            if dropped:
                log.info("old_events_dropped", segments=dropped, days=self.settings.journal_days)

    def is_written(self, call: str) -> bool:
        """Whether a living process has the call: takes its audio, or has still to say that it ended."""
        call_folder = self._frames(call)
        return call_folder is not None and is_held(writer_lock(call_folder))

    def exists(self) -> bool:
        """See `Store`."""
        return any(folder.is_dir() for folder in (self.layout.calls, self.layout.journal, self.layout.sinks))

    def takes_calls(self) -> bool:
        """See `Store`. The folder is made with its first call; until then its parent is asked."""
        folder = self.layout.root
        there = next(path for path in (folder, *folder.absolute().parents) if path.is_dir())
        try:
            takes_a_byte(there)
        except OSError:
            return False
        return True

    def check_writable(self) -> None:
        """Make the store's folder, where there is none. Raises `StoreError` where nothing can be written in it."""
        with refusals(f"cannot write the store {self.layout.root.absolute()}"):
            prepare(self.layout.root, self.settings.fsync)
            takes_a_byte(self.layout.root)

    @contextmanager
    def serving(self) -> Iterator[Callable[[str], None]]:
        """See `Store`."""
        self.check_writable()
        lock = self.layout.service
        with refusals(f"cannot write the store {self.layout.root.absolute()}"):
            try:
                held = hold(lock)
            except BlockingIOError:
                raise StoreError(
                    f"the store {self.layout.root} is served by another process ({lock.read_text() or 'starting'}): "
                    "stop that one, or name another store (store.path, --store)"
                ) from None

        def say(text: str) -> None:
            held.truncate(0)
            held.write(text.encode())
            held.flush()

        with held:
            with refusals(f"cannot write {lock}"):
                say(f"pid {os.getpid()}")
                for folder in self.layout.sinks.glob("*"):
                    remove_temporaries(folder)
            yield lambda url: say(f"pid {os.getpid()}{_AT}{url}")

    def served_at(self) -> str | None:
        """See `Store`."""
        lock = self.layout.service
        with refusals(f"cannot read {lock}"):
            return lock.read_text().partition(_AT)[2] if is_held(lock) else None

    @contextmanager
    def recovering(self) -> Iterator[None]:
        """Be the one process that closes what dead ones left open; waits for another to be done."""
        with refusals("cannot recover the store"):
            prepare(self.layout.root, self.settings.fsync)
            with exclusively(self.layout.recovery, RECOVERY_PATIENCE):
                yield

    def _wait_for_release(self, call: str) -> None:
        """Who heard that a call ended may delete it at once: its writer is about to let go of it."""
        give_up = time.monotonic() + RELEASE_SECONDS
        while self.is_written(call) and self.open(call).status != "live" and time.monotonic() < give_up:
            time.sleep(0.01)

    def _is_taken(self, call: str) -> bool:
        """Whether a living process has a call, or makes it at this moment. Needs the store's lock."""
        return any(is_held(writer_lock(folder)) for folder in self.layout.find_live(call))

    def _finish_erasure(self, call: str) -> None:
        """Of a call whose id is wanted again. Needs the store's lock."""
        try:
            note = begin_erasing(self.layout, call)
        except BusyError as error:
            raise TakenError(f"cannot create call {call}: {error}") from None
        with note or nullcontext():
            erase(self.layout, self.journal, call, self.settings.fsync)

    def _line(self, call_folder: Path) -> tuple[int, CallSummary]:
        """A line of the catalogue and the version of the document it is from; that of a closed call is read once."""
        written = (call_folder / "zarr.json").stat().st_mtime_ns
        known = self._closed.get(call_folder)
        return known if known is not None and known[0] == written else (written, catalogue_line(self.layout, call_folder))

    def _recover(self, call_folder: Path) -> bool:
        """Close one call whose writer is dead; whether it was a call at all. What cannot be closed is logged and kept."""
        if not call_folder.exists():
            remove_frames(call_folder)
            return False
        try:
            with refusals(f"cannot tidy up after call {call_folder.stem}"):
                for folder in (call_folder, *self.layout.beside_frames(call_folder.stem)):
                    remove_temporaries(folder)
            was_live = close_frames(call_folder, "interrupted", {}, self.settings.fsync)
            for audio in self.layout.audio(call_folder.stem).glob("*"):
                with refusals(f"cannot repair {audio}"):
                    repair(audio)
            settle(self.layout, call_folder, SnapshotWriter(self.layout.snapshots(call_folder.stem)), self.settings.fsync)
            forget_live(call_folder)
        except StoreError as error:
            log.error("call_not_recovered", call=call_folder.stem, error=str(error))
            return False
        return was_live

    def _frames(self, call: str) -> Path | None:
        """Where the frames of a call are: where they were when this last looked, or in any day's folder."""
        known = self._days.find(check_call_id(call))
        return known if known is not None and known.exists() else self.layout.find_frames(call)

    def _find(self, call: str) -> Path:
        call_folder = self._frames(call)
        if call_folder is None:
            raise NotFoundError(f"call {call} is not in this store")
        return call_folder

    @contextmanager
    def _alone(self, doing: str) -> Iterator[None]:
        """Hold the store's lock, so that no other process creates, recovers or deletes calls meanwhile."""
        with refusals(f"{doing}: the store {self.layout.root}"):
            prepare(self.layout.root, self.settings.fsync)
        give_up = time.monotonic() + disk.PATIENCE
        if not self._turn.acquire(timeout=disk.PATIENCE):
            raise StoreError(f"{doing}: more calls begin and go than the disk keeps up with; try again in a moment")
        try:
            with refusals(doing), exclusively(self.layout.lock, give_up - time.monotonic()):
                yield
        finally:
            self._turn.release()
