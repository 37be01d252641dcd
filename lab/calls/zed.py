"""The format of the Zaion Emotion Dataset (Wang, Ravanelli & Yacoubi 2023, "Speech Emotion Diarization"), as SpeechBrain's
recipe `ZaionEmotionDataset` reads it: one `ZED.json` for all recordings, each of one speaker.

    {"spk1_1": {"wav": "datafolder/spk1/1.wav", "duration": 5.22,
                "emotion": [{"emo": "angry", "start": 1.016, "end": 4.3}], "transcription": "..."}, ...}

`datafolder` stands for the folder of the JSON file; other paths are taken relative to it. What no emotion covers is neutral, as
there. Unlike there, a recording may hold several emotions, or none. Further keys are ignored, but for `speaker` and `lang`.
"""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, Strict

from lab.calls.labelled import ROUNDING, LabelledCall, Segment, changes_between
from monitor.affect.baseline import NEUTRAL

Time = Annotated[float, Strict(), Field(allow_inf_nan=False, ge=0, le=1e6)]

NAMES = {
    "angry": ("a", "ang", "anger"),
    "disgusted": ("d", "disgust"),
    "fearful": ("f", "fea", "fear"),
    "happy": ("h", "hap", "happiness", "joy", "amused"),
    "neutral": ("n", "neu", "calm"),
    "other": ("o",),
    "sad": ("s", "sadness"),
    "surprised": ("surprise",),
}
"""Ours, and what the corpora that SpeechBrain prepares in this format call them."""
_OURS = {theirs: ours for ours, names in NAMES.items() for theirs in (ours, *names)}


class _Emotion(BaseModel):
    emo: Annotated[str, Strict()]
    start: Time
    end: Time


class _Recording(BaseModel):
    model_config = ConfigDict(extra="ignore")

    wav: Annotated[str, Strict(), Field(min_length=1)]
    duration: Time
    emotion: tuple[_Emotion, ...]
    speaker: Annotated[str, Strict()] = ""
    lang: Annotated[str, Strict()] = ""


def looks_like(data: Any) -> bool:
    """Whether JSON data is of this format rather than of another: it names recordings by their id."""
    return isinstance(data, dict) and bool(data) and all(isinstance(item, dict) and "wav" in item for item in data.values())


def parse(data: Any, name: str, folder: Path) -> LabelledCall:
    """One recording. Raises `ValueError` where it is not that format or contradicts itself."""
    recording = _Recording.model_validate(data)
    emotions = sorted(recording.emotion, key=lambda part: part.start)
    segments = _filled(
        [Segment("mixed", part.start, min(part.end, recording.duration), our_name(part.emo)) for part in emotions],
        recording.duration,
    )
    if over := [part.end for part in emotions if part.end > recording.duration + 0.1]:
        raise ValueError(f"an emotion ends at {max(over)} s, after the audio, which is {recording.duration} s long")
    audio = (
        Path(recording.wav.replace("datafolder", str(folder), 1)) if "datafolder" in recording.wav else folder / recording.wav
    )
    changes = changes_between(segment for segment in segments if segment.end - segment.start > ROUNDING)
    return LabelledCall(
        name, audio, recording.duration, ("mixed",), segments, changes, recording.speaker, "zed", recording.lang
    )


def our_name(emotion: str) -> str:
    """Our name of an emotion. Raises `ValueError` where there is none."""
    try:
        return _OURS[emotion.strip().lower()]
    except KeyError:
        raise ValueError(f"unknown emotion {emotion!r}; known: {', '.join(sorted(_OURS))}") from None


def _filled(segments: list[Segment], duration: float) -> tuple[Segment, ...]:
    """The segments, and neutral ones between them."""
    whole: list[Segment] = []
    reached = 0.0
    for segment in segments:
        if segment.start > reached:
            whole.append(Segment("mixed", reached, segment.start, NEUTRAL))
        whole.append(segment)
        reached = max(reached, segment.end)
    if reached < duration:
        whole.append(Segment("mixed", reached, duration, NEUTRAL))
    return tuple(whole)
