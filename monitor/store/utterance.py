"""One embedding for all that a leg says: the mean over the frames in which it speaks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.events import Frames, Mark
from monitor.frame_format import LegFormat


@dataclass
class Utterance:
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
    def empty(cls, format: LegFormat, threshold: float) -> "Utterance":  # noqa: A002 - the word of the plan
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
