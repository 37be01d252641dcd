"""One labelled call: who speaks when in which emotion, and when each leg's emotion changes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from lab.calls.judged import JudgedAlerts
from lab.labels import EMOTIONS
from monitor.events import Leg
from monitor.timeline import FRAME_RATE

ROUNDING = 1 / FRAME_RATE
"""Seconds by which labels may overlap each other or the end of the audio: label files are rounded, seldom to less."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of one leg in one emotion. Between the segments of a leg nothing is known of it: it listens, most often."""

    leg: Leg
    start: float
    """Seconds."""
    end: float
    emotion: str


@dataclass(frozen=True, slots=True)
class TrueChange:
    """A moment at which a leg's emotion changed: the onset of the first segment of another emotion."""

    leg: Leg
    time: float
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class LabelledCall:
    """What is true of a call. Raises `ValueError`, saying what is wrong, where labels contradict each other or the audio."""

    name: str
    audio: Path
    """Of a stored call, whose frames are read, its id."""
    seconds: float
    legs: tuple[Leg, ...]
    """One a channel of the audio."""
    segments: tuple[Segment, ...]
    """In the order of their start; those of a leg do not overlap."""
    changes: tuple[TrueChange, ...]
    """In the order of time."""
    speaker: str = ""
    """Of the first leg: calls of one speaker are not independent of each other. Empty where it is not told."""
    dataset: str = "calls"
    lang: str = ""
    judged: JudgedAlerts | None = None
    """What people said of its alerts. Of such a call nothing else need be known."""

    def __post_init__(self) -> None:
        _check(self)

    @property
    def person(self) -> tuple[str, ...]:
        """Who calls. A call whose labels name no speaker is somebody's only one."""
        return (self.dataset, self.speaker) if self.speaker else (self.dataset, "", self.name)

    def of_leg(self, leg: Leg) -> tuple[Segment, ...]:
        """The segments of one leg."""
        return tuple(segment for segment in self.segments if segment.leg == leg)

    def changes_of(self, leg: Leg) -> tuple[float, ...]:
        """When one leg's emotion changed."""
        return tuple(change.time for change in self.changes if change.leg == leg)

    @property
    def labelled_legs(self) -> tuple[Leg, ...]:
        """Legs of which something is known."""
        return tuple(leg for leg in self.legs if any(segment.leg == leg for segment in self.segments))


def changes_between(segments: Iterable[Segment]) -> tuple[TrueChange, ...]:
    """The changes that segments imply.

    >>> talk = [Segment("customer", 0, 2, "neutral"), Segment("customer", 3, 5, "angry"), Segment("agent", 5, 6, "neutral")]
    >>> [(change.time, change.before, change.after) for change in changes_between(talk)]
    [(3, 'neutral', 'angry')]
    """
    last: dict[Leg, str] = {}
    found = []
    for segment in sorted(segments, key=lambda segment: segment.start):
        before = last.get(segment.leg, segment.emotion)
        if before != segment.emotion:
            found.append(TrueChange(segment.leg, segment.start, before, segment.emotion))
        last[segment.leg] = segment.emotion
    return tuple(found)


def _check(call: LabelledCall) -> None:
    if not call.seconds > 0:
        raise ValueError(f"seconds must be above 0, got {call.seconds}")
    if len(set(call.legs)) != len(call.legs) or not call.legs:
        raise ValueError(f"each channel needs a leg of its own, got {', '.join(call.legs) or 'none'}")
    if not call.segments and call.judged is None:
        raise ValueError("there is no segment, so nothing is known of the call")
    for segment in call.segments:
        _check_segment(segment, call)
    for leg, of_leg in _by_leg(call.segments).items():
        _check_order(leg, of_leg)
    for change in call.changes:
        _check_change(change, call)


def _check_segment(segment: Segment, call: LabelledCall) -> None:
    where = f"segment of {segment.leg} from {segment.start} s to {segment.end} s"
    _check_leg(segment.leg, where, call)
    _check_emotion(segment.emotion, where)
    if not 0 <= segment.start < segment.end:
        raise ValueError(f"{where}: it must begin at 0 s or later and end after it begins")
    if segment.end > call.seconds + ROUNDING:
        raise ValueError(f"{where}: it ends after the audio, which is {call.seconds} s long")


def _check_order(leg: Leg, segments: Sequence[Segment]) -> None:
    for one, other in pairwise(segments):
        if other.start < one.start:
            raise ValueError(f"segments of {leg} are not in order: {other.start} s comes after {one.start} s")
        if other.start < one.end - ROUNDING:
            raise ValueError(f"segments of {leg} overlap: one ends at {one.end} s, the next begins at {other.start} s")


def _check_change(change: TrueChange, call: LabelledCall) -> None:
    where = f"change of {change.leg} at {change.time} s"
    _check_leg(change.leg, where, call)
    _check_emotion(change.before, where)
    _check_emotion(change.after, where)
    if change.before == change.after:
        raise ValueError(f"{where}: from {change.before} to {change.after} is no change")
    if not 0 <= change.time <= call.seconds:
        raise ValueError(f"{where}: it is outside of the audio, which is {call.seconds} s long")
    if change.leg not in call.labelled_legs:
        raise ValueError(f"{where}: that leg has no segment")


def _check_leg(leg: Leg, where: str, call: LabelledCall) -> None:
    if leg not in call.legs:
        raise ValueError(f"{where}: there is no channel {leg!r}; there are: {', '.join(call.legs)}")


def _check_emotion(emotion: str, where: str) -> None:
    if emotion not in EMOTIONS:
        raise ValueError(f"{where}: unknown emotion {emotion!r}; known: {', '.join(EMOTIONS)}")


def _by_leg(segments: Iterable[Segment]) -> Mapping[Leg, list[Segment]]:
    legs: dict[Leg, list[Segment]] = defaultdict(list)
    for segment in segments:
        legs[segment.leg].append(segment)
    return legs
