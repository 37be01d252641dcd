"""How much of a set of utterances was heard right, and how honest the confidence was. Definitions: docs/evaluate.md."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp, softmax
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, recall_score

BINS = 15
"""Of confidence, as in Guo et al. (2017), arXiv:1706.04599."""

Logits = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Bin:
    """Utterances whose confidence lies within one fifteenth."""

    clips: int
    confidence: float
    """Mean; of the most likely class."""
    accuracy: float


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Of n utterances among K classes."""

    clips: int
    uar: float
    """Unweighted average recall: mean over the classes that occur of the share found. Schuller et al. (2009)."""
    wa: float
    """Weighted accuracy: share of utterances decided right."""
    f1: float
    """Mean over the classes that occur of the harmonic mean of precision and recall."""
    ece: float
    """Expected calibration error: mean distance of confidence and accuracy over `BINS` bins. Guo et al. (2017)."""
    temperature: float
    """By which the logits must be divided for the least cross-entropy; 1 where they are calibrated. Guo et al. (2017)."""
    confusion: NDArray[np.int64]
    """Shape (K, K): row the true class, column the one heard."""
    bins: tuple[Bin, ...]
    """Of confidence, those with utterances in them."""


def score(logits: Logits, truth: NDArray[np.int64]) -> Scores:
    """Score utterances by their logits, shape (n, K), against the true classes, shape (n,), indices below K.

    Raises `ValueError` for no utterance, or where shapes or classes do not fit.
    """
    count, classes = logits.shape
    if count == 0 or truth.shape != (count,) or truth.min() < 0 or truth.max() >= classes:
        raise ValueError(f"{count} utterances with {classes} logits do not fit truth of shape {truth.shape}")
    decided = logits.argmax(1)
    occurring = np.unique(truth)
    bins = reliability(posterior(logits).max(1), decided == truth)
    return Scores(
        clips=count,
        uar=float(recall_score(truth, decided, labels=occurring, average="macro", zero_division=0.0)),
        wa=float(accuracy_score(truth, decided)),
        f1=float(f1_score(truth, decided, labels=occurring, average="macro", zero_division=0.0)),
        ece=sum(each.clips * abs(each.confidence - each.accuracy) for each in bins) / count,
        temperature=_best_temperature(logits, truth),
        confusion=confusion_matrix(truth, decided, labels=np.arange(classes)),
        bins=bins,
    )


def reliability(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> tuple[Bin, ...]:
    """Confidences in (0, 1], shape (n,), and whether the decision was right, in bins of equal width; none is empty."""
    places = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    members = [places == place for place in np.unique(places)]
    return tuple(Bin(int(mine.sum()), float(confidence[mine].mean()), float(right[mine].mean())) for mine in members)


def _best_temperature(logits: Logits, truth: NDArray[np.int64]) -> float:
    def cross_entropy(logarithm: float) -> float:
        scaled = logits * np.exp(-logarithm)
        return float(np.mean(logsumexp(scaled, axis=1) - scaled[np.arange(len(truth)), truth]))

    found = minimize_scalar(cross_entropy, bounds=(np.log(0.1), np.log(10)), method="bounded")
    return float(np.exp(found.x))


def posterior(logits: Logits) -> Logits:
    """Softmax over the last axis."""
    return np.asarray(softmax(logits, axis=-1))
