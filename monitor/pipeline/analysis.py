"""From the stored frames of a call to its events. A pure function of the frames: replay equals live.

The legs of a call advance side by side in ticks of 100 ms; a tick is analysed once every leg has it. So the events do not
depend on how frames are cut into runs, or on which leg's run comes first.
"""

from collections import deque
from collections.abc import Mapping

from monitor.alerts.evaluator import Evaluator
from monitor.alerts.moment import LegMoment, Moment
from monitor.alerts.rules import RuleSet
from monitor.config.sections import ChangesSection, StateSection
from monitor.events import LEGS, Event, Frames, Leg
from monitor.frame_format import LegFormat
from monitor.pipeline.speaker import LegView, Speaker
from monitor.pipeline.ticks import Tick, TickCutter
from monitor.timeline import TICK_FRAMES, frame_seconds

HANGOVER = 3
"""Ticks after its last speech for which a leg still counts as speaking, when overtalk is counted: the gaps between words."""


class CallAnalysis:
    """Follows one call: frames in, state changes, change points and alerts out."""

    def __init__(
        self,
        call: str,
        legs: Mapping[Leg, LegFormat],
        labels: tuple[str, ...],
        state: StateSection,
        changes: ChangesSection,
        rules: RuleSet,
    ) -> None:
        """Raises `ConfigError` where `changes` names no detector."""
        self._call = call
        self._legs = tuple(leg for leg in LEGS if leg in legs)
        self._cutters = {leg: TickCutter(legs[leg]) for leg in self._legs}
        self._waiting: dict[Leg, deque[Tick]] = {leg: deque() for leg in self._legs}
        self._speakers = {
            leg: Speaker(call, leg, labels, legs[leg].classes > 0 and legs[leg].dim > 0, state, changes) for leg in self._legs
        }
        self._evaluator = Evaluator(rules, call, self._legs, labels)
        self._tick = 0
        self._end = 0.0
        self._overtalk = 0
        self._moment: Moment | None = None
        self._recent: dict[Leg, list[LegView]] = {leg: [] for leg in self._legs}
        self._finished = False

    def update(self, frames: Frames) -> list[Event]:
        """Take the next run of a leg's frames; the events of all ticks that every leg has now.

        Raises `ValueError` where the frames do not follow the last ones of their leg, or are of another call, leg or format.
        """
        if self._finished:
            raise ValueError(f"call {self._call} is finished and takes no further frames")
        if frames.call != self._call or frames.leg not in self._waiting:
            raise ValueError(f"frames of {frames.call}/{frames.leg} are not of call {self._call} with {', '.join(self._legs)}")
        self._waiting[frames.leg].extend(self._cutters[frames.leg].cut(frames))
        self._forget_recent()
        return self._advance(min(len(waiting) for waiting in self._waiting.values()))

    def finish(self) -> list[Event]:
        """The call is over: the ticks that only some legs have, the last word on open change points, the end of open alerts."""
        if self._finished:
            return []
        self._finished = True
        self._forget_recent()
        events = self._advance(max((len(waiting) for waiting in self._waiting.values()), default=0))
        for speaker in self._speakers.values():
            events.extend(speaker.finish(self._end))
        if self._moment is not None:
            events.extend(self._evaluator.finish(self._moment))
        return events

    def live(self, leg: Leg) -> LegView:
        """A leg as it is now."""
        return self._speakers[leg].view

    def recent(self, leg: Leg) -> tuple[LegView, ...]:
        """A leg at each tick by which the last `update` or `finish` went on; for live frames at 10 Hz."""
        return tuple(self._recent[leg])

    def _forget_recent(self) -> None:
        for views in self._recent.values():
            views.clear()

    def _advance(self, ticks: int) -> list[Event]:
        events: list[Event] = []
        for _ in range(ticks):
            events.extend(self._step())
        return events

    def _step(self) -> list[Event]:
        ticks = {leg: waiting.popleft() if waiting else None for leg, waiting in self._waiting.items()}
        self._end = max(frame_seconds(tick.index * TICK_FRAMES + tick.frames) for tick in ticks.values() if tick)
        events: list[Event] = []
        moments: dict[Leg, LegMoment] = {}
        for leg, tick in ticks.items():
            speaker = self._speakers[leg]
            if tick is None:
                moments[leg] = speaker.absent()
                continue
            found, moments[leg] = speaker.update(tick, self._end)
            events.extend(found)
            self._recent[leg].append(speaker.view)
        if all(moment.known for moment in moments.values()):
            together = len(moments) > 1 and all(moment.silent <= HANGOVER for moment in moments.values())
            self._overtalk = self._overtalk + 1 if together else 0
        self._moment = Moment(self._tick, self._end, moments, self._overtalk)
        events.extend(self._evaluator.update(self._moment))
        self._tick += 1
        return events
