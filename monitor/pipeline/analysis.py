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
from dataclasses import dataclass, field, replace

from monitor.alerts.evaluator import Evaluator
from monitor.alerts.moment import LegMoment, Moment
from monitor.alerts.rules import RuleSet
from monitor.config.sections import ChangesSection, StateSection
from monitor.events import LEGS, Event, Frames, Leg
from monitor.frame_format import LegFormat
from monitor.pipeline.floor import Floor
from monitor.pipeline.speaker import LegRun, LegView, Sounded, Speaker, sound_together
from monitor.pipeline.ticks import TickCutter
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


@dataclass(slots=True, eq=False)
class _LegState:
    """One leg on its way through the analysis."""

    leg: Leg
    cutter: TickCutter
    speaker: Speaker
    rules: Evaluator | None
    """That look at this leg alone; None where there is no other."""
    waiting: deque[Sounded] = field(default_factory=deque)
    heard: deque[tuple[float, LegMoment]] = field(default_factory=deque)
    """Ends of ticks and what was heard in them, of which the rules that combine legs wait for other legs."""
    ticks: int = 0
    """Analysed."""
    views: list[LegView] = field(default_factory=list)
    """Since the last `Analysed`."""


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
        order = tuple(leg for leg in LEGS if leg in legs)
        self._rules = Evaluator(rules, call, order, labels, frozenset(order))
        """That combine legs."""
        self._legs = {
            leg: _LegState(
                leg,
                TickCutter(legs[leg]),
                Speaker(call, leg, labels, legs[leg].classes > 0 and legs[leg].dim > 0, state, changes, rules.learned),
                Evaluator(rules, call, order, labels, frozenset({leg})) if len(order) > 1 else None,
            )
            for leg in order
        }
        self._taken: list[tuple[Frames, LegRun]] = []
        """Since the last word."""
        self._order = tuple(self._legs.values())
        self._together = 0
        """Ticks that the rules which combine legs have seen."""
        self._overtalk = 0
        self.floor = Floor()
        self._end = 0.0
        """Of the frames taken so far."""
        self._moments: dict[Evaluator, Moment] = {}
        """The last one of each."""
        self._finished = False

    def update(self, frames: Frames) -> Analysed:
        """Take the next run of a leg's frames and analyse all ticks that can be. Raises as `take` does."""
        sound_together([self.take(frames)])
        return self.say()[0]

    def take(self, frames: Frames) -> LegRun:
        """Take the next run of a leg's frames, to be heard with those of others before `say`.

        Raises `ValueError` where the frames do not follow the last ones of their leg, or are of another call, leg or format.
        """
        if self._finished:
            raise ValueError(f"call {self._call} is finished and takes no further frames")
        if frames.call != self._call or frames.leg not in self._legs:
            raise ValueError(f"frames of {frames.call}/{frames.leg} are not of call {self._call} with {', '.join(self._legs)}")
        of = self._legs[frames.leg]
        run = LegRun(of.speaker, of.cutter.cut(frames))
        self._taken.append((frames, run))
        return run

    def say(self) -> list[Analysed]:
        """What comes of each run that was taken, and of all ticks that could be analysed with it."""
        taken, self._taken = self._taken, []
        return [self._follow(frames, run) for frames, run in taken]

    def finish(self) -> Analysed:
        """The call is over: the ticks that only some legs have, the last word on open change points, the end of open alerts."""
        if self._finished:
            return Analysed(None, (), {})
        self._finished = True
        events = self._advance()
        total = max((of.ticks + len(of.waiting) for of in self._legs.values()), default=0)
        while (behind := self._behind()) and behind[0].ticks < total:  # what only some legs have
            for of in self._in_order(behind):
                events += self._hear(of)
            events += self._combine()
        for of in self._legs.values():
            if of.ticks:
                events += of.speaker.finish(self._end)
        for rules, moment in self._moments.items():
            events += rules.finish(replace(moment, at=self._end))
        return self._analysed(None, events)

    def live(self, leg: Leg) -> LegView:
        """A leg as it is now."""
        return self._legs[leg].speaker.view

    def _follow(self, frames: Frames, run: LegRun) -> Analysed:
        self._legs[frames.leg].waiting.extend(run.sounded)
        self._end = max(self._end, frame_seconds(frames.stop))
        return self._analysed(frames, self._advance())

    def _analysed(self, frames: Frames | None, events: list[Event]) -> Analysed:
        views = {leg: of.views for leg, of in self._legs.items() if of.views}
        for leg in views:
            self._legs[leg].views = []
        return Analysed(frames, events, views)

    def _advance(self) -> list[Event]:
        events: list[Event] = []
        while ready := self._ready():
            for of in ready:
                events += self._hear(of)
            events += self._combine()
        return events

    def _ready(self) -> Sequence[_LegState]:
        """Whose next tick is analysed next: of the legs that are furthest behind, where all of them have one; else of the
        first that need not wait."""
        behind = self._behind()
        for of in behind:
            if not of.waiting:
                break
        else:
            return self._in_order(behind)
        if self._ahead is None:
            return []
        return [of for of in self._order if len(of.waiting) > self._ahead][:1]

    def _behind(self) -> Sequence[_LegState]:
        """The legs that are furthest behind."""
        legs = self._order
        if len(legs) < 2:
            return legs
        ticks = [of.ticks for of in legs]
        least = min(ticks)
        return legs if max(ticks) == least else [of for of in legs if of.ticks == least]

    def _in_order(self, legs: Sequence[_LegState]) -> Sequence[_LegState]:
        """First the one whose next tick ends first, as a leg's last tick may."""
        return legs if len(legs) < 2 else sorted(legs, key=self._next_end)

    def _next_end(self, of: _LegState) -> float:
        """Seconds at which a leg's next tick ends."""
        if of.waiting:
            return of.waiting[0].tick.end
        return min(frame_seconds((of.ticks + 1) * TICK_FRAMES), self._end)

    def _hear(self, of: _LegState) -> list[Event]:
        """Analyse a leg's next tick by itself; it is silent where its audio has ended before the others'."""
        events: list[Event] = []
        end = self._next_end(of)
        if of.waiting:
            found, heard = of.speaker.update(of.waiting.popleft(), end)
            events += found
            of.views.append(of.speaker.view)
        else:
            heard = of.speaker.absent()
        if of.rules is not None:
            moment = self._moments[of.rules] = Moment(of.ticks, end, {of.leg: heard})
            events += of.rules.update(moment)
        self.floor.hear(end, speaks=heard.known and heard.silent == 0)
        of.heard.append((end, heard))
        of.ticks += 1
        return events

    def _combine(self) -> list[Event]:
        """Show the rules that combine legs the moments that all legs have now."""
        events: list[Event] = []
        for _ in range(min([len(of.heard) for of in self._order], default=0)):
            at, known, together, moments = 0.0, True, len(self._order) > 1, {}
            for of in self._order:
                end, moment = of.heard.popleft()
                moments[of.leg] = moment
                at = max(at, end)
                known = known and moment.known
                together = together and moment.silent <= HANGOVER
            if known:
                self._overtalk = self._overtalk + 1 if together else 0
                self.floor.overtalk += together
            combined = self._moments[self._rules] = Moment(self._together, at, moments, self._overtalk)
            events += self._rules.update(combined)
            self._together += 1
        return events


def analysed(analysis: CallAnalysis, runs: Iterable[Frames]) -> Iterator[Analysed]:
    """All of a call's frames, run by run, and the last word: what replays it, or judges it anew."""
    for some in _side_by_side(runs):
        sound_together([analysis.take(frames) for frames in some])
        yield from analysis.say()
    yield analysis.finish()


def _side_by_side(runs: Iterable[Frames]) -> Iterator[Sequence[Frames]]:
    """Runs of different legs that follow each other."""
    some: dict[Leg, Frames] = {}
    for frames in runs:
        if frames.leg in some:
            yield tuple(some.values())
            some = {}
        some[frames.leg] = frames
    yield tuple(some.values())
