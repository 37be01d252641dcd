"""What is written of labelled calls: the parts `calls` and `baselines` of the JSON. Shares are 0 to 1, times seconds."""

from pydantic import BaseModel, ConfigDict, Field

from lab.calls.figures import AlertFigures, ChangeFigures


class Part(BaseModel):
    """Base of all parts: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class EderParts(Part):
    """Kinds of error; they add up to the rate."""

    missed: float | None = None
    false: float | None = None
    confused: float | None = None


class CallsFigures(Part):
    """Figures of some calls. Definitions: docs/evaluate-calls.md."""

    calls: int
    hours: float
    legs: list[str] = Field(description="that were scored")
    eder: float | None = Field(default=None, description="emotion diarization error rate of the emotion shown; mean over calls")
    eder_parts: EderParts
    eder_argmax: float | None = Field(default=None, description="the same of the likeliest emotion of each frame by itself")
    unknown: float | None = Field(default=None, description="share of labelled time in which `unknown` was shown")
    changes: ChangeFigures
    alerts: AlertFigures


class AlertsMeasured(Part):
    """Which alerts were held against the labels."""

    rules: list[str]
    emotion: str
    grace: float


class CallRow(Part):
    """One call."""

    call: str
    dataset: str
    language: str
    speaker: str
    seconds: float
    eder: float | None = None
    changes: int = Field(description="that there are")
    found: int
    right_2s: int = Field(description="found within 2 s")
    f1_2s: float | None = None
    blocks: int = Field(description="stretches that alerts are to tell of")
    hits: int
    false: int
    delay: float | None = Field(default=None, description="median, of the alerts that are right")


class CallsPart(CallsFigures):
    """Figures of all calls, of parts of them, and each call in a line."""

    intervals: dict[str, tuple[float, float]] = Field(description="95 % bootstrap bounds over speakers")
    alerts_of: AlertsMeasured
    by_dataset: dict[str, CallsFigures]
    by_language: dict[str, CallsFigures]
    by_leg: dict[str, CallsFigures] = Field(description="alerts are those of all legs")
    rows: list[CallRow]


class BaselinePart(Part):
    """Another way to say something of the same calls."""

    about: str
    eder: float | None = None
    changes: ChangeFigures | None = None
