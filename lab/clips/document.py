"""What a report says of clips, as data."""

from pydantic import Field

from lab.calls.document import Part


class ReliabilityBin(Part):
    """Utterances of about the same confidence."""

    clips: int
    confidence: float
    accuracy: float


class ClipScores(Part):
    """What was heard right of some clips. Definitions: docs/evaluate.md."""

    clips: int
    speakers: int
    uar: float = Field(description="unweighted average recall")
    wa: float = Field(description="weighted accuracy: share of clips decided right")
    f1: float = Field(description="mean over classes of F1")
    ece: float = Field(description="expected calibration error, 15 bins")
    temperature: float = Field(
        description="by which logits would have to be divided for the least cross-entropy, within 0.1 to 10"
    )
    uar_mean_of_datasets: float | None = Field(
        default=None, description="of `all`: mean of the datasets' uar, each counting the same"
    )
    confusion: list[list[int]] = Field(description="rows the true class, columns the one heard, in the order of `classes`")
    reliability: list[ReliabilityBin]
