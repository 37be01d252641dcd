"""What a change-point detector is: speech ticks of one leg in, change points out, each within a fixed time.

Every detector passes the suite of `monitor/conformance/detectors.py`.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

Looks = Literal["embedding", "logits"]
"""What of a frame a detector follows."""


@dataclass(frozen=True, slots=True)
class Detection:
    """What a detector says of one change point."""

    number: int
    """Counts a leg's change points from 1; the same from `provisional` to the end."""
    status: Literal["provisional", "confirmed", "retracted"]
    tick: int
    """First tick of speech after the change."""
    since: int
    """First tick of the stretch before the change that was compared with the stretch after it."""
    strength: float
    """Test statistic over its threshold: at 1 it meets the configured false-alarm rate."""


class Detector(ABC):
    """Finds the moments at which what is heard of a leg changes.

    It sees ticks of speech alone, in order, and is a pure function of them. Every `provisional` detection is followed by
    exactly one `confirmed` or `retracted` of the same number; there is at most one open at a time. Ticks of confirmed
    detections increase.
    """

    looks_at: ClassVar[Looks]

    @abstractmethod
    def update(self, tick: int, vector: NDArray[np.float64]) -> list[Detection]:
        """Take the mean of what it looks at, shape (D,), over the next tick of speech; what is now known."""

    @classmethod
    def update_together(
        cls, heard: Sequence[tuple[Self, int, NDArray[np.float64]]]
    ) -> Sequence[Sequence[Detection] | Exception]:
        """`update` for some detectors of this class, of a leg each, at once: what each says, or what it raised.

        What one says does not depend on the others, not by a digit. Worth having where many at once cost less.
        """
        return [_updated(*one) for one in heard]

    @abstractmethod
    def finish(self) -> list[Detection]:
        """The call is over: confirm or retract what is open, on the evidence that there is."""


def _updated(detector: Detector, tick: int, vector: NDArray[np.float64]) -> Sequence[Detection] | Exception:
    try:
        return detector.update(tick, vector)
    except Exception as error:  # noqa: BLE001 - one leg's detector is not the others'
        return error
