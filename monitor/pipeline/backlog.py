"""The windows of all legs that wait for the engine: who is next, what is joined, what is given up.

No thread and no clock is in here: times come with the calls (seconds, any origin), so that all of it can be run in
virtual time. `urgency.py` has the policy; overload is met in this order:

1. A live window that has waited for half of the latency aimed for is joined with those behind it (`joining.py`): the hop grows,
   for that leg, as far as needed and at most to `growth`. Where nothing waits so long nothing is joined, so results do
   not depend on the load as long as there is no overload. In a lasting overload whatever waits of a leg is joined.
2. The least urgent legs wait.
3. A backlog that does not go away is cut: a live window that has waited for `max_backlog` is given up, and once there has been
   lateness for `OVERLOAD_AFTER`, each that can no longer come within the latency aimed for, or, of a quiet leg, within its
   patience. Its frames become gaps. The leg's wait goes on counting from where it was last heard, so whoever lost a
   window comes the sooner with the next one. What waits of a leg whose audio is over keeps nothing behind it waiting, so
   it has `LAST_WINDOWS`.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from monitor.config.sections import EngineSection
from monitor.engines.base import Window, WindowFrames
from monitor.errors import EngineError
from monitor.pipeline.joining import joined
from monitor.pipeline.traces import WindowTrace
from monitor.pipeline.urgency import PATIENCE, Urgency, lateness
from monitor.pipeline.windows import Geometry
from monitor.timeline import frames_for

OVERLOAD_AFTER = 3.0
"""Times `latency`: a pause of the machine is caught up with in this time, an overload lasts longer."""

LAST_WINDOWS = 30.0
"""Seconds that the windows of a leg may wait when its audio is over: nobody needs them sooner, but the call should end."""


class GivenUpError(EngineError):
    """A window was not computed because the engine could not keep up."""


Done = Callable[[WindowFrames | EngineError], None]
"""What is told a window's frames, or why there are none."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings of the schedule."""

    latency: float
    """Seconds from a live window's arrival to its frames, aimed for."""
    max_backlog: float
    """Seconds of a live leg's audio that wait at most."""
    growth: int
    """Hops that a window may be joined of."""

    def __post_init__(self) -> None:
        if self.latency <= 0 or self.max_backlog <= 0 or self.growth < 1:
            raise ValueError(f"latency, max_backlog and growth must be positive, got {self}")

    @classmethod
    def of(cls, settings: EngineSection, geometry: Geometry) -> "Policy":
        """The configured ones."""
        return cls(settings.latency, settings.max_backlog, geometry.growth)


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """A window that waits."""

    leg: "LegQueue"
    window: Window
    ready: float
    """When it came."""
    done: Done
    trace: WindowTrace | None = None

    @property
    def frames(self) -> int:
        """Frames wanted."""
        return self.window.stop - self.window.first


class LegQueue:
    """One leg's windows, in their order."""

    def __init__(self, leg_id: int, urgency: Urgency) -> None:
        self.leg_id = leg_id
        """From `Engine.open_leg`."""
        self.urgency = urgency
        """May be changed at any time, from any thread; a leg that is not live stays `BACKGROUND`."""
        self.over = False
        """Set, from any thread, when the leg's audio has ended: no further windows come than those of its last frames."""
        self.waiting: deque[Task] = deque()
        self.waits_since: float | None = None
        """When the leg's wait for its next turn began: at its last turn, or when the first window came after it. Giving a
        window up is no turn. None where nothing has come since the last turn."""

    @property
    def live(self) -> bool:
        """Whether being late costs frames."""
        return self.urgency is not Urgency.BACKGROUND

    @property
    def delays(self) -> bool:
        """Whether its being late makes what it hears next late."""
        return self.live and not self.over


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """What goes to the engine at once of one leg: a window, or some that are joined."""

    tasks: Sequence[Task]
    window: Window

    @property
    def leg(self) -> LegQueue:
        """Whose they are."""
        return self.tasks[0].leg


class Backlog:
    """Windows that wait. One thread at a time."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._legs: dict[LegQueue, None] = {}  # that have something waiting, longest there first
        self._late_since: float | None = None
        self._overload = False

    def __len__(self) -> int:
        return sum(len(leg.waiting) for leg in self._legs)

    @property
    def legs(self) -> int:
        """Legs that wait."""
        return len(self._legs)

    @property
    def all_live(self) -> bool:
        """Whether nothing waits but what comes at the speed of the clock."""
        return all(leg.delays for leg in self._legs)

    def add(self, task: Task) -> list[Task]:
        """Queue a window behind the others of its leg; windows given up for it, as no leg may hold more than its limit."""
        leg = task.leg
        leg.waiting.append(task)
        self._legs[leg] = None
        if leg.waits_since is None:
            leg.waits_since = task.ready
        given_up = []
        if leg.delays:
            frames, limit = sum(task.frames for task in leg.waiting), frames_for(self._policy.max_backlog)
            while frames > limit and len(leg.waiting) > 1:
                given_up.append(leg.waiting.popleft())
                frames -= given_up[-1].frames
        return given_up

    def take(self, now: float, most: int) -> list[Job]:
        """The next batch: up to `most` windows of equal length, at most one a leg, the latest for its patience first."""
        jobs: list[Job] = []
        for leg in sorted(self._legs, key=lambda leg: self._lateness(leg, now), reverse=True):
            if len(jobs) == most:
                break
            job = self._job(leg, now)
            if not jobs or len(job.window.samples) == len(jobs[0].window.samples):
                jobs.append(job)
        for job in jobs:
            self._remove(job, now)
        return jobs

    def give_up(self, now: float, batch_seconds: float) -> list[Task]:
        """The live windows that have waited too long; `batch_seconds`: how long the next batch is expected to take."""
        self._note_lateness(now)
        given_up = []
        for leg in [leg for leg in self._legs if leg.live]:
            limit = self._limit(leg, batch_seconds)
            while leg.waiting and now - leg.waiting[0].ready > limit:
                given_up.append(leg.waiting.popleft())
            if not leg.waiting:
                del self._legs[leg]
        return given_up

    def drop(self, leg: LegQueue) -> None:
        """Forget the windows of a leg."""
        leg.waiting.clear()
        self._legs.pop(leg, None)

    def clear(self) -> list[Task]:
        """Forget all windows; they are returned."""
        tasks = [task for leg in self._legs for task in leg.waiting]
        for leg in self._legs:
            leg.waiting.clear()
        self._legs.clear()
        return tasks

    def _limit(self, leg: LegQueue, batch_seconds: float) -> float:
        if leg.over:
            return max(LAST_WINDOWS, self._policy.max_backlog)
        return self._in_time(leg, batch_seconds) if self._overload else self._policy.max_backlog

    def _in_time(self, leg: LegQueue, batch_seconds: float) -> float:
        """How long a leg's window can have waited and still come in time."""
        latency = self._policy.latency
        return min(max(1.0, PATIENCE[leg.urgency]) * latency - min(batch_seconds, latency / 2), self._policy.max_backlog)

    def _lateness(self, leg: LegQueue, now: float) -> float:
        waited = now - (now if leg.waits_since is None else leg.waits_since)
        return lateness(waited, leg.urgency, self._policy.latency)

    def _note_lateness(self, now: float) -> None:
        if not any(leg.delays and self._is_late(leg, now) for leg in self._legs):
            self._late_since = None
        elif self._late_since is None:
            self._late_since = now
        since = now if self._late_since is None else self._late_since
        self._overload = now - since > OVERLOAD_AFTER * self._policy.latency

    def _is_late(self, leg: LegQueue, now: float) -> bool:
        return now - leg.waiting[0].ready > self._policy.latency / 2

    def _job(self, leg: LegQueue, now: float) -> Job:
        tasks = [leg.waiting[0]]
        if leg.live and (self._overload or self._is_late(leg, now)):
            for task in list(leg.waiting)[1 : self._policy.growth]:
                if task.window.first != tasks[-1].window.stop:
                    break
                tasks.append(task)
        return Job(tasks, joined([task.window for task in tasks]) if len(tasks) > 1 else tasks[0].window)

    def _remove(self, job: Job, now: float) -> None:
        leg = job.leg
        for _ in job.tasks:
            leg.waiting.popleft()
        if not leg.waiting:
            del self._legs[leg]
        leg.waits_since = now if leg.waiting else None
