"""The bridge between a connection that pushes audio and a call that pulls it: bounded, paced, its legs in step.

Audio is placed by counting samples. Where a leg has sent nothing while the other went on, its next audio belongs to where the
other is, once it is further behind than a sender's blocks explain; until then it waits by itself, and nothing is invented.
What is placed where follows from the order of what is pushed alone, never from a clock; only when it is handed on does.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from monitor.audio.chunk import AudioChunk
from monitor.config.sections import IncomingSection
from monitor.errors import ConfigError
from monitor.events import LEGS, Leg, LegReport
from monitor.sources.base import PolledSource
from monitor.sources.channels import Cause
from monitor.sources.decode.raw import Encoding
from monitor.sources.incoming.lane import Lane, Missing

STEP = 0.25
"""Seconds of a leg handed on at a time."""
LEAD = 1.0
"""Seconds by which audio may be handed on before the clock says that it was spoken: what a network delivers in a burst."""
HURRY = 0.5
"""By how much faster than the clock it is handed on where more waits: who begins with what was said before catches up."""
ENOUGH = 10.0
"""Seconds of a leg that wait here before the sender is to be slowed down."""
MOST_PIECES = 4_000
"""And pieces: a sender of single samples fills no memory either."""
IN_STEP = 1.0
"""Seconds that a leg may be behind the other only because they are sent in turns."""
ROUNDED = 0.1
"""Seconds that a told moment may lie before the place that counting gives: senders round."""


class PushedSource(PolledSource):
    """A call whose audio somebody else brings: `push`, `position` and `end` from one thread, looked for from another.

    Memory is bounded: who brings it waits while it is `full`; one who cannot loses what comes beyond twice as much, which is
    marked as lost at its place. Audio that comes faster than it can have been spoken waits; where none comes, the call waits.
    """

    kind = "pushed"

    tick = 0.05

    def __init__(
        self,
        legs: Sequence[Leg],
        rate: int,
        encoding: Encoding,
        description: str,
        settings: IncomingSection | None = None,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        """`rate` in Hz, of all legs. `clock` tells seconds; `wait` sleeps for some, or less where there is a reason to wake."""
        super().__init__()
        self.legs = tuple(leg for leg in LEGS if leg in legs)
        self.description = description
        self.on_change: Callable[[], None] = lambda: None
        """Called, from any thread, where there is room again after it was `full`, and when no more audio is taken."""
        self._rate = rate
        self._settings = settings or IncomingSection()
        self._clock = clock
        self._lanes = {leg: Lane(leg, rate, encoding) for leg in self.legs}
        self._lock = threading.Lock()
        self._wait = wait or self._stop.wait
        self._looked: float | None = None
        """When it was last looked at ..."""
        self._first_look = 0.0
        """... and first."""
        self._begun: float | None = None
        self._last_heard: float | None = None
        self._ended_as: str | None = None
        self._reason = "finished"
        self._over = False
        self._said_full = False

    @property
    def full(self) -> bool:
        """Whether so much waits that the sender is to be slowed down; then `on_change` says when it does no longer."""
        with self._lock:
            full = self._has_enough() and not self.over
            self._said_full = self._said_full or full
            return full

    @property
    def over(self) -> bool:
        """Whether no more audio is taken."""
        return self._over or self._stop.is_set()

    def look(self) -> Iterable[AudioChunk]:
        """See `PolledSource`."""
        now = self._clock()
        if self._looked is None:
            self._looked = self._first_look = now
        yield from self._due(np.inf if self._stop.is_set() else now)
        self._looked = self._hurry(self._looked)
        if self._has_room_again():
            self.on_change()
        self._over = self._over or self._stop.is_set() or self._is_over(self._first_look)

    def rest(self) -> Iterable[AudioChunk]:
        """See `PolledSource`. Nothing where it was stopped before anybody looked."""
        return () if self._looked is None else self._finish()

    def close(self) -> None:
        """See `PolledSource`."""
        self._over = True
        self.on_change()

    def push(self, leg: Leg, data: bytes) -> None:
        """Take whole samples of a leg, which follow on those before. Never waits."""
        with self._lock:
            if self._over:
                return
            lane = self._hear(leg)
            samples = lane.count(data)
            if self._behind(lane) > self._patience(lane):
                self._skip(lane, self._front(), "silence")
            lane.heard = True
            if self._is_full(lane, 2 * ENOUGH, 2 * MOST_PIECES):
                lane.overflowed += samples
                lane.put(Missing(samples, "lost"), samples)
            else:
                lane.put(data, samples)

    def position(self, leg: Leg, seconds: float, missing: Cause) -> None:
        """Have the next audio of a leg follow at this moment of the call. Raises `ConfigError` where it cannot be there."""
        with self._lock:
            now = self._lanes[leg].placed / self._rate
            lasted = self._clock() - self._begun if self._begun is not None else 0.0
            if not now - ROUNDED <= seconds <= max(now, lasted) + ENOUGH:
                raise ConfigError(
                    f"leg {leg} cannot go on at {seconds:g} s: it is at {now:.2f} s, and the call has lasted {lasted:.2f} s, "
                    f"which a moment may be ahead of by {ENOUGH:g} s"
                )
            lane = self._hear(leg)
            lane.heard = True
            self._skip(lane, round(seconds * self._rate), missing)
            lane.placed = lane.pushed

    def end(self, reason: str = "finished") -> None:
        """No more audio comes; what came is still heard. `reason` is what `end_reason` says then. The first one counts."""
        with self._lock:
            self._ended_as = self._ended_as or reason

    def stop(self) -> None:
        """See `Source`."""
        if not self._over:
            self._reason = "stopped"
        self._stop.set()
        self.on_change()

    def report(self) -> Mapping[Leg, LegReport]:
        """See `Source`. `packets` are messages with audio."""
        return {
            leg: replace(lane.audio.report(), packets=lane.messages, overflow_seconds=lane.overflowed / self._rate)
            for leg, lane in self._lanes.items()
        }

    def end_reason(self) -> str:
        """See `Source`."""
        return self._reason

    def _pause(self, seconds: float) -> object:
        return self._wait(seconds)

    def _hear(self, leg: Leg) -> Lane:
        self._last_heard = self._clock()
        if self._begun is None:
            self._begun = self._last_heard
        return self._lanes[leg]

    def _has_enough(self) -> bool:
        return any(self._is_full(lane, ENOUGH, MOST_PIECES) for lane in self._lanes.values())

    def _has_room_again(self) -> bool:
        with self._lock:
            again = self._said_full and not self._has_enough()
            self._said_full = self._said_full and not again
            return again

    def _hurry(self, last: float) -> float:
        """Where more waits than can have been spoken, the call began before its first message came; the time now."""
        now = self._clock()
        with self._lock:
            if self._begun is not None and any(lane.pieces for lane in self._lanes.values()):
                self._begun -= HURRY * (now - last)
        return now

    def _skip(self, lane: Lane, to: int, cause: Cause) -> None:
        if (samples := to - lane.pushed) > 0:
            lane.put(Missing(samples, cause), samples)

    def _is_full(self, lane: Lane, seconds: float, pieces: int) -> bool:
        return lane.waiting > seconds * self._rate or len(lane.pieces) > pieces

    def _front(self) -> int:
        return max(lane.placed for lane in self._lanes.values())

    def _behind(self, lane: Lane) -> float:
        return (self._front() - lane.placed) / self._rate

    def _patience(self, lane: Lane) -> float:
        """Seconds that a leg may be behind the other before it is taken to be silent."""
        return self._settings.max_stall if lane.heard else IN_STEP

    def _due(self, now: float) -> Iterator[AudioChunk]:
        """What can have been spoken by now, the legs in turns; then silence for legs that send none."""
        step = round(STEP * self._rate)
        limit = self._limit(now)
        going = True
        while going:
            going = False
            for lane in self._lanes.values():
                with self._lock:
                    piece = lane.take(min(step, limit - lane.taken))
                if piece is not None:
                    going = True
                    yield lane.chunk(*piece)
        yield from self._silence()

    def _limit(self, now: float) -> int:
        if self._begun is None:
            return 0
        return int(min((now - self._begun + LEAD) * self._rate, 2**62))

    def _silence(self) -> Iterator[AudioChunk]:
        """Legs that are taken to be silent follow the other, a little behind: where their next audio belongs is not past."""
        for lane in self._lanes.values():
            while samples := self._take_silence(lane):
                yield lane.chunk("silence", samples)

    def _take_silence(self, lane: Lane) -> int:
        with self._lock:
            if lane.pieces or self._behind(lane) <= self._patience(lane):
                return 0
            front = max(other.taken for other in self._lanes.values())
            samples = min(round(STEP * self._rate), front - round(IN_STEP * self._rate) - lane.taken)
            if samples <= 0:
                return 0
            lane.pushed += samples
            lane.taken += samples
            return samples

    def _is_over(self, began: float) -> bool:
        with self._lock:
            if any(lane.pieces for lane in self._lanes.values()):
                return False
            if self._ended_as is not None:
                self._reason = self._ended_as
                return True
            if self._clock() - (began if self._last_heard is None else self._last_heard) >= self._settings.inactivity:
                self._reason = "inactive"
                return True
        return False

    def _finish(self) -> Iterator[AudioChunk]:
        """All legs as long as the longest."""
        with self._lock:
            self._over = True
            for lane in self._lanes.values():
                self._skip(lane, self._front(), "silence")
        yield from self._due(np.inf)
        for lane in self._lanes.values():
            yield lane.audio.finish()
