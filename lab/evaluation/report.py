"""What `evaluate` found, as data: the JSON that it writes. Shares and errors are 0 to 1; times are seconds."""

from typing import Any

from pydantic import Field, InstanceOf

from lab.calls import CallsResult
from lab.calls.affect import AffectPart
from lab.calls.judged import JudgedFigures
from lab.calls.report import BaselinePart, CallsPart
from lab.clips.probe import Probe
from lab.clips.scores import ClipScores
from lab.document import Document


class LegShares(Document):
    """One leg of recordings without labels."""

    speech_hours: float
    emotions: dict[str, float] = Field(description="share of speech in which each emotion was shown; `unknown` is one")
    change_points_per_hour: float = Field(description="confirmed, an hour of the recordings")


class Recordings(Document):
    """What was heard of recordings without labels: there is no right or wrong."""

    recordings: int
    hours: float
    alerts_per_hour: float
    emotion_alerts_per_hour: float = Field(
        description="of rules that look at emotion, affect, change points, labels, templates"
    )
    recordings_with_emotion_alerts: int = Field(description="in which one or more of these were raised")
    alerts_per_hour_by_rule: dict[str, float]
    change_points_per_hour: float
    legs: dict[str, LegShares]


class DegradedPoint(Document):
    """Clips heard under one condition of a sweep."""

    sweep: str = Field(description="codec, loss, level, or noise: NAME")
    value: float | str = Field(description="dB, percent, or the name of a codec")
    clips: int
    uar: float = Field(description="mean of the datasets' uar")
    f1: float = Field(description="of all clips")
    ece: float = Field(description="of all clips")


class EngineUsed(Document):
    """What heard."""

    name: str
    model: str
    version: str
    licence: str = Field(default="", description="of the weights")
    labels: list[str]
    window: float
    hop: float
    lookahead: float


class UnheardFile(Document):
    """A file that could not be heard and is in no figure."""

    file: str
    reason: str


class Difference(Document):
    """One figure of what both runs heard."""

    other: float | None = Field(description="of the run that was named")
    this: float | None
    low: float | None = Field(default=None, description="bounds of this minus other, for 95 % of resampled speakers")
    high: float | None = None


class Against(Document):
    """This run against another."""

    file: str
    version: str = Field(description="of the other run's weights")
    calls: int = Field(description="that both heard")
    clips: int
    people: int
    figures: dict[str, Difference]


class Report(Document):
    """All of it."""

    format: int = 1
    engine: EngineUsed
    settings: dict[str, Any] = Field(description="the sections state, changes and alerts that were in force")
    line: str = Field(description="clean (as recorded) or telephone")
    seed: int
    classes: list[str] = Field(description="among which clips are decided, in the order of the confusion matrices")
    speakers: str = Field(description="all or held")
    seconds: float = Field(description="of audio heard, all conditions together")
    wall_seconds: float
    jobs: int
    clips: dict[str, ClipScores] | None = Field(default=None, description="`all`, and each dataset")
    languages: dict[str, ClipScores] | None = Field(default=None, description="clips by language, where it is told")
    people: dict[str, list[list[int]]] | None = Field(
        default=None, description="confusion of each dataset/speaker, as `clips.all.confusion`"
    )
    probe: Probe | None = Field(default=None, description="what a linear classifier tells from the embeddings of the clips")
    calls: CallsPart | None = Field(default=None, description="figures of labelled calls")
    baselines: dict[str, BaselinePart] | None = Field(default=None, description="of the same calls, by other means")
    calls_result: InstanceOf[CallsResult] | None = Field(default=None, exclude=True, description="the same, to print and draw")
    affect: AffectPart | None = Field(default=None, description="valence and arousal beside those of annotators")
    judged: dict[str, JudgedFigures] | None = Field(
        default=None, description="judged alerts of stored calls by rule, under these settings and rules"
    )
    recordings: Recordings | None = None
    degraded: list[DegradedPoint] | None = None
    against: Against | None = Field(default=None, description="this run beside another, where one was named")
    unheard: list[UnheardFile] = Field(default=[])
