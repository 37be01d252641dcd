"""Online kernel change-point detection: the best split of the trailing seconds of speech, looked for again and again.

The offline method of Arlot, Celisse & Harchaoui (2019), as in `ruptures.KernelCPD`, is run over a trailing buffer of speech
with everything that could drift frozen for the call: the projection, the whitening, the bandwidth, the noise of the leg's
first seconds. The threshold comes from simulation of the whole procedure (`calibration.py`), because the best of many splits,
looked at many times, has no tractable distribution.
"""

from collections import deque
from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from monitor.changes.base import Detection, Detector, Looks
from monitor.changes.normal import Normal, learn
from monitor.changes.procedure import Procedure
from monitor.changes.projection import projection
from monitor.changes.statistic import Split, best_split, noise

WARM_UP = 80
"""Ticks of a leg's first speech by which its normal is learned. They are not searched: ticks from which the whitening was
learned look calmer than those that follow, which would be a change of its own."""
EVERY = 5
"""Ticks of speech between looks."""


class KernelDetector(Detector):
    """Kernel change-point detection over a trailing buffer.

    A split whose score reaches `threshold` is provisional; after `confirm` more ticks it is confirmed, where it then lies, if
    its score still does, and retracted if not. After a confirmed change the buffer begins at it.

    >>> detector = KernelDetector(Procedure(dimensions=4), threshold=12.0)
    >>> voice = np.random.default_rng(0).normal(size=(300, 8))
    >>> voice[200:] += 2.0
    >>> found = [d for tick, x in enumerate(voice) for d in detector.update(tick, x)]
    >>> [(d.number, d.status) for d in found], abs(found[-1].tick - 200) < 3
    ([(1, 'provisional'), (1, 'confirmed')], True)
    """

    looks_at: ClassVar[Looks] = "embedding"

    def __init__(self, procedure: Procedure, threshold: float) -> None:
        if threshold <= 0:
            raise ValueError(f"threshold must be above 0, got {threshold}")
        self._procedure = procedure
        self._threshold = threshold
        self._warm_up: list[NDArray[np.float64]] = []
        self._normal: Normal | None = None
        self._noise = 0.0
        self._ticks: deque[tuple[int, NDArray[np.float64]]] = deque(maxlen=procedure.buffer)
        self._seen = 0
        self._number = 0
        self._open: Detection | None = None
        self._age = 0

    def update(self, tick: int, vector: NDArray[np.float64]) -> list[Detection]:
        """Take the mean embedding, shape (D,), of the next tick of speech; what is now known."""
        reduced = vector @ projection(len(vector), self._procedure.dimensions)
        if self._normal is None:
            self._learn(reduced)
            return []
        self._ticks.append((tick, self._normal.apply(reduced)))
        self._seen += 1
        if self._open is not None:
            self._age += 1
            return [self._settle()] if self._age == self._procedure.confirm else []
        if self._seen % EVERY:
            return []
        return self._look()

    def finish(self) -> list[Detection]:
        """The call is over: confirm or retract what is open, on the evidence that there is."""
        return [] if self._open is None else [self._settle()]

    def _learn(self, reduced: NDArray[np.float64]) -> None:
        self._warm_up.append(reduced)
        if len(self._warm_up) == WARM_UP:
            ticks = np.stack(self._warm_up)
            self._normal = learn(ticks)
            self._noise = noise(np.stack([self._normal.apply(tick) for tick in ticks]), self._normal.gamma)
            self._warm_up.clear()

    def _split(self) -> Split | None:
        """The best split that is recent enough to be news.

        What lies before a clear one that is not is forgotten: else a flash of another mood would look like a change a second
        time, as it leaves the buffer.
        """
        while self._normal is not None and len(self._ticks) >= 2 * self._procedure.min_segment:
            ticks = np.stack([vector for _, vector in self._ticks])
            split = best_split(ticks, self._normal.gamma, self._procedure.min_segment, self._noise)
            if len(ticks) - split.index <= self._procedure.oldest:
                return split
            if split.score < self._threshold:
                return None
            self._forget(split.index)
        return None

    def _forget(self, count: int) -> None:
        for _ in range(count):
            self._ticks.popleft()

    def _look(self) -> list[Detection]:
        split = self._split()
        if split is None or split.score < self._threshold:
            return []
        self._number += 1
        self._age = 0
        self._open = self._detection("provisional", split)
        return [self._open]

    def _settle(self) -> Detection:
        opened, self._open = self._open, None
        if opened is None:
            raise RuntimeError("no provisional change point to settle")
        split = self._split()
        if split is None or split.score < self._threshold:
            return replace(opened, status="retracted", strength=split.score / self._threshold if split else 0.0)
        settled = self._detection("confirmed", split)
        self._noise = split.noise
        self._forget(split.index)
        return settled

    def _detection(self, status: Literal["provisional", "confirmed"], split: Split) -> Detection:
        place, since = self._ticks[split.index][0], self._ticks[0][0]
        return Detection(self._number, status, place, since, split.score / self._threshold)
