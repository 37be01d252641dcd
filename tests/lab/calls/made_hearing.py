"""Labelled calls and hearings of them, made by hand."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from lab.calls import LabelledCall, Segment
from lab.calls.alerts import AlertAim, blocks
from lab.calls.labelled import changes_between
from lab.hearing.hearing import Hearing, LegHeard
from monitor.events import Alert, ChangePoint, Event, Frames, Leg, LegReport
from monitor.frame_format import LegFormat
from monitor.timeline import FRAME_RATE, TICK_FRAMES, TICK_RATE

LABELS = ("angry", "happy", "neutral", "sad")


def talk(*stretches: tuple[float, float, str], leg: Leg = "customer") -> list[Segment]:
    """Segments of one leg: start, end, emotion."""
    return [Segment(leg, start, end, emotion) for start, end, emotion in stretches]


def labelled(
    *segments: Segment, seconds: float = 60.0, name: str = "c1", speaker: str = "", dataset: str = "made", lang: str = "en"
) -> LabelledCall:
    """A call of a customer and an agent, with the changes that its segments imply."""
    ordered = tuple(sorted(segments, key=lambda segment: segment.start))
    changes = changes_between(ordered)
    return LabelledCall(
        name, Path(f"{name}.wav"), seconds, ("customer", "agent"), ordered, changes, speaker=speaker, dataset=dataset, lang=lang
    )


def leg_heard(emotions: Sequence[str], leg: Leg = "customer", *, classes: int = len(LABELS)) -> LegHeard:
    """A leg that shows these emotions, a tick each, and whose frames say the same where they are labels."""
    frames = len(emotions) * TICK_FRAMES
    logits = np.zeros((frames, classes), np.float32)
    for index, emotion in enumerate(emotions):
        if classes and emotion in LABELS:
            logits[index * TICK_FRAMES : (index + 1) * TICK_FRAMES, LABELS.index(emotion)] = 5.0
    embedding = logits[:, :2].copy() if classes else np.zeros((frames, 0), np.float32)
    return LegHeard(
        frames=Frames("c1", leg, 0, embedding, logits, np.ones(frames, np.float32), np.zeros(frames, np.uint8)),
        format=LegFormat(dim=embedding.shape[1], classes=classes),
        emotion=tuple(emotions),
        posterior=np.zeros((len(emotions), classes), np.float32),
        valence=np.zeros(len(emotions), np.float32),
        arousal=np.zeros(len(emotions), np.float32),
        audio=LegReport(),
    )


def perfect(call: LabelledCall) -> Hearing:
    """What a monitor would say that knows the labels: everything at once and in its place."""
    events: list[Event] = []
    for number, change in enumerate(call.changes):
        events += changed(change.time, change.time, leg=change.leg, number=number)
    events += [alert(block.start, leg=block.leg) for block in blocks(call, AlertAim())]
    return hearing({leg: leg_heard(_true_ticks(call, leg), leg) for leg in call.legs}, events, call.seconds)


def silent(call: LabelledCall) -> Hearing:
    """What a monitor would say that never says anything."""
    ticks = round(call.seconds * TICK_RATE)
    return hearing({leg: leg_heard(["unknown"] * ticks, leg) for leg in call.legs}, [], call.seconds)


def hearing(legs: Mapping[Leg, LegHeard], events: Sequence[Event], seconds: float = 60.0) -> Hearing:
    """A hearing."""
    return Hearing("c1", seconds, legs, tuple(events))


def changed(
    time: float,
    at: float,
    *,
    leg: Leg = "customer",
    number: int = 1,
    suspected: float | None = None,
    end: Literal["confirmed", "retracted"] = "confirmed",
) -> list[Event]:
    """A change at `time` that was first said at `suspected` and settled at `at`."""
    name = f"c1:{leg}:cp{number}"
    first = at if suspected is None else suspected
    return [
        ChangePoint(
            call="c1", leg=leg, time=time, at=moment, id=name, status=status, strength=1.0, before="neutral", after="angry"
        )
        for moment, status in ((first, "provisional"), (at, end))
    ]


def alert(at: float, *, leg: Leg | None = "customer", rule: str = "customer-angry") -> Alert:
    """An alert that is raised."""
    return Alert(
        call="c1", leg=leg, time=at, at=at, id=f"{rule}:{at}", rule=rule, severity="critical", status="raised", message="angry"
    )


def _true_ticks(call: LabelledCall, leg: Leg) -> list[str]:
    """The emotion of each tick; where a leg listens, that of its last segment, and before the first that of the first."""
    segments = call.of_leg(leg)
    starts = [0.0, *(segment.start for segment in segments[1:]), np.inf]
    times = (np.arange(round(call.seconds * FRAME_RATE) // TICK_FRAMES) + 0.5) / TICK_RATE
    return [segments[int(np.searchsorted(starts, time, side="right")) - 1].emotion for time in times] if segments else []
