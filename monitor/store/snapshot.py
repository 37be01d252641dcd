"""Snapshots of a call for other tools: a leg's frames and utterance as `.npy`, and `result.json` like FunASR's result.

`embedding.npy` has shape (T, D) float32: `embedding_rate` rows a second, a row of NaN where a frame was skipped.
`utterance.npy` has shape (1, D) float32: the mean over the frames in which the leg speaks. Each file takes the place of the
one before when it is whole.
"""

import copy
import errno
import os
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.events import Frames, Leg, Mark
from monitor.store.base import LegFormat, StoredCall
from monitor.store.call_document import versions
from monitor.store.disk import as_json, refusals, replacing, write_all
from monitor.store.frame_format import rows
from monitor.store.layout import FORMAT
from monitor.timeline import FRAME_RATE, frame_seconds

_BLOCK_FRAMES = 30 * FRAME_RATE
_FLOAT32 = np.dtype("<f4")
_SPEECH_THRESHOLD = 0.5
"""Where the settings stored with the call do not say."""


class SnapshotWriter:
    """Writes the snapshots of one call, again and again as it grows; what an earlier one holds is copied, not read again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written: dict[Leg, _Utterance] = {}
        self._lock = Lock()

    def write(self, stored: StoredCall, fsync: bool) -> None:
        """Write the snapshot of each leg, from any thread.

        Raises `StoreError` where the disk refuses; a leg's files before stay then.
        """
        with self._lock, refusals(f"cannot write the snapshot of call {stored.record.id}"):
            for leg, format_ in stored.record.legs.items():
                folder = self._folder / leg
                folder.mkdir(parents=True, exist_ok=True)
                before = self._written.get(leg) or _Utterance.empty(format_, _speech_threshold(stored))
                if not (folder / "embedding.npy").exists():
                    before = _Utterance.empty(format_, _speech_threshold(stored))
                self._written[leg] = _write_leg(stored, leg, folder, before, fsync)


@dataclass
class _Utterance:
    """Sums over the frames in which a leg speaks."""

    embedding: NDArray[np.float64]
    """Shape (D,)."""
    logits: NDArray[np.float64]
    """Shape (C,)."""
    threshold: float
    frames: int = 0
    speaking: int = 0
    skipped: int = 0

    @classmethod
    def empty(cls, format: LegFormat, threshold: float) -> "_Utterance":  # noqa: A002 - the word of the plan
        """Of no frames."""
        return cls(np.zeros(format.dim), np.zeros(format.classes), threshold)

    def add(self, frames: Frames) -> None:
        """Take a run of frames in. A pooled embedding counts as often as frames of it speak."""
        skipped = (frames.marks & Mark.SKIPPED) != 0
        speaks = (frames.speech >= self.threshold) & ~skipped
        self.frames += len(frames)
        self.skipped += int(skipped.sum())
        self.speaking += int(speaks.sum())
        self.logits += frames.logits[speaks].sum(axis=0, dtype=np.float64)
        weight = np.add.reduceat(speaks.astype(np.int64), np.arange(0, len(frames), frames.stride))
        there = weight > 0
        self.embedding += weight[there] @ frames.embedding[there].astype(np.float64)

    def mean(self) -> NDArray[np.float32]:
        """Shape (1, D); zeros where nobody spoke."""
        return (self.embedding / max(self.speaking, 1)).astype(np.float32)[None]

    def scores(self) -> list[float] | None:
        """Softmax of the mean logits, which are the logits of the mean embedding; None where nobody spoke."""
        if self.speaking == 0 or len(self.logits) == 0:
            return None
        logits = self.logits / self.speaking
        powers = np.exp(logits - logits.max())
        return [float(score) for score in powers / powers.sum()]


def _write_leg(stored: StoredCall, leg: Leg, folder: Path, before: _Utterance, fsync: bool) -> _Utterance:
    """Write the files of a leg; `embedding.npy` holds what `before` is the sum of. All are written before one shows."""
    format_, frames = stored.record.legs[leg], stored.committed(leg)
    shape = (rows(frames, format_.stride), format_.dim)
    utterance = copy.deepcopy(before)
    with ExitStack() as opened:
        embedding, mean, result = (
            opened.enter_context(replacing(folder / name, fsync)) for name in ("embedding.npy", "utterance.npy", "result.json")
        )
        size = _append(embedding, 0, _header(shape))
        if before.frames:
            size += _copy_rows(folder / "embedding.npy", rows(before.frames, format_.stride) * format_.dim, embedding, size)
        for start in range(before.frames, frames, _BLOCK_FRAMES):
            run = stored.read(leg, start, min(start + _BLOCK_FRAMES, frames))
            size += _append(embedding, size, np.ascontiguousarray(run.embedding, _FLOAT32).tobytes())
            utterance.add(run)
        _append(mean, 0, _header((1, format_.dim)) + utterance.mean().astype(_FLOAT32).tobytes())
        _append(result, 0, as_json(_result(stored, leg, shape, utterance)))
    return utterance


def _append(descriptor: int, size: int, content: bytes) -> int:
    write_all(descriptor, content, size)
    return len(content)


def _header(shape: tuple[int, int]) -> bytes:
    file = BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": _FLOAT32.str, "fortran_order": False, "shape": shape})
    return file.getvalue()


def _copy_rows(source: Path, values: int, target: int, position: int) -> int:
    """Copy the first values of a `.npy` file within the kernel; bytes copied."""
    length = values * _FLOAT32.itemsize
    with source.open("rb") as file:
        np.lib.format.read_magic(file)
        np.lib.format.read_array_header_1_0(file)
        start, copied = file.tell(), 0
        while copied < length:
            step = os.copy_file_range(file.fileno(), target, length - copied, start + copied, position + copied)
            if step == 0:
                raise OSError(errno.EIO, f"{source} is shorter than it was written")
            copied += step
    return copied


def _result(stored: StoredCall, leg: Leg, shape: tuple[int, int], utterance: _Utterance) -> dict[str, Any]:
    """Keys `key`, `labels` and `scores` are FunASR's; its `feats` are in the files that `files` names."""
    record, frames = stored.record, stored.committed(leg)
    format_ = record.legs[leg]
    return {
        "key": f"{record.id}/{leg}",
        "labels": list(record.labels) if format_.classes else [],
        "scores": utterance.scores(),
        "granularity": "frame",
        "files": {"frame": "embedding.npy", "utterance": "utterance.npy"},
        "shape": list(shape),
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


def _speech_threshold(stored: StoredCall) -> float:
    state = stored.record.settings.get("state")
    return float(state.get("speech_threshold", _SPEECH_THRESHOLD)) if isinstance(state, dict) else _SPEECH_THRESHOLD
