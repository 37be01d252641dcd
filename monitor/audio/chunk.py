"""What a source delivers: a stretch of one leg's audio at its place on the call's timeline."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from monitor.events import Leg

Samples = NDArray[np.float32]
"""16 kHz mono, nominally in [-1, 1]."""


def joined(pieces: Sequence[Samples]) -> Samples:
    """Pieces that follow each other as one stretch; a piece that is alone as it is."""
    if len(pieces) == 1:
        return pieces[0]
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)


@dataclass(frozen=True, slots=True)
class Gap:
    """Audio that did not arrive. The samples in its place are concealment (`lost`) or zeros (`silence`)."""

    start: int
    """First sample on the 16 kHz timeline."""
    length: int
    """Samples."""
    cause: Literal["lost", "silence"]
    """`silence` where the sender stopped on purpose (DTX, hold) or the leg has not begun or has ended."""


@dataclass(frozen=True, slots=True)
class Late:
    """Audio that came when the call had gone on without it."""

    start: int
    """First sample on the 16 kHz timeline."""
    length: int
    """Samples."""
    seconds: int
    """By which it came after its place, rounded down; at least 1."""


@dataclass(frozen=True, slots=True, eq=False)
class AudioChunk:
    """Consecutive samples of one leg; a leg's chunks follow each other without a hole, from sample 0."""

    leg: Leg
    start: int
    """Index of `samples[0]` on the 16 kHz timeline."""
    samples: Samples
    """Shape (n,), float32, finite."""
    gaps: tuple[Gap, ...] = ()
    """Stretches inside this chunk that are not the sender's audio."""
    late: tuple[Late, ...] = ()
    """Stretches inside this chunk that came late."""

    @property
    def stop(self) -> int:
        """One past the last sample."""
        return self.start + len(self.samples)
