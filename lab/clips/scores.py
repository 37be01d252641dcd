"""How much of a set of utterances was heard right, and how honest the confidence was. Definitions: docs/evaluate.md."""

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp, softmax
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, recall_score

from lab.document import Document

BINS = 15
"""Of confidence, as in Guo et al. (2017), arXiv:1706.04599."""

Logits = NDArray[np.float64]


class ReliabilityBin(Document):
    """Utterances of about the same confidence."""

    clips: int
    confidence: float
    accuracy: float


class ClipScores(Document):
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


def score(logits: Logits, truth: NDArray[np.int64], *, speakers: int = 1) -> ClipScores:
    """Score utterances by their logits, shape (n, K), against the true classes, shape (n,), indices below K.

    UAR: Schuller et al. (2009). Calibration error and temperature: Guo et al. (2017). Means are over the classes that occur.

    Raises `ValueError` for no utterance, or where shapes or classes do not fit.
    """
    count, classes = logits.shape
    if count == 0 or truth.shape != (count,) or truth.min() < 0 or truth.max() >= classes:
        raise ValueError(f"{count} utterances with {classes} logits do not fit truth of shape {truth.shape}")
    decided = logits.argmax(1)
    occurring = np.unique(truth)
    bins = reliability(softmax(logits, axis=1).max(1), decided == truth)
    return ClipScores(
        clips=count,
        speakers=speakers,
        uar=float(recall_score(truth, decided, labels=occurring, average="macro", zero_division=0.0)),
        wa=float(accuracy_score(truth, decided)),
        f1=float(f1_score(truth, decided, labels=occurring, average="macro", zero_division=0.0)),
        ece=sum(each.clips * abs(each.confidence - each.accuracy) for each in bins) / count,
        temperature=_best_temperature(logits, truth),
        confusion=confusion_matrix(truth, decided, labels=np.arange(classes)).tolist(),
        reliability=bins,
    )


def reliability(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> list[ReliabilityBin]:
    """Confidences in (0, 1], shape (n,), and whether the decision was right, in bins of equal width; none is empty."""
    places = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    members = [places == place for place in np.unique(places)]
    return [
        ReliabilityBin(clips=int(mine.sum()), confidence=float(confidence[mine].mean()), accuracy=float(right[mine].mean()))
        for mine in members
    ]


def _best_temperature(logits: Logits, truth: NDArray[np.int64]) -> float:
    def cross_entropy(logarithm: float) -> float:
        scaled = logits * np.exp(-logarithm)
        return float(np.mean(logsumexp(scaled, axis=1) - scaled[np.arange(len(truth)), truth]))

    found = minimize_scalar(cross_entropy, bounds=(np.log(0.1), np.log(10)), method="bounded")
    return float(np.exp(found.x))
