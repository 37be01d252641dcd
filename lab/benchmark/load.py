"""How many legs an engine carries: a load on the pipeline's own schedule, in a simulated clock.

The engine computes in earnest, and its batches take the time that they take. Between them the clock jumps to when the next
window comes. So a small load is tried in less than its own time, and one that is carried needs no more than that.
Windows, their order and the size of batches are the pipeline's (`pipeline/windows.py`, `backlog.py`, `batch_size.py`); nothing
is joined or given up, so a load that is too much shows as lateness.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heapreplace
from math import ceil
from time import perf_counter

import numpy as np

from lab.benchmark.windows import EndlessLeg
from monitor.audio.chunk import Samples
from monitor.engines.base import Engine, Window, WindowFrames
from monitor.errors import EngineError
from monitor.pipeline.backlog import Backlog, LegQueue, Policy, Task
from monitor.pipeline.batch_size import BatchSize
from monitor.pipeline.joining import joined
from monitor.pipeline.urgency import Urgency
from monitor.pipeline.windows import Geometry
from monitor.timeline import FRAME_RATE

SETTLE = 8.0
"""Seconds that a leg has gone on for before it is measured: its normalisation stands, its windows are full."""
GIVEN_UP = 2.0
"""Times the latency aimed for: a load that is later than this is not watched to its end."""
_SILENT = 0.2
"""Probability of speech below which a frame counts as silent: the gate's default."""


@dataclass(frozen=True, slots=True)
class Trial:
    """How a load went."""

    legs: int
    seconds: float
    """Of each leg's audio, as planned."""
    heard: float
    """Seconds of audio computed, over all legs; less than planned where the trial was broken off."""
    busy: float
    """Seconds that the worker took for it: schedule and engine."""
    p95_latency: float
    batch: float
    """Windows in a batch, on average."""
    silent: float
    """Share of frames in which the speech detector heard nobody."""
    computed: float
    """Share of windows that went through the network."""

    @property
    def rate(self) -> float:
        """Seconds of legs' audio computed a second."""
        return self.heard / self.busy

    def failure(self, latency: float) -> str:
        """Why this load was too much for a p95 of `latency` seconds; empty where it was not."""
        if self.p95_latency > latency:
            return f"p95 latency {self.p95_latency:.2f} s"
        if self.rate < self.legs:
            return f"the engine hears {self.rate:.4g} s of legs a second"
        return ""


class SimulatedLoad:
    """Trials on one engine. Legs go on from trial to trial; new ones are settled first."""

    def __init__(self, engine: Engine, geometry: Geometry, audio: Sequence[Samples], latency: float, max_batch: int) -> None:
        self._engine, self._geometry, self._audio = engine, geometry, audio
        self._latency, self._max_batch = latency, max_batch
        self._size = BatchSize(max_batch, latency)
        self._legs: list[tuple[LegQueue, EndlessLeg]] = []

    def settle(self, legs: int) -> None:
        """Have so many legs, each some seconds into its call."""
        fresh = []
        while len(self._legs) < legs:
            audio, number = self._audio[len(self._legs) % len(self._audio)], len(self._legs)
            # The golden ratio spreads any number of legs evenly over the audio.
            begin = round(0.618034 * number % 1 * len(audio))
            # In the background nothing is joined or given up.
            queue = LegQueue(self._engine.open_leg(), Urgency.BACKGROUND)
            fresh.append((queue, EndlessLeg(self._geometry, queue.leg_id, audio, begin)))
            self._legs.append(fresh[-1])
        hop = self._geometry.hop / FRAME_RATE
        for _ in range(ceil(SETTLE / hop / self._geometry.growth)):
            windows = [joined([leg.next() for _ in range(self._geometry.growth)]) for _, leg in fresh]
            for at in range(0, len(windows), self._max_batch):
                self._infer(windows[at : at + self._max_batch])

    def run(self, legs: int, seconds: float) -> Trial:
        """Load the engine with so many legs for so many seconds of their time. Raises `EngineError`."""
        self.settle(legs)
        backlog = Backlog(Policy(self._latency, max_backlog=seconds + self._latency, growth=1))
        hop, tally, now = self._geometry.hop / FRAME_RATE, _Tally(), 0.0
        # Another irrational number spreads them over the hop, whatever their place in the audio.
        coming = [(0.754878 * number % 1 * hop, number) for number in range(legs)]
        heapify(coming)
        while coming or len(backlog):
            if not len(backlog):
                now = max(now, coming[0][0])
            while coming and coming[0][0] <= now:
                ready, number = coming[0]
                queue, leg = self._legs[number]
                backlog.add(Task(queue, leg.next(), ready, _untold))
                if ready + hop < seconds:
                    heapreplace(coming, (ready + hop, number))
                else:
                    heappop(coming)
            began = perf_counter()
            jobs = backlog.take(now, self._size.most)
            frames = self._infer([job.window for job in jobs])
            took = perf_counter() - began
            now += took
            self._size.computed(len(jobs), took)
            tally.add(frames, [now - job.tasks[0].ready for job in jobs], took)
            if tally.latencies[-1] > GIVEN_UP * self._latency and legs > 1:
                break
        return tally.trial(legs, seconds, hop)

    def _infer(self, windows: Sequence[Window]) -> list[WindowFrames]:
        try:
            return self._engine.infer(windows)
        except Exception as error:
            if type(error).__name__ != "OutOfMemoryError" and not isinstance(error, MemoryError):
                raise
            raise EngineError(f"{len(windows)} windows at once exceed the memory: give a smaller --max-batch") from error


def _untold(outcome: object) -> None:
    """The load computes its batches itself: no frames are handed out."""


@dataclass(slots=True)
class _Tally:
    """Of one trial."""

    latencies: list[float] = field(default_factory=list)
    busy: float = 0.0
    batches: int = 0
    silent: float = 0.0
    """Frames; as a share of each window's."""
    computed: int = 0

    def add(self, frames: Sequence[WindowFrames], waited: Sequence[float], took: float) -> None:
        """A batch, and how long each of its windows took from its arrival on."""
        self.latencies += waited
        self.busy += took
        self.batches += 1
        self.silent += sum(float((said.speech < _SILENT).mean()) for said in frames)
        self.computed += sum(bool(said.embedding.any()) for said in frames)

    def trial(self, legs: int, seconds: float, hop: float) -> Trial:
        windows = len(self.latencies)
        return Trial(
            legs=legs,
            seconds=seconds,
            heard=windows * hop,
            busy=self.busy,
            p95_latency=float(np.quantile(self.latencies, 0.95)),
            batch=windows / self.batches,
            silent=self.silent / windows,
            computed=self.computed / windows,
        )
