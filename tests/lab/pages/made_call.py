"""A call of which everything was told: two legs, a change point that was confirmed, an alert that came and went, labels."""

from pathlib import Path

import numpy as np
import soundfile

from lab.calls import LabelledCall, Segment, TrueChange
from lab.hearing.hearing import Hearing, LegHeard
from lab.hearing.takes import Take
from monitor.engines.base import EngineInfo
from monitor.events import Alert, ChangePoint, Event, Frames, Leg, LegReport, Mark
from monitor.frame_format import LegFormat
from tests.engines.compact.conftest import voice

SECONDS = 20
LABELS = ("angry", "neutral")
MARKUP = "</script><script>document.title = 'taken over'</script><img src=x onerror=\"document.title = 'taken over'\">"


LABELLED = LabelledCall(
    "told",
    Path("told.wav"),
    float(SECONDS),
    ("customer", "agent"),
    (Segment("customer", 0.5, 8, "neutral"), Segment("customer", 10, 19, "angry")),
    (TrueChange("customer", 10, "neutral", "angry"),),
)


def engine(labels: tuple[str, ...] = LABELS) -> EngineInfo:
    return EngineInfo(
        name="compact", model="made up", version="1", labels=labels, dim=4, window=0.8, hop=0.4, lookahead=0.4, licence="none"
    )


def events(call: str, message: str) -> tuple[Event, ...]:
    change = {"call": call, "leg": "customer", "id": f"{call}:cp1", "before": "neutral", "after": "angry", "strength": 1.5}
    alert = {
        "call": call,
        "leg": "customer",
        "id": f"{call}:a1",
        "rule": "customer-angry",
        "severity": "critical",
        "time": 10.0,
    }
    return (
        ChangePoint(**change, time=10.2, at=12.0, status="provisional"),  # type: ignore[arg-type]
        ChangePoint(**change, time=10.0, at=13.5, status="confirmed"),  # type: ignore[arg-type]
        Alert(**alert, at=12.5, status="raised", message=message, evidence={"customer.angry": 0.61}),  # type: ignore[arg-type]
        Alert(**alert, at=15.0, status="updated", message="it grew", evidence={"customer.angry": 0.8}),  # type: ignore[arg-type]
        Alert(**alert, at=18.0, status="cleared", message="it is over", evidence={}),  # type: ignore[arg-type]
    )


def made_call(
    folder: Path, name: str = "told", message: str = "customer sounds angry (0.61), for 2.5 s"
) -> tuple[Take, Hearing]:
    """The recording, at 8 kHz, and what was said of it."""
    path = folder / "told.wav"
    speech = voice(SECONDS, 140)
    soundfile.write(path, np.stack([speech, speech * (np.arange(len(speech)) < 16_000 * 4)], axis=1)[::2], 8_000)
    legs: dict[Leg, LegHeard] = {"customer": _leg(name, "customer"), "agent": _leg(name, "agent")}
    return Take(path), Hearing(name, float(SECONDS), legs, events(name, message))


def _leg(call: str, leg: Leg) -> LegHeard:
    ticks = SECONDS * 10
    angry = np.where(np.arange(ticks) < 100, 0.2, 0.7).astype(np.float32)
    marks = np.zeros(ticks * 5, np.uint8)
    marks[50:60] = Mark.LOST
    nothing = np.zeros((ticks * 5, 0), np.float32)
    speech = np.ones(ticks * 5, np.float32)
    return LegHeard(
        frames=Frames(call, leg, 0, nothing, np.zeros((ticks * 5, 2), np.float32), speech, marks),
        format=LegFormat(dim=0, classes=2, dtype="float16", stride=1),
        emotion=tuple("neutral" if tick < 100 else "angry" for tick in range(ticks)),
        posterior=np.stack([angry, 1 - angry], axis=1),
        valence=-angry,
        arousal=angry,
        audio=LegReport(codec="pcm", seconds=SECONDS),
    )
