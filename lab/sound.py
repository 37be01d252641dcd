"""Sound files as legs in memory: the one reader of whole recordings."""

from pathlib import Path

import numpy as np

from monitor.audio.chunk import Samples
from monitor.events import Leg
from monitor.sources.base import Source
from monitor.sources.file import FileSource


def legs_of(source: Source) -> dict[Leg, Samples]:
    """All audio of a source, a leg each: shape (n,), 16 kHz float32. Raises `SourceError`."""
    parts: dict[Leg, list[Samples]] = {leg: [np.zeros(0, np.float32)] for leg in source.legs}
    for chunk in source.chunks():
        parts[chunk.leg].append(chunk.samples)
    return {leg: np.concatenate(chunks) for leg, chunks in parts.items()}


def read_legs(path: Path, legs: tuple[Leg, ...] | None = None) -> dict[Leg, Samples]:
    """All audio of a file, a leg each, of one length. Raises `SourceError`."""
    return legs_of(FileSource(path, legs))


def mono(path: Path) -> Samples:
    """All channels of a file as one voice: shape (n,), 16 kHz float32. Raises `SourceError`."""
    return np.asarray(np.mean(list(read_legs(path).values()), axis=0), dtype=np.float32)
