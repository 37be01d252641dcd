"""How many windows are computed at once: as many as the engine computes within a share of the latency aimed for.

A batch cannot be interrupted, so a window that has just come waits for the whole of the one at hand. On a GPU that is
nothing, and batches grow to the limit; on a processor, where a batch of 32 windows of a large model takes seconds and gains
little, they stay small.
"""

SHARE = 1 / 3
"""Of the latency aimed for, that one batch may take."""
SMOOTHING = 0.2
"""Weight of the newest batch in the mean duration."""
FORGIVEN_AFTER = 1000
"""Batches computed well after which one that once exceeded the memory may be tried again: what else was there may be gone."""


class BatchSize:
    """Doubles while batches are quick, halves when one is slow or exceeds the memory."""

    def __init__(self, most: int, latency: float) -> None:
        if most < 1:
            raise ValueError(f"max_batch must be at least 1, got {most}")
        self.most = 1
        """Windows that the next batch may have."""
        self.seconds = 0.0
        """Smoothed duration of a batch."""
        self._limit = self._ceiling = most
        self._slow = SHARE * latency
        self._since_exceeded = 0

    def computed(self, windows: int, seconds: float) -> None:
        """A batch was computed."""
        self.seconds += SMOOTHING * (seconds - self.seconds) if self.seconds else seconds
        self._since_exceeded += 1
        if self._since_exceeded >= FORGIVEN_AFTER:
            self._ceiling, self._since_exceeded = min(2 * self._ceiling, self._limit), 0
        if seconds > self._slow:
            self.most = max(1, min(self.most, windows // 2))
        elif windows >= self.most and seconds < self._slow / 2:
            self.most = min(2 * self.most, self._ceiling)

    def exceeded_memory(self, windows: int) -> None:
        """A batch did not fit: none as large is tried for a while."""
        self._ceiling = self.most = max(1, windows // 2)
        self._since_exceeded = 0
