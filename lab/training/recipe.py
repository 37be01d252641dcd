"""Everything besides the clips that trained weights depend on."""

from dataclasses import dataclass, field
from typing import Literal

from lab.labels import HELD_SHARE
from monitor.engines.compact.weights import Shape
from monitor.engines.processor import has_bf16

Precision = Literal["fp32", "bf16"]
"""In which matrices are multiplied while learning."""


def native_precision() -> Precision:
    """The fastest in which this processor multiplies by itself."""
    return "bf16" if has_bf16() else "fp32"


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything besides the clips that the weights depend on."""

    seed: int = 1
    epochs: int = 32
    versions: int = 4
    """Telephone lines over which every clip is heard."""
    per_speaker: int = 0
    """Labelled clips taken of a speaker at most, 0 for all: a thousand of one teach little more than two hundred."""
    held_share: float = HELD_SHARE
    """Share of each dataset's speakers kept for measuring."""
    batch: int = 32
    rate: float = 1.5e-3
    """Peak learning rate."""
    weight_decay: float = 0.02
    dropout: float = 0.1
    smoothing: float = 0.1
    """Of the labels."""
    lesson: float = 2.0
    """What it counts to hear what the teacher hears, where there is one."""
    opinion: float = 0.5
    """What the soft labels count that come of it."""
    given: float = 0.7
    """What the given labels count beside them; without a teacher they count 1."""
    average: float = 0.999
    """Decay of the averaged weights, which are the ones that are kept."""
    draws: int = 0
    """Sequences an epoch; 0 for as many as there are clips."""
    unlabelled: float = 1.0
    """Sequences of speech without labels to one with, where there is such speech; it is heard over one line."""
    calm: tuple[str, ...] = ()
    """Datasets of the speech without labels in which people are nearly always neutral, such as recorded service calls."""
    precision: Precision = "fp32"
    shape: Shape = field(default_factory=Shape)
