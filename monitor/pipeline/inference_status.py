"""What the inference worker has done, and how well it keeps up."""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from monitor.pipeline.urgency import Urgency

RECENT = 1000
"""Windows over which latency and hop are told."""
FAILING_AFTER = 20
"""Windows that failed one after another, without one computed, by which an engine counts as broken."""


@dataclass(frozen=True, slots=True)
class InferenceStatus:
    """A look at the worker. Counts are since its start."""

    queued: int
    """Windows that wait."""
    legs_waiting: int
    """Legs that have some of them."""
    windows: int
    """Computed."""
    failed: int
    """Windows that the engine could not compute."""
    given_up: int
    """Windows that were not computed because of overload."""
    late: int
    """Live windows that were computed, but not within the latency aimed for."""
    batches: int
    batch_size: float
    """Mean of the recent batches."""
    batch_limit: int
    """Windows that a batch may have at present."""
    hop_factor: float
    """Mean over the recent live windows: 1 without overload, 2 where the hop is twice the configured."""
    frames: int
    """Heard: those of the computed windows."""
    frames_skipped: dict[str, int]
    """Not heard, by reason: `overload`, `failed`."""
    latency_p50: float
    """Seconds from a live window's arrival to its result, over the last 1000."""
    latency_p95: float
    latency_p95_by_urgency: dict[str, float]
    """`quiet`, `speaking`, `urgent`: in overload the quiet are let wait, so that the others need not."""
    busy_seconds: float
    """Spent in the engine."""
    failing: bool
    """The last windows have all failed, or the worker has stopped: the engine is broken rather than a window."""


def together(statuses: Sequence[InferenceStatus]) -> InferenceStatus:
    """Workers of many processes as one: counts are added, latencies the worst, means weighted by windows."""
    if len(statuses) == 1:
        return statuses[0]
    weights = [max(status.windows, 1) for status in statuses]

    def mean(name: str) -> float:
        values = [float(getattr(status, name)) for status in statuses]
        return round(sum(value * weight for value, weight in zip(values, weights, strict=True)) / sum(weights), 3)

    added = ("queued", "legs_waiting", "windows", "failed", "given_up", "late", "batches", "frames", "busy_seconds")
    return replace(
        statuses[0],
        **{name: sum(getattr(status, name) for status in statuses) for name in added},
        batch_size=mean("batch_size"),
        batch_limit=max(status.batch_limit for status in statuses),
        hop_factor=mean("hop_factor"),
        frames_skipped=dict(sum((Counter(status.frames_skipped) for status in statuses), Counter(overload=0, failed=0))),
        latency_p50=mean("latency_p50"),
        latency_p95=max(status.latency_p95 for status in statuses),
        latency_p95_by_urgency={
            kind: max(status.latency_p95_by_urgency[kind] for status in statuses) for kind in statuses[0].latency_p95_by_urgency
        },
        failing=any(status.failing for status in statuses),
    )


class InferenceTally:
    """Counts what the worker does."""

    def __init__(self, latency: float) -> None:
        self._latency = latency
        self._latencies: deque[tuple[Urgency, float]] = deque(maxlen=RECENT)
        self._hops: deque[int] = deque(maxlen=RECENT)
        self._sizes: deque[int] = deque(maxlen=100)
        self._windows = self._failed = self._given_up = self._late = self._batches = self._frames = 0
        self._frames_skipped = {"overload": 0, "failed": 0}
        self._failed_in_a_row = 0
        self._stopped = False
        self._busy = 0.0

    def batch(self, hops: Sequence[int], size: int, seconds: float) -> None:
        """A batch of `size` windows was computed; `hops` that each of its live windows was joined of."""
        self._batches += 1
        self._sizes.append(size)
        self._hops.extend(hops)
        self._busy += seconds

    def heard(self, frames: int, waited: float, urgency: Urgency) -> None:
        """A window has its result, after `waited` seconds."""
        self._windows += 1
        self._frames += frames
        self._failed_in_a_row = 0
        if urgency is not Urgency.BACKGROUND:
            self._latencies.append((urgency, waited))
            self._late += waited > self._latency

    def failed(self, frames: int) -> None:
        """The engine could not compute a window."""
        self._failed += 1
        self._failed_in_a_row += 1
        self._frames_skipped["failed"] += frames

    def stopped(self) -> None:
        """The worker met a defect and computes nothing more."""
        self._stopped = True

    def given_up(self, frames: int) -> None:
        """A window was given up in overload."""
        self._given_up += 1
        self._frames_skipped["overload"] += frames

    def status(self, queued: int, legs_waiting: int, batch_limit: int) -> InferenceStatus:
        """All of it."""
        latencies = list(self._latencies)
        return InferenceStatus(
            queued=queued,
            legs_waiting=legs_waiting,
            windows=self._windows,
            failed=self._failed,
            given_up=self._given_up,
            late=self._late,
            batches=self._batches,
            batch_size=round(sum(self._sizes) / len(self._sizes), 2) if self._sizes else 0.0,
            batch_limit=batch_limit,
            hop_factor=round(sum(self._hops) / len(self._hops), 3) if self._hops else 1.0,
            frames=self._frames,
            frames_skipped=dict(self._frames_skipped),
            latency_p50=_quantile([seconds for _, seconds in latencies], 0.5),
            latency_p95=_quantile([seconds for _, seconds in latencies], 0.95),
            latency_p95_by_urgency={
                kind.name.lower(): _quantile([seconds for of, seconds in latencies if of is kind], 0.95)
                for kind in (Urgency.QUIET, Urgency.SPEAKING, Urgency.URGENT)
            },
            busy_seconds=self._busy,
            failing=self._stopped or self._failed_in_a_row >= FAILING_AFTER,
        )


def _quantile(seconds: Sequence[float], share: float) -> float:
    return float(np.quantile(seconds, share)) if seconds else 0.0
