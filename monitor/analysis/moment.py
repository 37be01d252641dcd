"""Moments of stored calls, `CALL@83.2-91.0/customer`, and all else that names embeddings: files, folders, patterns, days.

>>> parse_moment("20260301-141502-9f3c1a@83.2-91.0/customer")
Moment(call='20260301-141502-9f3c1a', leg='customer', start=83.2, stop=91.0)
>>> str(parse_moment("billing-7/agent"))
'billing-7/agent'
"""

import glob
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from math import ceil
from pathlib import Path
from tempfile import TemporaryFile
from typing import TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from monitor.analysis.array_file import MAP_BEYOND
from monitor.analysis.embedding import FRAMES_FILE, UTTERANCE_FILE, Embedding, check_finite, load
from monitor.analysis.errors import MissingError, MomentError
from monitor.errors import ConfigError, MonitorError, NotFoundError
from monitor.events import LEGS, Leg, Mark
from monitor.frame_format import LegFormat
from monitor.replay.choice import chosen_calls
from monitor.store.base import CallSummary, Store, StoredCall
from monitor.store.call_id import check_call_id
from monitor.store.snapshot import speech_threshold
from monitor.timeline import FRAME_RATE, TICK_FRAMES, frame_seconds

StoreOrOpener: TypeAlias = "Store | Callable[[], Store] | None"
"""A store, or what opens it once it is needed."""

_MOMENT = re.compile(r"(?P<call>[^@/\s]+)(?:@(?P<start>\d+(?:\.\d+)?)-(?P<stop>\d+(?:\.\d+)?))?(?:/(?P<leg>[a-z]+))?")
_DAYS = re.compile(r"\d{4}-\d\d-\d\d(\.\.\d{4}-\d\d-\d\d)?")
_BLOCK_FRAMES = 30 * FRAME_RATE


@dataclass(frozen=True, slots=True)
class Moment:
    """A stretch of a leg of a stored call, or all of it."""

    call: str
    leg: Leg | None = None
    """None is every leg that was analysed."""
    start: float | None = None
    """Seconds of the call; None is its beginning."""
    stop: float | None = None
    """Seconds of the call; None is its end, as far as it is stored."""

    def __str__(self) -> str:
        stretch = "" if self.start is None or self.stop is None else f"@{self.start:g}-{self.stop:g}"
        return f"{self.call}{stretch}" + (f"/{self.leg}" if self.leg else "")


def parse_moment(text: str) -> Moment:
    """The moment that a text names: `CALL`, `CALL/LEG`, `CALL@FROM-TO`, `CALL@FROM-TO/LEG`, in seconds.

    Raises `MomentError`.
    """
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise MomentError(f"{text[:80]!r} is no moment: write CALL, CALL/customer or CALL@83.2-91.0/customer, in seconds")
    try:
        call = check_call_id(match["call"])
    except ConfigError as error:
        raise MomentError(str(error)) from None
    if match["leg"] not in (None, *LEGS):
        raise MomentError(f"{text}: there is no leg {match['leg']!r}; legs are {', '.join(LEGS)}")
    leg = cast("Leg | None", match["leg"])
    if match["start"] is None:
        return Moment(call, leg)
    start, stop = float(match["start"]), float(match["stop"])
    if not start < stop < float("inf"):
        raise MomentError(f"{text}: a moment must end after it begins")
    return Moment(call, leg, start, stop)


def moments_of(moment: Moment, stored: StoredCall) -> list[Moment]:
    """The moment, once for each leg that it names and that was analysed. Raises `MomentError` where there is none."""
    record = stored.record
    if moment.leg is not None:
        if moment.leg not in record.legs:
            raise MomentError(f"call {record.id} has no leg {moment.leg}; it has {', '.join(record.legs)}")
        if not record.legs[moment.leg].dim:
            raise MomentError(f"the {moment.leg} of call {record.id} may not be analysed: there are no embeddings")
        return [moment]
    legs = [leg for leg in LEGS if leg in record.legs and record.legs[leg].dim]
    if not legs:
        raise MomentError(f"no leg of call {record.id} may be analysed: there are no embeddings")
    return [replace(moment, leg=leg) for leg in legs]


def read_moment(stored: StoredCall, moment: Moment, *, map_beyond: int = MAP_BEYOND) -> Embedding:
    """The frames of a moment as an embedding, of a call that is live too. Every frame that begins in the moment is in it.

    More than `map_beyond` bytes are kept in a temporary file rather than in memory. Raises `MomentError` where the moment
    names no leg of several, or there are no frames; `StoreError` where the call is damaged.
    """
    moments = moments_of(moment, stored)
    if len(moments) > 1:
        raise MomentError(f"{moment}: which leg? Name one: {' or '.join(str(one) for one in moments)}")
    leg = cast("Leg", moments[0].leg)
    form, frames = stored.record.legs[leg], stored.committed(leg)
    begin = 0 if moment.start is None else min(_rows(moment.start, form), frames // form.stride)
    end = -(-frames // form.stride) if moment.stop is None else min(_rows(moment.stop, form), -(-frames // form.stride))
    if begin >= end:
        raise MomentError(f"{moment}: there are no frames; {leg} of {moment.call} has {frame_seconds(frames):.2f} s")
    vectors = _room(end - begin, form.dim, map_beyond)
    speaks = np.zeros(end - begin, np.bool_)
    logits = np.zeros((end - begin, form.classes), np.float32)
    done = 0
    for row in range(begin, end, _BLOCK_FRAMES):
        stop = min(row + _BLOCK_FRAMES, end)
        rows, speaking, said = _read_rows(stored, leg, form, row, stop)
        there = slice(done, done + len(rows))
        vectors[there], speaks[there], logits[there] = rows, speaking, said
        done += len(rows)
    vectors.flags.writeable = False
    embedding = Embedding(
        vectors,
        "frame",
        str(moments[0]),
        stored_shape=vectors.shape,
        stored_dtype=form.dtype,
        labels=stored.record.labels,
        rate=FRAME_RATE / form.stride,
        start=frame_seconds(begin * form.stride),
        call=stored.record.id,
        leg=leg,
        speaks=speaks,
        logits=logits,
        engine=stored.record.engine,
    )
    check_finite(embedding)
    return embedding


def _rows(seconds: float, form: LegFormat) -> int:
    """The first row that begins at or after a time; half a millisecond is rounding."""
    return ceil(seconds * FRAME_RATE / form.stride - 0.025)


def _read_rows(
    stored: StoredCall, leg: Leg, form: LegFormat, begin: int, end: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.float32]]:
    """Rows `[begin, end)` of a leg, in which of them it speaks, and the mean logits of each."""
    first = begin * form.stride // TICK_FRAMES * TICK_FRAMES
    run = stored.read(leg, first, end * form.stride)
    cut = begin - first // form.stride
    speaks = (run.speech >= speech_threshold(stored)) & ((run.marks & Mark.SKIPPED) == 0)
    starts = np.arange(0, len(speaks), form.stride)
    in_rows = np.logical_or.reduceat(speaks, starts)
    logits = np.add.reduceat(run.logits, starts, axis=0) / np.diff([*starts, len(speaks)])[:, None]
    there = slice(cut, cut + end - begin)
    return run.embedding[there], in_rows[there], logits[there].astype(np.float32)


def _room(rows: int, dim: int, map_beyond: int) -> NDArray[np.float32]:
    """An array to fill: in memory, or beyond the limit in a file that goes with the array."""
    if rows * dim * 4 <= map_beyond:
        return np.empty((rows, dim), np.float32)
    with TemporaryFile() as file:
        return np.memmap(file, np.float32, "w+", shape=(rows, dim))


Named: TypeAlias = str | Path | Moment | CallSummary
"""What names embeddings: a text of the command line, a path, a moment, or a line of a store's catalogue."""


@dataclass(frozen=True, slots=True)
class Reference:
    """An embedding that has not been loaded."""

    name: str
    """Of the file, folder or moment."""
    get: Callable[[], Embedding]

    def load(self) -> Embedding:
        """The embedding. Raises `EmbeddingError`, or `StoreError` where it is of a call that is damaged."""
        return self.get()


def references(named: Iterable[Named], store: StoreOrOpener = None) -> Iterator[Reference]:
    """What the texts name, one after the other, none of it loaded yet.

    A text is a `.npy` file; a folder with an `embedding.npy`, or with such folders or `.npy` files anywhere below, hidden
    ones aside; a pattern (`calls/*.npy`, `**` for any depth); or, of a stored call, an id, a moment, or a day (`2026-11-01`,
    `2026-11-01..2026-11-07`: the calls that are over). What is on the disk comes first.

    Raises `MissingError` or `MomentError` where a text names nothing, when its turn comes.
    """
    opener = _Opener(store)
    for text in named:
        if isinstance(text, CallSummary):
            text = Moment(text.id)
        if isinstance(text, Moment):
            yield from _of_call(text, opener.store(str(text)))
        elif os.path.lexists(text):
            yield from _of_path(Path(text))
        elif isinstance(text, Path) or text.endswith(".npy") or glob.has_magic(text):
            yield from _of_pattern(str(text))
        else:
            yield from _of_calls(text, opener)


def resolve(named: Iterable[Named], store: StoreOrOpener = None) -> Iterator[Embedding]:
    """The embeddings that the texts name (`references`), each loaded when its turn comes; after one that fails, the next may
    be asked for."""
    return map(Reference.load, references(named, store))


def each_reference(named: Iterable[Named], store: StoreOrOpener = None) -> Iterator[Reference]:
    """The same as `references`, where a text that names nothing does not end the others: the error is raised when it is to
    be loaded."""
    opener = _Opener(store)
    for one in named:
        try:
            yield from references([one], partial(opener.store, str(one)))
        except MonitorError as error:
            yield Reference(one.id if isinstance(one, CallSummary) else str(one), partial(_raise, error))


def _raise(error: MonitorError) -> Embedding:
    raise error


class _Opener:
    """Opens the store when it is first needed."""

    def __init__(self, store: StoreOrOpener) -> None:
        self._store = store

    def store(self, asked: str) -> Store:
        if self._store is None:
            raise MissingError(f"there is no file or folder {asked}")
        if not isinstance(self._store, Store):
            self._store = self._store()
        return self._store


def _of_path(path: Path) -> Iterator[Reference]:
    if not path.is_dir() or (path / FRAMES_FILE).exists():
        yield _file(path)
        return
    found = False
    for parent, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        both = FRAMES_FILE in names
        for name in sorted(name for name in names if not name.startswith(".")):
            if name == FRAMES_FILE:
                found = True
                yield _file(Path(parent))
            elif name.endswith(".npy") and not (both and name == UTTERANCE_FILE):
                found = True
                yield _file(Path(parent, name))
    if not found:
        raise MissingError(f"there is no .npy file in {path}")


def _of_pattern(pattern: str) -> Iterator[Reference]:
    paths = sorted(glob.glob(pattern, recursive=True)) if glob.has_magic(pattern) else []  # noqa: PTH207 - absolute ones too
    if not paths:
        raise MissingError(f"there is no {pattern}" if not glob.has_magic(pattern) else f"nothing matches {pattern}")
    for path in paths:
        yield from _of_path(Path(path))


def _of_calls(text: str, opener: _Opener) -> Iterator[Reference]:
    store = opener.store(text)
    if _DAYS.fullmatch(text):
        for call in chosen_calls(store, [text]):
            yield from _of_call(Moment(call.id), store)
    else:
        yield from _of_call(parse_moment(text), store)


def _of_call(moment: Moment, store: Store) -> Iterator[Reference]:
    try:
        stored = store.open(moment.call)
    except NotFoundError:
        raise MissingError(f"{moment}: there is neither a file nor a stored call of this name") from None
    for one in moments_of(moment, stored):
        yield Reference(str(one), _reader(store, one))


def _reader(store: Store, moment: Moment) -> Callable[[], Embedding]:
    return lambda: read_moment(store.open(moment.call), moment)


def _file(path: Path) -> Reference:
    return Reference(str(path), partial(load, path))
