"""The real backlog and batch size over an engine that costs virtual time alone: hours of overload in a second."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from heapq import merge

import numpy as np

from monitor.engines.base import Window
from monitor.pipeline.backlog import Backlog, Job, LegQueue, Policy, Task
from monitor.pipeline.batch_size import BatchSize
from monitor.pipeline.urgency import Urgency
from monitor.pipeline.windows import Geometry

WINDOWED = Geometry(100, 25, 25)
"""As emotion2vec: a window holds three hops."""
STREAMING = Geometry(40, 20, 20)
"""As the compact engine: a window holds what is new and the lookahead."""

Cost = Callable[[Sequence[Job]], float]


def per_frame(seconds: float, per_batch: float = 0.0) -> Cost:
    """An engine whose batches cost so much a frame of audio that it is shown, and so much each."""
    return lambda jobs: per_batch + seconds * sum(len(job.window.samples) // 320 for job in jobs)


@dataclass
class LegOutcome:
    """What became of one leg."""

    urgency: Urgency
    offered: int = 0
    heard: int = 0
    gaps: int = 0
    latencies: list[float] = field(default_factory=list)
    hops: list[int] = field(default_factory=list)
    heard_at: list[float] = field(default_factory=lambda: [0.0])
    firsts: list[int] = field(default_factory=list)

    @property
    def longest_unheard(self) -> float:
        return max(np.diff(self.heard_at), default=0.0)


@dataclass
class Outcome:
    legs: list[LegOutcome]
    batches: list[list[tuple[int, int]]]
    """(leg, samples) of each window."""

    def of(self, urgency: Urgency) -> list[LegOutcome]:
        return [leg for leg in self.legs if leg.urgency is urgency]

    def share(self, urgency: Urgency) -> float:
        """Of the frames of such legs, those heard."""
        legs = self.of(urgency)
        return sum(leg.heard for leg in legs) / sum(leg.offered for leg in legs)

    def p95(self, *urgencies: Urgency) -> float:
        """Seconds, of the windows of such legs."""
        return float(np.quantile([latency for leg in self.legs if leg.urgency in urgencies for latency in leg.latencies], 0.95))


def simulate(
    urgencies: Sequence[Urgency],
    seconds: float,
    cost: Cost,
    *,
    geometry: Geometry = WINDOWED,
    latency: float = 1.5,
    max_backlog: float = 10.0,
    max_batch: int = 32,
) -> Outcome:
    """Legs that begin evenly spread over a hop, each sending audio for so many seconds; all that is queued is finished."""
    backlog = Backlog(Policy(latency, max_backlog, geometry.growth))
    size = BatchSize(max_batch, latency)
    queues = [LegQueue(leg_id, urgency) for leg_id, urgency in enumerate(urgencies)]
    outcome = Outcome([LegOutcome(urgency) for urgency in urgencies], [])
    number = {queue: index for index, queue in enumerate(queues)}
    arrivals = merge(*(_arrivals(leg, len(queues), seconds, geometry) for leg in range(len(queues))), key=lambda item: item[0])
    due = next(arrivals, None)
    now = 0.0
    while due or len(backlog):
        while due and due[0] <= now:
            at, leg, window = due
            outcome.legs[leg].offered += window.stop - window.first
            for task in backlog.add(Task(queues[leg], window, at, _untold)):
                outcome.legs[leg].gaps += task.frames
            due = next(arrivals, None)
        for task in backlog.give_up(now, size.seconds):
            outcome.legs[number[task.leg]].gaps += task.frames
        jobs = backlog.take(now, size.most)
        if not jobs:
            now = due[0] if due else now
            continue
        spent = cost(jobs)
        now += spent
        size.computed(len(jobs), spent)
        outcome.batches.append([(number[job.leg], len(job.window.samples)) for job in jobs])
        for job in jobs:
            leg_outcome = outcome.legs[number[job.leg]]
            leg_outcome.heard += job.window.stop - job.window.first
            leg_outcome.latencies += [now - task.ready for task in job.tasks]
            leg_outcome.hops.append(len(job.tasks))
            leg_outcome.heard_at.append(now)
            leg_outcome.firsts.append(job.window.first)
    return outcome


def _untold(outcome: object) -> None:
    """Nobody waits for these frames."""


def _arrivals(leg: int, legs: int, seconds: float, geometry: Geometry) -> list[tuple[float, int, Window]]:
    audio = np.zeros(geometry.window * 320, np.float32)
    found = []
    for first in range(0, round(seconds * 50), geometry.hop):
        stop = first + geometry.hop
        start = max(0, stop + geometry.lookahead - geometry.window)
        samples = audio[: (stop + geometry.lookahead - start) * 320]
        at = (stop + geometry.lookahead) / 50 + leg / legs * geometry.hop / 50
        found.append((at, leg, Window(leg, start, samples, first, stop)))
    return found
