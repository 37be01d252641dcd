"""The format of composed calls: `NAME.json` beside `NAME.wav`, one call a file.

    {"seconds": 63.2, "channels": ["customer", "agent"], "speaker": "08", "dataset": "ravdess", "lang": "en",
     "segments": [{"channel": "customer", "start": 1.02, "end": 3.4, "emotion": "neutral"}, ...],
     "changes":  [{"channel": "customer", "time": 21.7, "from": "neutral", "to": "angry"}, ...]}

`changes` may be left out: then they are the onsets of the first segment of each other emotion. A call that was labelled by
hand is written the same way. Further keys are ignored.
"""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, Strict

from lab.calls.labelled import LabelledCall, Segment, TrueChange, changes_between
from monitor.events import Leg

Time = Annotated[float, Strict(), Field(allow_inf_nan=False, le=1e6)]
Text = Annotated[str, Strict()]


class _Label(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


class _Segment(_Label):
    channel: Leg
    start: Time
    end: Time
    emotion: Text


class _Change(_Label):
    channel: Leg
    time: Time
    before: Text = Field(alias="from")
    after: Text = Field(alias="to")


class ComposedLabels(_Label):
    """The JSON of one call."""

    seconds: Time
    channels: tuple[Leg, ...] = Field(min_length=1, max_length=2)
    segments: tuple[_Segment, ...]
    changes: tuple[_Change, ...] | None = None
    speaker: Text = ""
    dataset: Text = "calls"
    lang: Text = ""

    def call(self, name: str, audio: Path) -> LabelledCall:
        """The same as a labelled call. Raises `ValueError` where the labels contradict each other."""
        segments = tuple(
            Segment(part.channel, part.start, part.end, part.emotion)
            for part in sorted(self.segments, key=lambda part: part.start)
        )
        changes = (
            changes_between(segments)
            if self.changes is None
            else tuple(
                TrueChange(part.channel, part.time, part.before, part.after)
                for part in sorted(self.changes, key=lambda part: part.time)
            )
        )
        return LabelledCall(name, audio, self.seconds, self.channels, segments, changes, self.speaker, self.dataset, self.lang)


def parse(data: Any, name: str, audio: Path) -> LabelledCall:
    """One call. Raises `ValueError`, or pydantic's, which is one, where `data` is not that format or contradicts itself."""
    return ComposedLabels.model_validate(data).call(name, audio)
