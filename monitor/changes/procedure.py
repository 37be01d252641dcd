"""The settings of a detector in its own unit, ticks of speech."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Procedure:
    """What the false-alarm rate of a threshold depends on. The defaults are those of the `changes` section."""

    dimensions: int = 24
    """To which embeddings are reduced."""
    buffer: int = 200
    """Trailing ticks that are searched."""
    min_segment: int = 10
    """Ticks needed on each side of a change."""
    confirm: int = 15
    """Ticks between a provisional change point and the decision on it."""

    def __post_init__(self) -> None:
        if min(self.dimensions, self.min_segment, self.confirm) < 1:
            raise ValueError(f"dimensions, min_segment and confirm must be at least 1, got {self}")
        if self.buffer < 2 * self.min_segment:
            raise ValueError(f"a buffer of {self.buffer} ticks does not hold two segments of {self.min_segment}")

    @property
    def oldest(self) -> int:
        """Ticks after which a change is no news any more."""
        return max(self.buffer // 2, 2 * self.min_segment + self.confirm)
