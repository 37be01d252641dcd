"""What detectors have in common."""

import numpy as np

from monitor.changes.base import Detection, Detector


class Refusing(Detector):
    """Finds nothing, and refuses some ticks."""

    looks_at = "logits"

    def update(self, tick: int, vector: np.ndarray) -> list[Detection]:
        if tick > 1:
            raise ValueError(f"tick {tick}")
        return []

    def finish(self) -> list[Detection]:
        return []


def test_what_one_legs_detector_raises_is_returned_and_costs_the_others_nothing() -> None:
    vector = np.zeros(4)
    first, refused, last = Refusing.update_together([(Refusing(), tick, vector) for tick in (0, 2, 1)])
    assert (first, last) == ([], [])
    assert str(refused) == "tick 2"
