"""Trains a head on labelled examples, and says what it is worth on speakers or calls that it has not heard.

Training needs scikit-learn (the extra `analysis`); a head that is trained needs numpy alone (`monitor/learned/head.py`).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from monitor.analysis.errors import ExamplesError
from monitor.analysis.labels import Labelled
from monitor.analysis.space import Space
from monitor.analysis.ticks import heard_ticks
from monitor.extras import ANALYSIS, need
from monitor.learned.documents import HeadDocument, checked
from monitor.learned.head import Head
from monitor.learned.speech_window import window_ticks

GroupBy = Literal["speaker", "call", "file"]
STRENGTHS = (0.001, 0.01, 0.1, 1.0, 10.0)
"""Inverse strengths of regularisation (scikit-learn's C) that are tried, on the training folds alone."""
_MIDDLING = 0.1
"""Where there are too few groups to choose."""
_BINS = 10
"""Of probability, for the calibration error."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a head is trained."""

    name: str
    group: GroupBy | None = None
    """Whose examples are kept together; None: speakers where the labels name them, else calls."""
    folds: int = 5
    window: float = 3.0
    """Seconds of speech that are one example, and that the head hears at a time."""
    balance: bool = True
    """Whether each label counts the same, however many examples it has. Probabilities are then as if all were as frequent."""
    seed: int = 0
    same_engine: bool = False


@dataclass(frozen=True, slots=True)
class Figures:
    """What a head is worth, on groups that were not trained on."""

    examples: int
    windows: int
    group: GroupBy
    groups: int
    folds: int
    labels: dict[str, int]
    """Examples of each."""
    accuracy: float
    majority: float
    """What always guessing the most frequent label has."""
    balanced_accuracy: float
    """Mean recall of the labels; a guess has 1 / labels."""
    accuracy_by_fold: tuple[float, ...]
    confusion: tuple[tuple[int, ...], ...]
    """A row a label that is right, a column a label that was said."""
    recall: dict[str, float]
    precision: dict[str, float | None]
    """None of a label that was never said."""
    log_loss: float
    """In nats, of the probabilities as they are told, weighted as in training."""
    calibration_error: float
    """Expected: how far probability and share of right ones are apart, after the temperature; which is fitted to the same."""
    calibration_error_before: float
    strength: float

    def as_dict(self) -> dict[str, Any]:
        """As JSON-ready data."""
        return asdict(self)


@dataclass(frozen=True, slots=True, eq=False)
class _Windows:
    """All that is trained on."""

    x: NDArray[np.float64]
    """Shape (n, D)."""
    y: NDArray[np.intp]
    """Shape (n,): index of the label."""
    example: NDArray[np.intp]
    """Shape (n,): of which example each is."""
    groups: NDArray[np.intp]
    """Shape (n,)."""
    weight: NDArray[np.float64]
    """Shape (n,): an example's windows count as one, and where it is balanced, a label's examples as many as another's."""


def train_head(labelled: Sequence[Labelled], plan: Plan, source: str) -> tuple[Head, Figures]:
    """A head of labelled examples, and its figures by cross-validation: groups are never split, and each choice is made on the
    training folds alone. `source` is what it was learnt from, for its header.

    Raises `ExamplesError` where there is too little, `MixedWidthsError`, `DifferentEnginesError`, `NoFramesError` where
    embeddings do not fit, and `ConfigError` where scikit-learn is not installed, or a name or label cannot be one.
    """
    need(ANALYSIS, "training a head", ExamplesError)
    if not labelled:
        raise ExamplesError("no labelled examples")
    space = Space(same_engine=plan.same_engine)
    ticks = [heard_ticks(space.take(one.embedding))[0] for one in labelled]
    labels = tuple(sorted({one.example.label for one in labelled}))
    if len(labels) < 2:
        raise ExamplesError(f"one label only ({labels[0]}): a head tells labels from each other")
    header: dict[str, Any] = {
        "name": plan.name,
        "engine": space.key.name,
        "engine_version": space.key.version,
        "dim": space.key.dim,
        "window": plan.window,
        "sources": (source,),
        "calls": tuple(dict.fromkeys(one.example.call for one in labelled if one.example.call)),
        "labels": labels,
        "temperature": 1.0,
    }
    checked(HeadDocument, header, f"head {plan.name}")
    by, names = _groups(labelled, plan.group)
    windows = _windows(labelled, ticks, labels, names, plan)
    folds = _folds(windows, labels, by, plan)
    chosen, logits = _held_out(windows, folds, len(labels))
    temperature = _temperature(logits, windows)
    strength = float(np.median(chosen))
    weight, bias = _fit(windows, np.arange(len(windows.y)), strength, len(labels))
    figures = _figures(windows, logits, temperature, folds, labels, by, strength)
    header |= {"temperature": temperature, "figures": figures.as_dict()}
    document = checked(HeadDocument, header, f"head {plan.name}")
    return Head.make(document, weight / temperature, bias / temperature), figures


def _groups(labelled: Sequence[Labelled], by: GroupBy | None) -> tuple[GroupBy, list[str]]:
    """What examples are grouped by, and the group of each."""
    told: dict[GroupBy, Callable[[Labelled], str]] = {
        "speaker": lambda one: one.example.speaker,
        "call": lambda one: one.example.call,
        "file": lambda one: one.example.name,
    }
    if by is None:
        by = next((each for each in told if each != "file" and all(told[each](one) for one in labelled)), None)
    if by is None:
        raise ExamplesError(
            "who speaks? Add a column speaker to the labels, or say --group file if nobody is in two of the files"
        )
    if without := next((one for one in labelled if not told[by](one)), None):
        raise ExamplesError(f"line {without.example.line} of the labels does not say the {by}, by which examples are grouped")
    return by, [told[by](one) for one in labelled]


def _windows(
    labelled: Sequence[Labelled], ticks: Sequence[NDArray[np.float64]], labels: Sequence[str], names: Sequence[str], plan: Plan
) -> _Windows:
    length = window_ticks(plan.window)
    means = [_means(each, length) for each in ticks]
    counts = [len(each) for each in means]
    of_label = Counter(one.example.label for one in labelled)
    share = {label: len(labelled) / (len(labels) * of_label[label]) if plan.balance else 1.0 for label in labels}
    known = {name: index for index, name in enumerate(dict.fromkeys(names))}
    return _Windows(
        np.concatenate(means),
        np.repeat([labels.index(one.example.label) for one in labelled], counts),
        np.repeat(np.arange(len(labelled)), counts),
        np.repeat([known[name] for name in names], counts),
        np.repeat([share[one.example.label] / count for one, count in zip(labelled, counts, strict=True)], counts),
    )


def _means(ticks: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """Means of windows one after the other; a last one that is shorter than half is left out, unless there is no other."""
    starts = range(0, len(ticks), length)
    return np.stack(
        [ticks[start : start + length].mean(axis=0) for start in starts if start == 0 or 2 * (len(ticks) - start) >= length]
    )


def _folds(windows: _Windows, labels: Sequence[str], by: str, plan: Plan) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    from sklearn.model_selection import StratifiedGroupKFold

    groups = len(np.unique(windows.groups))
    if plan.folds < 2:
        raise ExamplesError(f"{plan.folds} folds: at least 2")
    if groups < plan.folds:
        raise ExamplesError(
            f"{groups} {by}{'' if groups == 1 else 's'} for {plan.folds} folds: label more, or say fewer --folds"
        )
    for index, label in enumerate(labels):
        if len(np.unique(windows.groups[windows.y == index])) < 2:
            raise ExamplesError(f"label {label} is of one {by} alone: whether it is found in another cannot be told")
    splitter = StratifiedGroupKFold(plan.folds, shuffle=True, random_state=plan.seed)
    folds = [(train, test) for train, test in splitter.split(windows.x, windows.y, windows.groups) if len(test)]
    for train, _ in folds:
        if missing := set(range(len(labels))) - set(windows.y[train].tolist()):
            label = labels[missing.pop()]
            raise ExamplesError(
                f"all examples of {label} fall into one of {plan.folds} folds: label more of it, or say fewer --folds"
            )
    return folds


def _held_out(
    windows: _Windows, folds: Sequence[tuple[NDArray[np.intp], NDArray[np.intp]]], labels: int
) -> tuple[list[float], NDArray[np.float64]]:
    """The strength chosen in each fold, and logits of all windows, shape (n, labels), each by what has not seen its group."""
    logits = np.zeros((len(windows.y), labels))
    chosen = []
    for train, test in folds:
        strength = _strength(windows, train, labels)
        weight, bias = _fit(windows, train, strength, labels)
        logits[test] = windows.x[test] @ weight + bias
        chosen.append(strength)
    return chosen, logits


def _strength(windows: _Windows, rows: NDArray[np.intp], labels: int) -> float:
    """The one with the least loss on groups kept out of these rows."""
    from sklearn.model_selection import GroupKFold

    groups = len(np.unique(windows.groups[rows]))
    losses = np.zeros(len(STRENGTHS))
    if groups < 2:
        return _MIDDLING
    for train, test in GroupKFold(min(3, groups)).split(rows, groups=windows.groups[rows]):
        if len(np.unique(windows.y[rows[train]])) < labels:
            continue
        for index, strength in enumerate(STRENGTHS):
            weight, bias = _fit(windows, rows[train], strength, labels)
            losses[index] += _loss(windows.x[rows[test]] @ weight + bias, windows.y[rows[test]], windows.weight[rows[test]])
    return STRENGTHS[int(losses.argmin())] if losses.any() else _MIDDLING


def _fit(
    windows: _Windows, rows: NDArray[np.intp], strength: float, labels: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights (D, labels) and bias (labels,) on embeddings as they are."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(windows.x[rows])
    model = LogisticRegression(C=strength, max_iter=2000)
    model.fit(scaler.transform(windows.x[rows]), windows.y[rows], sample_weight=windows.weight[rows])
    weight, bias = model.coef_.T, model.intercept_
    if labels == 2:
        weight, bias = np.hstack([-weight / 2, weight / 2]), np.concatenate([-bias / 2, bias / 2])
    weight = weight / scaler.scale_[:, None]
    return weight, bias - scaler.mean_ @ weight


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    scaled = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(scaled / scaled.sum(axis=1, keepdims=True))


def _loss(logits: NDArray[np.float64], y: NDArray[np.intp], weight: NDArray[np.float64]) -> float:
    shifted = logits - logits.max(axis=1, keepdims=True)
    losses = np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(y)), y]
    return float((weight * losses).sum() / weight.sum())


def _temperature(logits: NDArray[np.float64], windows: _Windows) -> float:
    """By which held-out logits are divided for the least loss (Guo et al. 2017)."""
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        lambda log: _loss(logits / np.exp(log), windows.y, windows.weight), bounds=(-3, 3), method="bounded"
    )
    return float(np.exp(found.x))


def _calibration_error(posterior: NDArray[np.float64], y: NDArray[np.intp], weight: NDArray[np.float64]) -> float:
    confidence, right = posterior.max(axis=1), posterior.argmax(axis=1) == y
    bins = np.minimum((confidence * _BINS).astype(np.intp), _BINS - 1)
    apart = np.bincount(bins, weight * (confidence - right), _BINS)
    return float(np.abs(apart).sum() / weight.sum())


def _figures(
    windows: _Windows,
    logits: NDArray[np.float64],
    temperature: float,
    folds: Sequence[tuple[NDArray[np.intp], NDArray[np.intp]]],
    labels: Sequence[str],
    by: GroupBy,
    strength: float,
) -> Figures:
    posterior = _softmax(logits / temperature)
    examples = int(windows.example[-1]) + 1
    of_example = np.zeros((examples, len(labels)))
    np.add.at(of_example, windows.example, posterior)
    first = np.unique(windows.example, return_index=True)[1]
    truth, said = windows.y[first], of_example.argmax(axis=1)
    confusion = np.zeros((len(labels), len(labels)), np.intp)
    np.add.at(confusion, (truth, said), 1)
    right = truth == said
    recall = confusion.diagonal() / confusion.sum(axis=1)
    named = confusion.sum(axis=0)
    return Figures(
        examples=examples,
        windows=len(windows.y),
        group=by,
        groups=len(np.unique(windows.groups)),
        folds=len(folds),
        labels={label: int(confusion[index].sum()) for index, label in enumerate(labels)},
        accuracy=float(right.mean()),
        majority=float(confusion.sum(axis=1).max() / examples),
        balanced_accuracy=float(recall.mean()),
        accuracy_by_fold=tuple(float(right[np.unique(windows.example[test])].mean()) for _, test in folds),
        confusion=tuple(tuple(int(count) for count in row) for row in confusion),
        recall={label: float(recall[index]) for index, label in enumerate(labels)},
        precision={
            label: float(confusion[index, index] / named[index]) if named[index] else None for index, label in enumerate(labels)
        },
        log_loss=_loss(logits / temperature, windows.y, windows.weight),
        calibration_error=_calibration_error(posterior, windows.y, windows.weight),
        calibration_error_before=_calibration_error(_softmax(logits), windows.y, windows.weight),
        strength=strength,
    )
