"""Takes all that a source gives."""

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from monitor.audio.chunk import AudioChunk, Gap
from monitor.errors import SourceError
from monitor.sources.base import Source


@dataclass
class Taken:
    """What a source gave."""

    chunks: list[AudioChunk] = field(default_factory=list)
    error: SourceError | None = None

    def audio(self, leg: str) -> np.ndarray:
        return np.concatenate([chunk.samples for chunk in self.chunks if chunk.leg == leg])

    def gaps(self, leg: str) -> list[Gap]:
        return [gap for chunk in self.chunks if chunk.leg == leg for gap in chunk.gaps]

    @property
    def lengths(self) -> dict[str, int]:
        lengths: dict[str, int] = defaultdict(int)
        for chunk in self.chunks:
            lengths[chunk.leg] += len(chunk.samples)
        return dict(lengths)


def take(source: Source) -> Taken:
    """Everything up to the end, or up to the error that ended it."""
    taken = Taken()
    try:
        for chunk in source.chunks():
            taken.chunks.append(chunk)
    except SourceError as error:
        taken.error = error
    return taken
