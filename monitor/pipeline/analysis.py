"""From the stored frames of a call to its events. A pure function of the frames: replay equals live.

Each leg is analysed tick by tick (100 ms) by itself, with the rules that look at it alone. Rules that combine legs see a moment
once every leg has it. So neither what is said, nor when on the timeline, depends on how frames are cut into runs or on which
leg's run comes first.

Legs are taken side by side, so that events are told in order. A live call cannot wait for a leg whose audio stalls: one that is
more than `AHEAD` ahead goes on without it. The events are the same; in order are then those of each leg, and those of the rules
that combine them.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from monitor.alerts.evaluator import Evaluator
from monitor.alerts.moment import LegMoment, Moment
from monitor.alerts.rules import RuleSet
from monitor.config.sections import ChangesSection, StateSection
from monitor.events import LEGS, Event, Frames, Leg
from monitor.frame_format import LegFormat
from monitor.pipeline.floor import Floor
from monitor.pipeline.speaker import LegView, Speaker
from monitor.pipeline.ticks import Tick, TickCutter
from monitor.timeline import TICK_FRAMES, frame_seconds

AHEAD = 10
"""Ticks by which a leg of a live call may be ahead before it no longer waits for the others."""
HANGOVER = 3
"""Ticks after its last speech for which a leg still counts as speaking, when overtalk is counted: the gaps between words."""


@dataclass(frozen=True, slots=True)
class Analysed:
    """What came of a run of frames."""

    frames: Frames | None
    """The run; None for the last word, once the frames are over."""
    events: Sequence[Event]
    """Of all ticks that could be analysed now, in order."""
    views: Mapping[Leg, Sequence[LegView]]
    """Each leg that went on, at each tick by which it did; in the order of `LEGS`."""


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
        ahead: int | None = None,
    ) -> None:
        """`ahead`: ticks for which a leg waits for the others; None: for as long as it takes, so that all is told in order.

        Raises `ConfigError` where `changes` names no detector."""
        self._call, self._ahead = call, ahead
        self._legs = tuple(leg for leg in LEGS if leg in legs)
        self._cutters = {leg: TickCutter(legs[leg]) for leg in self._legs}
        self._waiting: dict[Leg, deque[Tick]] = {leg: deque() for leg in self._legs}
        self._speakers = {
            leg: Speaker(call, leg, labels, legs[leg].classes > 0 and legs[leg].dim > 0, state, changes, rules.learned)
            for leg in self._legs
        }
        own = {frozenset({leg}) for leg in self._legs}
        self._evaluators = {about: Evaluator(rules, call, self._legs, labels, about) for about in own | {frozenset(self._legs)}}
        self._heard: dict[Leg, deque[tuple[float, LegMoment]]] = {leg: deque() for leg in self._legs}
        """Ends of ticks and what was heard in them, of which the rules that combine legs wait for other legs."""
        self._ticks = dict.fromkeys(self._legs, 0)
        """Analysed, of each leg."""
        self._together = 0
        """Ticks that the rules which combine legs have seen."""
        self._overtalk = 0
        self.floor = Floor()
        self._end = 0.0
        """Of the frames taken so far."""
        self._moments: dict[frozenset[Leg], Moment] = {}
        """The last one of each evaluator."""
        self._views: dict[Leg, list[LegView]] = {leg: [] for leg in self._legs}
        """Since the last `Analysed`."""
        self._finished = False

    def update(self, frames: Frames) -> Analysed:
        """Take the next run of a leg's frames and analyse all ticks that can be.

        Raises `ValueError` where the frames do not follow the last ones of their leg, or are of another call, leg or format.
        """
        if self._finished:
            raise ValueError(f"call {self._call} is finished and takes no further frames")
        if frames.call != self._call or frames.leg not in self._waiting:
            raise ValueError(f"frames of {frames.call}/{frames.leg} are not of call {self._call} with {', '.join(self._legs)}")
        self._waiting[frames.leg].extend(self._cutters[frames.leg].cut(frames))
        self._end = max(self._end, frame_seconds(frames.stop))
        return self._analysed(frames, self._advance())

    def finish(self) -> Analysed:
        """The call is over: the ticks that only some legs have, the last word on open change points, the end of open alerts."""
        if self._finished:
            return Analysed(None, (), {})
        self._finished = True
        events = self._advance()
        total = max((self._ticks[leg] + len(self._waiting[leg]) for leg in self._legs), default=0)
        while (least := min(self._ticks.values(), default=total)) < total:  # what only some legs have
            for leg in self._behind(least):
                events += self._hear(leg)
            events += self._combine()
        for leg, speaker in self._speakers.items():
            if self._ticks[leg]:
                events += speaker.finish(self._end)
        for legs, moment in self._moments.items():
            events += self._evaluators[legs].finish(replace(moment, at=self._end))
        return self._analysed(None, events)

    def live(self, leg: Leg) -> LegView:
        """A leg as it is now."""
        return self._speakers[leg].view

    def _analysed(self, frames: Frames | None, events: list[Event]) -> Analysed:
        views = {leg: views for leg, views in self._views.items() if views}
        self._views = {leg: [] for leg in self._legs}
        return Analysed(frames, events, views)

    def _advance(self) -> list[Event]:
        events: list[Event] = []
        while legs := self._ready():
            for leg in legs:
                events += self._hear(leg)
            events += self._combine()
        return events

    def _ready(self) -> list[Leg]:
        """Whose next tick is analysed next: of the legs that are furthest behind, where all of them have one; else of the
        first that need not wait."""
        behind = self._behind(min(self._ticks.values()))
        if all(self._waiting[leg] for leg in behind):
            return behind
        if self._ahead is None:
            return []
        return [leg for leg in self._legs if len(self._waiting[leg]) > self._ahead][:1]

    def _behind(self, ticks: int) -> list[Leg]:
        """The legs of which so many ticks are analysed; first the one whose next tick ends first, as a leg's last tick may."""
        return sorted((leg for leg in self._legs if self._ticks[leg] == ticks), key=self._next_end)

    def _next_end(self, leg: Leg) -> float:
        """Seconds at which a leg's next tick ends."""
        if self._waiting[leg]:
            tick = self._waiting[leg][0]
            return frame_seconds(tick.index * TICK_FRAMES + tick.frames)
        return min(frame_seconds((self._ticks[leg] + 1) * TICK_FRAMES), self._end)

    def _hear(self, leg: Leg) -> list[Event]:
        """Analyse a leg's next tick by itself; it is silent where its audio has ended before the others'."""
        events: list[Event] = []
        speaker, about = self._speakers[leg], frozenset({leg})
        end = self._next_end(leg)
        if self._waiting[leg]:
            found, heard = speaker.update(self._waiting[leg].popleft(), end)
            events += found
            self._views[leg].append(speaker.view)
        else:
            heard = speaker.absent()
        if len(self._legs) > 1:
            self._moments[about] = Moment(self._ticks[leg], end, {leg: heard})
            events += self._evaluators[about].update(self._moments[about])
        self.floor.hear(end, speaks=heard.known and heard.silent == 0)
        self._heard[leg].append((end, heard))
        self._ticks[leg] += 1
        return events

    def _combine(self) -> list[Event]:
        """Show the rules that combine legs the moments that all legs have now."""
        events: list[Event] = []
        while all(self._heard.values()):
            heard = {leg: moments.popleft() for leg, moments in self._heard.items()}
            moments = {leg: moment for leg, (_, moment) in heard.items()}
            if all(moment.known for moment in moments.values()):
                together = len(moments) > 1 and all(moment.silent <= HANGOVER for moment in moments.values())
                self._overtalk = self._overtalk + 1 if together else 0
                self.floor.overtalk += together
            about = frozenset(self._legs)
            end = max(end for end, _ in heard.values())
            self._moments[about] = Moment(self._together, end, moments, self._overtalk)
            events += self._evaluators[about].update(self._moments[about])
            self._together += 1
        return events


def analysed(analysis: CallAnalysis, runs: Iterable[Frames]) -> Iterator[Analysed]:
    """All of a call's frames, run by run, and the last word: what replays it, or judges it anew."""
    for frames in runs:
        yield analysis.update(frames)
    yield analysis.finish()
