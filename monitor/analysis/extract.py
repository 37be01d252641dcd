"""Extracts the embeddings of sound files, many at once: each frame as a call has it, in full precision, without a store."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import structlog

from monitor.analysis.errors import NoFramesError
from monitor.analysis.outputs import OutputWriter, done_in, extracting_to
from monitor.analysis.result_file import Granularity, Result
from monitor.config import Settings
from monitor.errors import ConfigError, EngineError, MonitorError, SourceError, StoreError
from monitor.events import Leg
from monitor.frame_format import LegFormat
from monitor.pipeline.engine_processes import EngineProcesses, EngineUser, cores
from monitor.pipeline.intake import check_privacy
from monitor.pipeline.leg import InferredLeg
from monitor.pipeline.listening import MAX_AHEAD
from monitor.pipeline.windows import Geometry
from monitor.sources.base import Source, named
from monitor.sources.registry import open_source, parse_source

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """How embeddings are wanted."""

    to: Path
    """The folder in which a folder is made for each leg of each file."""
    granularity: Granularity = "utterance"
    options: Mapping[str, Any] = field(default_factory=dict)
    """Of the source, such as legs."""
    audio: bool = True
    """Whether `processed_audio.wav` is written: what the engine heard, at 16 kHz."""


@dataclass(frozen=True, slots=True)
class Task:
    """One file. Small, so that it can be sent to another process."""

    source: str
    wanted: Wanted
    done: tuple[tuple[Path, Result], ...]
    """What was extracted from a file of this path."""


@dataclass(frozen=True, slots=True)
class Extracted:
    """What became of one file."""

    source: str
    status: Literal["done", "skipped", "failed"]
    """`skipped`: it was done before, and neither the file nor the engine is another since."""
    folders: tuple[Path, ...] = ()
    """One a leg."""
    error: str = ""
    exit_code: int = 0


def extract(sources: Iterable[str], wanted: Wanted, settings: Settings, *, jobs: int | None = None) -> Iterator[Extracted]:
    """Extract the embeddings of sound files, on `jobs` processes, one a core unless told otherwise; what became of each, in
    their order.

    A file that was done before is skipped, and one that fails does not stop the others. Raises `ConfigError`, `EngineError`
    where the settings or the engine are at fault, and `StoreError` where nothing can be written, or another process extracts
    to the same folder.
    """
    paths = {source: named(_file_of(source)[1].absolute()) for source in sources}
    jobs = min(cores() if jobs is None else jobs, max(len(paths), 1))
    with extracting_to(wanted.to), EngineProcesses(_Extractor, settings, jobs) as processes:
        done = done_in(wanted.to)
        tasks = (Task(source, wanted, tuple(done.get(path, ()))) for source, path in paths.items())
        for _, extracted in processes.map(tasks):
            yield extracted


def _file_of(source: str) -> tuple[str, Path, dict[str, Any]]:
    """Kind, path and options of a source. Raises `ConfigError` where it is no file."""
    kind, options = parse_source(source)
    if "path" not in options:
        raise ConfigError(f"{source}: embeddings are extracted from files; of a live call they are in the store")
    return kind, Path(options["path"]), options


class _Extractor(EngineUser[Task, Extracted]):
    """Extracts one file at a time, in this process."""

    def do(self, item: Task) -> Extracted:
        """Extract a file; what became of it."""
        try:
            return self._do(item)
        except MonitorError as error:
            return Extracted(item.source, "failed", error=str(error), exit_code=error.exit_code)
        except OSError as error:
            reason = f"{item.source}: cannot extract to {item.wanted.to}: {error.strerror or error}"
            return Extracted(item.source, "failed", error=reason, exit_code=StoreError.exit_code)
        except Exception as error:
            log.exception("file_not_extracted", source=item.source)
            return Extracted(item.source, "failed", error=f"{item.source}: {type(error).__name__}: {error}", exit_code=1)

    def _do(self, task: Task) -> Extracted:
        kind, path, options = _file_of(task.source)
        wanted, identity = task.wanted, {"path": named(path.absolute()), "sha256": _digest(path)}
        known = {
            str(result.input.get("leg")): folder for folder, result in task.done if self._is_same(result, wanted, identity)
        }
        source = open_source(kind, {**options, **wanted.options}, self.settings)
        legs = self._legs(source)
        if all(leg in known for leg in legs):
            source.stop()
            return Extracted(task.source, "skipped", tuple(known[leg] for leg in legs))
        return Extracted(task.source, "done", self._extract(task, source, legs, identity, known))

    def _is_same(self, result: Result, wanted: Wanted, identity: Mapping[str, str]) -> bool:
        """Whether a result is of the same sound, and what would be made of it now."""
        same_engine = all(result.engine.get(key) == getattr(self.info, key) for key in ("name", "version", "precision"))
        same_sound = all(result.input.get(key) == value for key, value in identity.items())
        return same_engine and same_sound and result.granularity == wanted.granularity

    def _legs(self, source: Source) -> list[Leg]:
        """Those that may be analysed. Raises `ConfigError` where none may."""
        try:
            check_privacy(source, self.settings.privacy)
            legs = [leg for leg in source.legs if leg in self.settings.privacy.subjects]
            if not legs:
                there = ", ".join(source.legs)
                raise ConfigError(f"{source.description}: none of its legs ({there}) may be analysed (privacy.subjects)")
        except ConfigError:
            source.stop()
            raise
        return legs

    def _extract(
        self, task: Task, source: Source, legs: list[Leg], identity: Mapping[str, str], known: Mapping[str, Path]
    ) -> tuple[Path, ...]:
        wanted, info, path = task.wanted, self.info, Path(identity["path"])
        form = LegFormat(info.dim, len(info.labels), dtype="float32")
        geometry = Geometry.of(self.settings.engine, info)
        tracks = {leg: InferredLeg(path.stem, leg, form, self.worker, geometry, live=False) for leg in legs}
        threshold = self.settings.state.speech_threshold
        writers: dict[Leg, OutputWriter] = {}
        try:
            for leg in legs:
                writers[leg] = OutputWriter(wanted.to, info, wanted.granularity, threshold, audio=wanted.audio)
            for chunk in source.chunks():
                if chunk.leg in tracks:
                    tracks[chunk.leg].push(chunk)
                    writers[chunk.leg].hear(chunk.samples)
                    _collect(tracks[chunk.leg], writers[chunk.leg], MAX_AHEAD)
            for leg, track in tracks.items():
                track.finish()
                _collect(track, writers[leg], 0)
                _check(task.source, leg, writers[leg], wanted.granularity)
            return tuple(
                known[leg] if leg in known else writer.finish(wanted.to, _key(path, leg, legs), {**identity, "leg": leg})
                for leg, writer in writers.items()
            )
        finally:
            source.stop()
            for track in tracks.values():
                track.close()
            for writer in writers.values():
                writer.discard()


def _collect(track: InferredLeg, writer: OutputWriter, most: int) -> None:
    for frames in track.collect(most):
        writer.add(frames)


def _check(source: str, leg: Leg, writer: OutputWriter, granularity: Granularity) -> None:
    """Raise where there is nothing to be kept."""
    if writer.frames == 0:
        raise NoFramesError(f"{source}: shorter than a frame (20 ms)")
    if writer.skipped:
        raise EngineError(f"{source}: {writer.skipped} of {writer.frames} frames ({leg}) could not be computed; see the log")
    if granularity == "utterance" and writer.speaking == 0:
        raise NoFramesError(f"{source}: nobody is heard to speak ({leg}), so there is no utterance; try --granularity frame")


def _key(path: Path, leg: Leg, legs: list[Leg]) -> str:
    """FunASR's key of a file is its name; of one leg of several, that too."""
    return path.stem if len(legs) == 1 else f"{path.stem}/{leg}"


def _digest(path: Path) -> str:
    if path.exists() and not path.is_file():
        raise SourceError(f"{path}: is no regular file, and embeddings are extracted from files")
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}") from None
