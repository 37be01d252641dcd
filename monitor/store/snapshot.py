"""Snapshots of a call for other tools: a leg's frames and utterance as `.npy`, and `result.json` like FunASR's result.

`embedding.npy` has shape (T, D) float32: `embedding_rate` rows a second, a row of NaN where a frame was skipped.
`utterance.npy` has shape (1, D) float32: the mean over the frames in which the leg speaks. As a call grows, rows are put behind
those of `embedding.npy` and its header is told of them when they are there; the small files take the place of those before. So
each is whole whenever it is read, and what is written grows with the call rather than with its square.
"""

import copy
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any, Literal

import numpy as np

from monitor.events import Leg
from monitor.frame_format import LegFormat, rows
from monitor.store.base import StoredCall
from monitor.store.disk import as_json, refusals, replacing, write_all
from monitor.store.utterance import Utterance
from monitor.store.versions import FORMAT, versions
from monitor.timeline import FRAME_RATE, frame_seconds

_BLOCK_FRAMES = 30 * FRAME_RATE
_FLOAT32 = np.dtype("<f4")
_SPEECH_THRESHOLD = 0.5
"""Where the settings stored with the call do not say."""


class SnapshotWriter:
    """Writes the snapshots of one call, again and again as it grows; what an earlier one holds stays as it is."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written: dict[Leg, Utterance] = {}
        self._lock = Lock()

    def write(self, stored: StoredCall, fsync: bool) -> None:
        """Write the snapshot of each leg, from any thread.

        Raises `StoreError` where the disk refuses; a leg's files before stay then.
        """
        with self._lock, refusals(f"cannot write the snapshot of call {stored.record.id}"):
            for leg, format_ in stored.record.legs.items():
                folder = self._folder / leg
                folder.mkdir(parents=True, exist_ok=True)
                before = self._written.get(leg)
                if before is None or not _holds(folder / "embedding.npy", before.frames, format_):
                    before = Utterance.empty(format_, speech_threshold(stored))
                self._written[leg] = _write_leg(stored, leg, folder, before, fsync)


def _write_leg(stored: StoredCall, leg: Leg, folder: Path, before: Utterance, fsync: bool) -> Utterance:
    """Write the files of a leg; `embedding.npy` holds what `before` is the sum of. All are written before one shows."""
    format_, frames = stored.record.legs[leg], stored.committed(leg)
    shape = (rows(frames, format_.stride), format_.dim)
    path, utterance = folder / "embedding.npy", copy.deepcopy(before)
    with ExitStack() as opened:
        embedding = opened.enter_context(
            _extending(path, array_header(shape), fsync) if before.frames else _beginning(path, array_header(shape), fsync)
        )
        mean, result = (opened.enter_context(replacing(folder / name, fsync)) for name in ("utterance.npy", "result.json"))
        size = _end(before.frames, format_)
        for start in range(before.frames, frames, _BLOCK_FRAMES):
            run = stored.read(leg, start, min(start + _BLOCK_FRAMES, frames))
            size += _append(embedding, size, np.ascontiguousarray(run.embedding, _FLOAT32).reshape(-1).view(np.uint8).data)
            utterance.add(run)
        _append(mean, 0, utterance_file(utterance))
        _append(result, 0, as_json(leg_result(stored, leg, utterance)))
    return utterance


@contextmanager
def _beginning(path: Path, header: bytes, fsync: bool) -> Iterator[int]:
    """A descriptor to write the rows of a new file with."""
    with replacing(path, fsync) as descriptor:
        write_all(descriptor, header, 0)
        yield descriptor


@contextmanager
def _extending(path: Path, header: bytes, fsync: bool) -> Iterator[int]:
    """A descriptor to put rows behind those of a file, which show when the block ends without an error."""
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    size = os.fstat(descriptor).st_size
    try:
        yield descriptor
        if fsync:
            os.fsync(descriptor)  # the rows before the header that promises them
    except BaseException:
        with suppress(OSError):
            os.ftruncate(descriptor, size)
        raise
    else:
        write_all(descriptor, header, 0)
        if fsync:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _holds(path: Path, frames: int, format_: LegFormat) -> bool:
    """Whether a file is there and as long as it was left."""
    try:
        return path.stat().st_size >= _end(frames, format_)
    except FileNotFoundError:
        return False


def _end(frames: int, format_: LegFormat) -> int:
    """Bytes of `embedding.npy` with so many frames."""
    return len(array_header((0, format_.dim))) + rows(frames, format_.stride) * format_.dim * _FLOAT32.itemsize


def _append(descriptor: int, size: int, content: bytes | memoryview) -> int:
    write_all(descriptor, content, size)
    return len(content)


def array_header(shape: tuple[int, int]) -> bytes:
    """Of a `.npy` file. NumPy leaves room for any number of rows, so headers of one width are equally long."""
    file = BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": _FLOAT32.str, "fortran_order": False, "shape": shape})
    return file.getvalue()


def utterance_of(stored: StoredCall, leg: Leg) -> Utterance:
    """A leg as one utterance, read 30 s at a time. Raises `StoreError`."""
    utterance = Utterance.empty(stored.record.legs[leg], speech_threshold(stored))
    for start in range(0, stored.committed(leg), _BLOCK_FRAMES):
        utterance.add(stored.read(leg, start, start + _BLOCK_FRAMES))
    return utterance


def utterance_file(utterance: Utterance) -> bytes:
    """`utterance.npy`."""
    mean = utterance.mean()
    return array_header((1, mean.shape[1])) + mean.astype(_FLOAT32).tobytes()


def array_file(stored: StoredCall, leg: Leg, name: Literal["embedding", "logits"]) -> Iterator[bytes]:
    """`NAME.npy` of a leg, float32, 30 s at a time: the rows of `Frames`. Raises `StoreError`."""
    format_, frames = stored.record.legs[leg], stored.committed(leg)
    yield array_header((rows(frames, format_.stride), format_.dim) if name == "embedding" else (frames, format_.classes))
    for start in range(0, frames, _BLOCK_FRAMES):
        values = getattr(stored.read(leg, start, start + _BLOCK_FRAMES), name)
        yield np.ascontiguousarray(values, _FLOAT32).tobytes()


def leg_result(stored: StoredCall, leg: Leg, utterance: Utterance) -> dict[str, Any]:
    """`result.json`: keys `key`, `labels` and `scores` are FunASR's; its `feats` are in the files that `files` names."""
    record, frames = stored.record, stored.committed(leg)
    format_ = record.legs[leg]
    return {
        "key": f"{record.id}/{leg}",
        "labels": list(record.labels) if format_.classes else [],
        "scores": utterance.scores(),
        "granularity": "frame",
        "files": {"frame": "embedding.npy", "utterance": "utterance.npy"},
        "shape": [rows(frames, format_.stride), format_.dim],
        "dtype": "float32",
        "stored_dtype": format_.dtype,
        "frame_rate": FRAME_RATE,
        "embedding_rate": FRAME_RATE // format_.stride,
        "frames": frames,
        "seconds": frame_seconds(frames),
        "speech_frames": utterance.speaking,
        "skipped_frames": utterance.skipped,
        "call": record.id,
        "leg": leg,
        "started_at": record.started_at.isoformat(),
        "status": stored.status,
        "engine": dict(record.engine),
        "versions": versions() | {"format": str(FORMAT)},
        "written_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
    }


def speech_threshold(stored: StoredCall) -> float:
    """The probability from which on a leg of this call counts as speaking, as it was heard."""
    state = stored.record.settings.get("state")
    return float(state.get("speech_threshold", _SPEECH_THRESHOLD)) if isinstance(state, dict) else _SPEECH_THRESHOLD
