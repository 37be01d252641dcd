"""The queue between a sound card's callback and the call: bounded, never blocking the callback, exact about what it drops."""

import threading
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Captured:
    """A block from the device, and what is missing before it."""

    lost: int
    """Samples a channel that were dropped between the block before and this one."""
    samples: NDArray[np.float32]
    """Shape (n, channels); n is 0 where nothing followed what was lost."""


class CaptureQueue:
    """Blocks wait here; where more than `limit` samples would, the newest are dropped and counted at their place."""

    def __init__(self, limit: int) -> None:
        if limit < 1:
            raise ValueError(f"limit must be at least 1 sample, got {limit}")
        self._limit = limit
        self._blocks: deque[Captured] = deque()
        self._changed = threading.Condition()
        self._held = 0
        self._lost = 0
        self._closed = False
        self.overflowed = 0
        """Samples a channel that were dropped so far, here or by the device."""

    def put(self, samples: NDArray[np.float32], lost: int = 0) -> None:
        """Take a block, shape (n, channels), that is copied; the device itself dropped `lost` samples before it."""
        with self._changed:
            self._lost += lost
            self.overflowed += lost
            if self._held + len(samples) > self._limit:
                self._lost += len(samples)
                self.overflowed += len(samples)
                return
            self._blocks.append(Captured(self._lost, samples.copy()))
            self._held += len(samples)
            self._lost = 0
            self._changed.notify()

    def get(self, timeout: float) -> Captured | None:
        """The next block; None where none came within `timeout` seconds or none will."""
        with self._changed:
            self._changed.wait_for(lambda: self._blocks or self._closed, timeout)
            if self._blocks:
                block = self._blocks.popleft()
                self._held -= len(block.samples)
                return block
            if self._closed and self._lost:
                lost, self._lost = self._lost, 0
                return Captured(lost, np.zeros((0, 1), np.float32))
            return None

    @property
    def closed(self) -> bool:
        """Whether no more blocks will come."""
        return self._closed

    def close(self) -> None:
        """No more blocks will come; what waits can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
