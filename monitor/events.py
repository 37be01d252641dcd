"""What the pipeline says: frames, and the events that are pure functions of them.

Times are seconds from the start of the call, multiples of 20 ms. Every event carries two of them: `time`, the moment it is
about, and `at`, the moment of the timeline by which it could be said. Events are equal when live and replayed, id for id;
wall-clock times and sequence numbers are added by the journal and are no part of them.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import IntFlag
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

Leg = Literal["customer", "agent", "mixed"]
LEGS: tuple[Leg, ...] = ("customer", "agent", "mixed")
"""In the order in which they are analysed within a tick."""

ABSTAIN = "unknown"
"""The label of a stretch about which the engine is not sure enough."""


class Mark(IntFlag):
    """What is special about a frame; stored as one byte."""

    NONE = 0
    LOST = 1
    """At least half of its audio never arrived and was concealed."""
    SILENCE = 2
    """At least half of its audio is silence put in because the sender sent none (DTX, hold)."""
    SKIPPED = 4
    """No engine result (overload, or an engine error on its window): logits and embedding are NaN, speech is 0."""
    LATE = 8
    """It became known a second or more after its moment: what a sender or a network held back, or silence that could not be
    told from that. The upper four bits say how late, in whole seconds (`seconds_late`)."""


MOST_SECONDS_LATE = 14
"""What a mark can say; what came later says this."""


def late_mark(seconds: int) -> int:
    """The mark of a frame that became known so late.

    >>> late_mark(0), late_mark(3), late_mark(99)
    (0, 56, 232)
    """
    return min(seconds, MOST_SECONDS_LATE) << 4 | int(Mark.LATE) if seconds else 0


def seconds_late(marks: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Whole seconds by which frames became known after their moment; 0 for those that came in time."""
    return marks >> np.uint8(4)


_LATE = int(Mark.LATE)


def known_marks(marks: NDArray[np.uint8]) -> bool:
    """Whether these are marks that this program writes."""
    late = seconds_late(marks)
    return bool((late <= MOST_SECONDS_LATE).all() and ((late > 0) == ((marks & _LATE) != 0)).all())


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """A gapless run of frames of one leg, exactly as they are stored."""

    call: str
    leg: Leg
    start: int
    """Index of the first frame. A multiple of `TICK_FRAMES`."""
    embedding: NDArray[np.float32]
    """Shape (ceil(n / stride), D); already rounded to the precision of the store. D is 0 where nothing may be inferred."""
    logits: NDArray[np.float32]
    """Shape (n, C). C is 0 where nothing may be inferred."""
    speech: NDArray[np.float32]
    """Shape (n,), probability that the leg speaks."""
    marks: NDArray[np.uint8]
    """Shape (n,), bits of `Mark`."""
    stride: int = 1
    """Frames an embedding row stands for: row `j` is the mean of frames `start + j*stride ...`. 1 or TICK_FRAMES."""
    level: NDArray[np.uint8] | None = None
    """Shape (ceil(n / TICK_FRAMES),), how loud each tick is (`audio/level.py`). None where that is not known, or may not be."""

    def __len__(self) -> int:
        return len(self.speech)

    @property
    def stop(self) -> int:
        """One past the last frame."""
        return self.start + len(self)


@dataclass(frozen=True, slots=True)
class LegReport:
    """What became of a leg's audio: counts from its source, kept with the call."""

    codec: str = "pcm"
    seconds: float = 0.0
    """Of the timeline."""
    packets: int = 0
    lost: int = 0
    reordered: int = 0
    duplicates: int = 0
    late: int = 0
    """Came after their place had been given up, and were dropped."""
    jitter: float = 0.0
    """Seconds by which packets come unevenly, smoothed: RFC 3550, section 6.4.1."""
    malformed: int = 0
    """Datagrams that are not RTP or whose payload does not decode."""
    keep_alives: int = 0
    """STUN, DTLS, ZRTP, and packets without content: what belongs on a port of RTP and is no audio."""
    foreign: int = 0
    """From a sender that does not own the leg."""
    refused: int = 0
    """Packets that are not heard, because they are encrypted or of another codec than is declared."""
    refused_because: str = ""
    """Why, the last time."""
    reanchored: int = 0
    """Times that a timestamp was not believed, or had stood still, and audio was placed by its arrival."""
    skipped_events: int = 0
    """telephone-event packets."""
    lost_seconds: float = 0.0
    silence_seconds: float = 0.0
    late_seconds: float = 0.0
    """Audio that came a second or more after its place, and was heard nonetheless."""
    overflow_seconds: float = 0.0
    """Audio dropped because this program did not take it in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Base of all events."""

    type: ClassVar[str]
    call: str
    leg: Leg | None = None
    time: float = 0.0
    at: float = 0.0

    def as_message(self) -> dict[str, Any]:
        """The event as JSON-ready data, its type first."""
        return {"type": self.type, **asdict(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStarted(Event):
    """Audio of a call is being taken."""

    type: ClassVar[str] = "call_started"
    started_at: str
    """Wall clock, ISO 8601 UTC."""
    legs: tuple[Leg, ...]
    inferred: tuple[Leg, ...]
    """Legs whose emotion may be inferred; the others are followed for speech alone."""
    source: str
    engine: str
    labels: tuple[str, ...]
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded(Event):
    """A call is over and stored. `time` is its length."""

    type: ClassVar[str] = "call_ended"
    reason: str
    """finished, stopped, inactive, shutdown, interrupted or error: ..."""
    legs: Mapping[str, Mapping[str, Any]]
    """A `LegReport` as a dictionary and `frames`, `gaps`, `speech_seconds`, a leg."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChanged(Event):
    """A leg's believed emotion became another."""

    type: ClassVar[str] = "state"
    emotion: str
    previous: str
    confidence: float
    """Smoothed posterior of `emotion`, 0 to 1; 0 where it is unknown."""
    valence: float
    """-1 (negative) to 1 (positive)."""
    arousal: float
    """-1 (calm) to 1 (excited)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePoint(Event):
    """A moment at which a leg's emotion changed. First provisional; later confirmed or retracted under the same id."""

    type: ClassVar[str] = "change_point"
    id: str
    status: Literal["provisional", "confirmed", "retracted"]
    strength: float
    """How clearly the stretches before and after differ; at 1 it meets the configured false-alarm rate."""
    before: str
    after: str
    """Emotion label before and after the moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert(Event):
    """A rule fired, its finding grew, or it is over. `time` is when the condition began."""

    type: ClassVar[str] = "alert"
    id: str
    rule: str
    severity: Literal["info", "warning", "critical"]
    status: Literal["raised", "updated", "cleared"]
    message: str
    """One sentence for the supervisor."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """The measured values that met the condition."""
    delay: float = 0.0
    """Whole seconds after `at` by which it became known, where a sender or the network had held back what it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertAcknowledged(Event):
    """A person took note of an alert. Comes from outside, so it is not replayed."""

    type: ClassVar[str] = "alert_acknowledged"
    id: str
    by: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertAssigned(Event):
    """A person gave an alert to somebody. Not replayed, like all that people say."""

    type: ClassVar[str] = "alert_assigned"
    id: str
    by: str
    to: str
    """Empty: to nobody any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSnoozed(Event):
    """A person wants to hear no more of an alert for a while."""

    type: ClassVar[str] = "alert_snoozed"
    id: str
    by: str
    until: str
    """Wall clock, ISO 8601 UTC."""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertJudged(Event):
    """A person said whether an alert was right, perhaps long after the call. The last word of a person counts."""

    type: ClassVar[str] = "alert_judged"
    id: str
    by: str
    right: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteWritten(Event):
    """A person wrote something about a moment of a call, `time`, or about a stretch from it on."""

    type: ClassVar[str] = "note_written"
    id: str
    by: str
    text: str
    label: str = ""
    """What the stretch is, for training on; empty where it is no example."""
    end: float | None = None
    """Seconds of the call at which the stretch ends; None of a moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteErased(Event):
    """A person took a note back. `time` and `leg` are the note's."""

    type: ClassVar[str] = "note_erased"
    id: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMoved(Event):
    """A leg's audio came from a new sender (SSRC change), or one was refused."""

    type: ClassVar[str] = "source_moved"
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HearingChanged(Event):
    """What a leg's sender sends is not understood (encrypted, another codec) and silence to the engine, or it is again."""

    type: ClassVar[str] = "hearing"
    heard: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FramesSkipped(Event):
    """Frames were left without a result: overload, an engine error, a store that refused. They are marked in the store."""

    type: ClassVar[str] = "frames_skipped"
    frames: int
    cause: str
