"""The index of a store: segments, a manifest that lists them, and a lock for whoever changes them.

Nothing is changed in its place. A change writes new segments, then the manifest, and then removes what that lists no more,
so a reader of another process sees the index before or after it. The index holds nothing that the store has not: whatever of
it is damaged is dropped, and taken from the store again (`updating.py`).

New calls go into a small segment that is searched row by row; `settle` makes larger ones with a graph of it, and needs the lock
for a moment only. Where a call is erased, its segment is written anew without it, and has no graph until the next `settle`.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import numpy as np
import structlog
from numpy.typing import NDArray

from monitor.analysis.search.graph import build_graph
from monitor.analysis.search.manifest import MANIFEST, Listed, Manifest, read_manifest, write_manifest
from monitor.analysis.search.pieces import Pieces, joined
from monitor.analysis.search.segment import GRAPH, Hit, Seal, Segment, check_seals, write_segment
from monitor.errors import StoreError
from monitor.extras import ANALYSIS, lacking
from monitor.learned.engine_key import EngineKey
from monitor.store.base import Store
from monitor.store.disk import exclusively, refusals

_LOG = structlog.get_logger(__name__)

FOLDER = "search"
SMALL = 4096
"""Pieces of a segment that needs no graph: comparing them all takes a millisecond."""
LARGE = 65_536
"""Pieces of a segment at most: a graph of so many is built in half a minute, so that is what erasing a call may cost."""
_LOCK = "lock"
_ATTEMPTS = 10
"""To open what another process replaces meanwhile."""


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """What there is in the index of one engine."""

    engine: EngineKey
    calls: int
    pieces: int
    graphs: int
    """Pieces that are found by a graph; the others are compared one by one."""
    segments: int
    bytes: int


class _Reading(NamedTuple):
    """The index as one read found it: another thread may read it anew meanwhile, and find other segments."""

    listed: tuple[Listed, ...]
    segments: Mapping[str, Segment]
    """Those that are whole, open, by their names."""


class SearchIndex:
    """An index in a folder. All methods may be called from any thread, and by several processes at once."""

    def __init__(self, folder: Path) -> None:
        """Nothing is read or written yet."""
        self.folder = folder
        self._opening = Lock()
        self._manifest: Manifest | None = None
        self._written: tuple[int, int] | None = None
        self._segments: dict[str, Segment] = {}
        self.damage: tuple[str, ...] = ()
        """What is damaged of it, as it was last read: it is not searched until `repair`."""

    def exists(self) -> bool:
        """Whether there is an index."""
        return (self.folder / MANIFEST).exists()

    def engines(self) -> list[EngineKey]:
        """Of whose embeddings there are pieces."""
        return sorted({one.engine for one in self._read().listed if one.pieces}, key=str)

    def calls(self) -> frozenset[str]:
        """Ids of all calls that are indexed."""
        return frozenset[str]().union(*(segment.calls for segment in self._read().segments.values()))

    def info(self) -> list[IndexInfo]:
        """What there is, by engine."""
        listed = self._read().listed
        return [
            IndexInfo(
                key,
                sum(one.calls for one in own),
                sum(one.pieces for one in own),
                sum(one.pieces for one in own if GRAPH in one.files),
                len(own),
                sum(seal.bytes for one in own for seal in one.files.values()),
            )
            for key in sorted({one.engine for one in listed}, key=str)
            for own in [[one for one in listed if one.engine == key]]
        ]

    def search(self, engine: EngineKey, query: NDArray[np.float32], count: int) -> list[Hit]:
        """The `count` pieces of an engine that are most similar to a vector of length 1, best first."""
        listed, segments = self._read()
        own = [segments[one.name] for one in listed if one.engine == engine and one.name in segments]
        if not own:
            return []
        found = [segment.search(query, count) for segment in own]
        rows = np.concatenate([each for each, _ in found])
        similarities = np.concatenate([each for _, each in found])
        of = np.repeat(np.arange(len(own)), [len(each) for each, _ in found])
        best = np.argsort(-similarities, kind="stable")[:count]
        return [Hit(float(similarities[one]), own[of[one]], int(rows[one])) for one in best]

    def add(self, many: Iterable[dict[EngineKey, Pieces]], stays: Callable[[str], bool] = lambda _: True) -> None:
        """Take calls in, those that are indexed anew. One that does not stay, asked under the lock, was erased meanwhile."""
        with self._changing() as manifest:
            fresh: dict[EngineKey, list[Pieces]] = {}
            for call in many:
                if all(stays(one) for pieces in call.values() for one in pieces.calls):
                    for key, pieces in call.items():
                        fresh.setdefault(key, []).append(pieces)
            known = {one for parts in fresh.values() for pieces in parts for one in pieces.calls}
            manifest = self._without(manifest, known)
            for key, parts in fresh.items():
                small = next((one for one in manifest.segments if one.engine == key and _is_small(one)), None)
                before = [] if small is None else [self._pieces(small)]
                manifest = self._replaced(manifest, [small] if small else [], key, joined([*before, *parts]))
            write_manifest(self.folder, manifest)

    def remove(self, calls: Iterable[str]) -> None:
        """Remove calls: no file of the index has anything of them when this returns."""
        with self._changing() as manifest:
            write_manifest(self.folder, self._without(manifest, set(calls)))

    @contextmanager
    def erasing(self, call: str) -> Iterator[None]:
        """Remove a call, and keep everybody else from adding it again as long as the block lasts.

        Where the index without the call cannot be written, as on a full disk, it goes whole: the next update makes it again.
        """
        if not self.folder.exists():
            yield
            if self.folder.exists():  # begun by another process meanwhile, which may have read the call
                self.remove([call])
            return
        with self._changing() as manifest:
            try:
                write_manifest(self.folder, self._without(manifest, {call}))
            except StoreError as error:
                _LOG.warning("search_index_given_up", reason=str(error))
                with refusals("cannot write the search index"):
                    (self.folder / MANIFEST).unlink(missing_ok=True)
            self._tidy()
            yield

    def repair(self) -> tuple[str, ...]:
        """Drop what is damaged; what that was."""
        with self._changing():
            pass
        self._read()
        return self.damage

    def clear(self) -> None:
        """Remove everything."""
        with self._changing() as manifest:
            write_manifest(self.folder, Manifest(next=manifest.next))

    def settle(self) -> bool:
        """Do one thing that makes searching faster: build or grow a graph. Takes up to half a minute; whether there was any.

        The lock is held at the end alone. What somebody changed meanwhile is done again at the next call.
        """
        listed, opened = self._read()
        plan = _plan(listed)
        if plan is None:
            return False
        segments = [opened[one.name] for one in plan if one.name in opened]
        if len(segments) < len(plan):
            return False  # damaged: to be repaired first
        pieces = joined([segment.pieces for segment in segments])
        grown = plan[0] if GRAPH in plan[0].files and segments[0].graph is not None else None
        graph = None
        if len(pieces) >= SMALL:
            graph = build_graph(pieces.vectors, None if grown is None else self.folder / grown.name / GRAPH)
        with self._changing() as manifest:
            if all(one in manifest.segments for one in plan):
                changed = self._replaced(manifest, plan, plan[0].engine, pieces)
                write_manifest(self.folder, changed if graph is None else self._with_graph(changed, graph))
        return True

    def _read(self) -> _Reading:
        """The segments as they are now listed. Cheap where nothing changed."""
        with self._opening:
            for _ in range(_ATTEMPTS):
                try:
                    self._refresh()
                    break
                except FileNotFoundError:  # replaced by another process between the manifest and its segments
                    self._written = None
            else:
                self.damage = (*self.damage, f"{self.folder}: files that the manifest lists are not there")
            return _Reading(() if self._manifest is None else self._manifest.segments, self._segments)

    def _refresh(self) -> None:
        written = self._version()
        if written == self._written and written is not None:
            return
        damage: list[str] = []
        try:
            manifest = read_manifest(self.folder)
        except StoreError as error:
            damage, manifest = [str(error)], None
        segments: dict[str, Segment] = {}
        gone: FileNotFoundError | None = None
        for one in () if manifest is None else manifest.segments:
            known = self._segments.get(one.name)
            if known is not None and known.seals == one.files:
                segments[one.name] = known
                continue
            try:
                segments[one.name] = Segment(self.folder / one.name, one.files, graph=not lacking(ANALYSIS))
            except FileNotFoundError as error:
                gone = error
                damage.append(f"{self.folder / one.name} is not there")
            except StoreError as error:
                damage.append(str(error))
        self._manifest, self._segments, self.damage, self._written = manifest, segments, tuple(damage), written
        if gone is not None:
            raise gone

    def _version(self) -> tuple[int, int] | None:
        try:
            stat = (self.folder / MANIFEST).stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return stat.st_mtime_ns, stat.st_ino

    @contextmanager
    def _changing(self) -> Iterator[Manifest]:
        """The manifest without what is damaged, under the lock; at the end what it does not list is removed."""
        with refusals("cannot write the search index"):
            self.folder.mkdir(exist_ok=True)
        with exclusively(self.folder / _LOCK):
            manifest = self._whole()
            yield manifest
            self._tidy()

    def _whole(self) -> Manifest:
        """The manifest as it is on the disk, less what is damaged; that is logged."""
        try:
            manifest = read_manifest(self.folder)
        except StoreError as error:
            _LOG.warning("search_index_damaged", reason=str(error))
            manifest = Manifest()
            write_manifest(self.folder, manifest)
        if manifest is None:
            return Manifest()
        kept = [one for one in manifest.segments if self._is_whole(one)]
        if len(kept) == len(manifest.segments):
            return manifest
        manifest = manifest.model_copy(update={"segments": tuple(kept)})
        write_manifest(self.folder, manifest)
        return manifest

    def _is_whole(self, listed: Listed) -> bool:
        known = self._segments.get(listed.name)
        if known is not None and known.seals == listed.files:
            return True  # its files were read when it was opened, and are never written again
        try:
            check_seals(self.folder / listed.name, listed.files)
        except (OSError, StoreError) as error:
            _LOG.warning("search_index_damaged", reason=str(error))
            return False
        return True

    def _without(self, manifest: Manifest, calls: set[str]) -> Manifest:
        for one in manifest.segments:
            pieces = self._pieces(one)
            if common := calls.intersection(pieces.calls):
                for call in common:
                    pieces = pieces.without(call)
                manifest = self._replaced(manifest, [one], one.engine, pieces)
        return manifest

    def _pieces(self, listed: Listed) -> Pieces:
        known = self._segments.get(listed.name)
        if known is None or known.seals != listed.files:
            known = Segment(self.folder / listed.name, listed.files, graph=False)
        return known.pieces

    def _replaced(self, manifest: Manifest, old: list[Listed], engine: EngineKey, pieces: Pieces) -> Manifest:
        """With a new segment in the place of others; with none where there would be nothing in it."""
        kept = tuple(one for one in manifest.segments if one not in old)
        if not pieces.calls:
            return manifest.model_copy(update={"segments": kept})
        name = f"{manifest.next:08d}"
        shutil.rmtree(self.folder / name, ignore_errors=True)  # of a process that died before it listed it
        files = write_segment(self.folder / name, pieces)
        new = Listed(name=name, engine=engine, pieces=len(pieces), calls=len(pieces.calls), files=files)
        return manifest.model_copy(update={"segments": (*kept, new), "next": manifest.next + 1})

    def _with_graph(self, manifest: Manifest, graph: object) -> Manifest:
        """With the graph of the last segment."""
        last = manifest.segments[-1]
        path = self.folder / last.name / GRAPH
        with refusals("cannot write the search index"):
            try:
                graph.save(str(path))  # type: ignore[attr-defined]
            except RuntimeError as error:
                raise StoreError(f"cannot write the search index: {error}") from None
            files = {**last.files, GRAPH: Seal.of(path)}
        return manifest.model_copy(update={"segments": (*manifest.segments[:-1], last.model_copy(update={"files": files}))})

    def _tidy(self) -> None:
        """Remove what the manifest does not list: what was replaced, and what a process that died had begun."""
        manifest = read_manifest(self.folder) or Manifest()
        listed = {one.name for one in manifest.segments} | {MANIFEST, _LOCK}
        with refusals("cannot write the search index"):
            for path in self.folder.iterdir():
                if path.name not in listed:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()


def index_of(store: Store) -> SearchIndex | None:
    """The index of a store; None where the store keeps no files of which it could be one."""
    folder = store.beside(FOLDER)
    return None if folder is None else SearchIndex(folder)


def _is_small(listed: Listed) -> bool:
    return listed.pieces < SMALL and GRAPH not in listed.files


def _plan(segments: tuple[Listed, ...]) -> list[Listed] | None:
    """Segments of one engine that are to become one with a graph, or one small one; the first may have a graph to grow.

    A graph grows as long as there is room in its segment, and two segments for which one has room become one.
    """
    for key in sorted({one.engine for one in segments}, key=str):
        own = sorted((one for one in segments if one.engine == key), key=lambda one: (GRAPH not in one.files, -one.pieces))
        small = [one for one in own if _is_small(one)]
        if len(small) > 1:
            return small
        plain = next((one for one in own if GRAPH not in one.files and not _is_small(one)), None)
        grown = [one for one in own if GRAPH in one.files]
        if plain is not None:
            room = next((one for one in grown if one.pieces + plain.pieces <= LARGE), None)
            return [plain] if room is None else [room, plain]
        if len(grown) > 1 and grown[-1].pieces + grown[-2].pieces <= LARGE:
            return [grown[-2], grown[-1]]
    return None
