"""What a model gets right on speakers it never heard, and how sure it may be."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.metrics import recall_score

from lab.labels import EMOTIONS
from lab.training.batches import Sampler
from lab.training.model import Model

FOUR = tuple(EMOTIONS.index(name) for name in ("angry", "happy", "neutral", "sad"))
"""The classes that every set has, among which sets are compared."""

Logits = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Utterance logits of n clips, and the truth."""

    logits: Logits
    """Shape (n, C)."""
    labels: NDArray[np.int64]
    datasets: NDArray[np.str_]

    @property
    def temperature(self) -> float:
        """By which logits must be divided to be honest."""
        return fit_temperature(self.logits, self.labels)

    def summary(self) -> dict[str, float]:
        """Means over datasets."""
        table = self.table()
        return {name: round(float(np.mean([row[name] for row in table.values()])), 4) for name in ("uar4", "uar")}

    def table(self) -> dict[str, dict[str, Any]]:
        """Of each dataset: clips, unweighted average recall among four classes and among all that the set has."""
        rows: dict[str, dict[str, Any]] = {}
        for name in sorted(set(self.datasets.tolist())):
            mine = self.datasets == name
            logits, labels = self.logits[mine], self.labels[mine]
            four = np.isin(labels, FOUR)
            among_four = np.array(FOUR)[logits[four][:, FOUR].argmax(1)] if four.any() else labels[:0]
            rows[name] = {
                "clips": int(mine.sum()),
                "uar4": round(recall(labels[four], among_four), 4) if four.any() else 0.0,
                "uar": round(recall(labels, logits.argmax(1)), 4),
            }
        return rows


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """n clips, each alone, its frames averaged over speech by the model's own account."""

    embeddings: NDArray[np.float64]
    """Shape (n, D)."""
    logits: Logits
    """Shape (n, C)."""
    labels: NDArray[np.int64]
    datasets: NDArray[np.str_]


def hear_alone(model: Model, sampler: Sampler) -> Heard:
    """Every clip of `sampler` by itself."""
    embeddings, logits, labels = [], [], []
    with torch.no_grad():
        for batch in sampler.singles(64):
            embedding, frames, spoken = model(torch.from_numpy(batch.steps))
            share = (torch.sigmoid(spoken) * torch.from_numpy(batch.valid) + 1e-6)[..., None]
            embeddings.append(((embedding * share).sum(1) / share.sum(1)).double().numpy())
            logits.append(((frames * share).sum(1) / share.sum(1)).double().numpy())
            labels.append(batch.labels)
    datasets = np.array([sampler.dataset(place) for place in sampler.single_places()])
    return Heard(np.concatenate(embeddings), np.concatenate(logits), np.concatenate(labels), datasets)


def measure(model: Model, sampler: Sampler) -> Measured:
    """How every clip of `sampler` is heard alone."""
    heard = hear_alone(model, sampler)
    return Measured(heard.logits, heard.labels, heard.datasets)


def recall(labels: NDArray[np.int64], decided: NDArray[np.int64]) -> float:
    """Mean over the classes that occur of the share found."""
    return float(recall_score(labels, decided, labels=np.unique(labels), average="macro", zero_division=0.0))


def fit_temperature(logits: Logits, labels: NDArray[np.int64]) -> float:
    """The temperature of least cross-entropy (Guo et al., arXiv 1706.04599), to a hundredth."""
    candidates = np.round(np.arange(0.3, 4.0, 0.01), 2)
    return float(candidates[np.argmin([_cross_entropy(logits / t, labels) for t in candidates])])


def _cross_entropy(logits: Logits, labels: NDArray[np.int64]) -> float:
    return float(-np.log(softmax(logits, axis=1)[np.arange(len(labels)), labels] + 1e-12).mean())
