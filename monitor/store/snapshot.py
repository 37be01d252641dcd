"""Snapshots of a call for other tools: a leg's frames and utterance as `.npy`, and `result.json` like FunASR's result.

`embedding.npy` has shape (T, D) float32: `embedding_rate` rows a second, a row of NaN where a frame was skipped.
`utterance.npy` has shape (1, D) float32: the mean over the frames in which the leg speaks. Each file takes the place of the
one before when it is whole.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.events import Frames, Leg, Mark
from monitor.store.base import StoredCall
from monitor.store.call_document import versions
from monitor.store.disk import refusals, replacing, write_json
from monitor.store.frame_format import rows
from monitor.store.layout import FORMAT
from monitor.timeline import FRAME_RATE, frame_seconds

_BLOCK_FRAMES = 30 * FRAME_RATE
_SPEECH_THRESHOLD = 0.5
"""Where the settings stored with the call do not say."""


def write_snapshots(stored: StoredCall, folder: Path, fsync: bool) -> None:
    """Write the snapshot of each leg. Raises `StoreError` where the disk refuses; the files before stay then."""
    with refusals(f"cannot write the snapshot of call {stored.record.id}"):
        for leg in stored.record.legs:
            (folder / leg).mkdir(parents=True, exist_ok=True)
            _write_leg(stored, leg, folder / leg, fsync)


@dataclass
class _Utterance:
    """Sums over the frames in which a leg speaks."""

    embedding: NDArray[np.float64]
    """Shape (D,)."""
    logits: NDArray[np.float64]
    """Shape (C,)."""
    threshold: float
    speaking: int = 0
    skipped: int = 0

    def add(self, frames: Frames) -> None:
        """Take a run of frames in. A pooled embedding counts as often as frames of it speak."""
        skipped = (frames.marks & Mark.SKIPPED) != 0
        speaks = (frames.speech >= self.threshold) & ~skipped
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


def _write_leg(stored: StoredCall, leg: Leg, folder: Path, fsync: bool) -> None:
    format_, frames = stored.record.legs[leg], stored.committed(leg)
    utterance = _Utterance(np.zeros(format_.dim), np.zeros(format_.classes), _speech_threshold(stored))
    shape = (rows(frames, format_.stride), format_.dim)
    with replacing(folder / "embedding.npy", fsync) as descriptor, os.fdopen(os.dup(descriptor), "wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})
        for start in range(0, frames, _BLOCK_FRAMES):
            run = stored.read(leg, start, min(start + _BLOCK_FRAMES, frames))
            file.write(np.ascontiguousarray(run.embedding, "<f4").data)
            utterance.add(run)
    with replacing(folder / "utterance.npy", fsync) as descriptor, os.fdopen(os.dup(descriptor), "wb") as file:
        np.lib.format.write_array(file, utterance.mean(), version=(1, 0), allow_pickle=False)
    write_json(folder / "result.json", _result(stored, leg, shape, utterance), fsync)


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
