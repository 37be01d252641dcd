"""Stored frames as CSV, for spreadsheets: made block by block while it is sent."""

import csv
from collections.abc import Iterator, Sequence
from io import StringIO
from typing import Any

import numpy as np

from monitor.affect.dimensions import Dimensions
from monitor.affect.posterior import softmax
from monitor.audio.level import dbfs
from monitor.events import Frames, Leg
from monitor.store.base import StoredCall
from monitor.timeline import FRAME_RATE, TICK_FRAMES, frame_seconds

BLOCK_FRAMES = 30 * FRAME_RATE
_DIGITS = 4


def frames_csv(stored: StoredCall, legs: Sequence[Leg]) -> Iterator[bytes]:
    """A row a frame, leg by leg: leg, frame, second, speech, marks, dBFS (of its 100 ms), a probability (unsmoothed) a label,
    valence, arousal.

    Cells without an engine result, or of a leg that may not be analysed, are empty. Raises `StoreError`.
    """
    labels = stored.record.labels
    yield _lines([("leg", "frame", "time", "speech", "marks", "level", *labels, "valence", "arousal")])
    for leg in legs:
        inferred = stored.record.legs[leg].classes > 0
        for start in range(0, stored.committed(leg), BLOCK_FRAMES):
            frames = stored.results(leg, start, start + BLOCK_FRAMES)
            yield _lines(_rows(frames, Dimensions(labels) if inferred else None, len(labels)))


def _rows(frames: Frames, dimensions: Dimensions | None, labels: int) -> Iterator[Sequence[Any]]:
    speech, marks = np.round(frames.speech.astype(np.float64), _DIGITS).tolist(), frames.marks.tolist()
    posterior = softmax(frames.logits.astype(np.float64)) if dimensions else np.zeros((len(frames), 0))
    nothing = [""] * (labels + 2)
    levels = _levels(frames)
    for index, row in enumerate(posterior):
        number = frames.start + index
        known = dimensions is not None and bool(np.isfinite(row).all())
        told = np.round([*row, *dimensions(row)], _DIGITS).tolist() if known and dimensions else nothing
        yield frames.leg, number, frame_seconds(number), speech[index], marks[index], levels[index], *told


def _levels(frames: Frames) -> list[float | str]:
    if frames.level is None:
        return [""] * len(frames)
    decibels = np.repeat(dbfs(frames.level), TICK_FRAMES).tolist()
    return [value if np.isfinite(value) else "" for value in decibels]


def _lines(rows: Iterator[Sequence[Any]] | Sequence[Sequence[Any]]) -> bytes:
    text = StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()
