"""What a linear classifier tells from an engine's embeddings of clips, on speakers it has not heard.

The protocol of EmoBox (Ma et al. 2024, arXiv:2406.07162) and SERAB (Scheidwasser-Clow et al. 2022, arXiv:2110.03414): the
engine stays as it is, each dataset is a task of its own, an utterance is the mean of its frames, and a simple classifier is
trained and tested in folds of speakers. What is ours stands in docs/evaluate.md.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from lab.calls.bootstrap import bounds
from lab.clips.measure import ClipsHeard
from lab.document import Document
from lab.labels import Clip
from monitor.errors import ConfigError

DRAWN = 5
"""Folds, where nobody says how many and the set publishes none."""
STRENGTHS = (0.001, 0.01, 0.1, 1.0, 10.0)
"""Inverse strengths of regularisation (scikit-learn's C) that are tried, on the training clips alone."""
MIDDLING = 0.1
"""Where a single speaker is trained on, so that there is nobody to choose by."""
INNER = 3
"""Folds of the training speakers in which the strength is chosen."""

Rows = NDArray[np.intp]
Confusion = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Folds:
    """How clips are divided."""

    count: int | None = None
    """Drawn, by speaker; fewer where there are fewer speakers. None: those that a dataset publishes, else `DRAWN`."""
    seed: int = 1
    """Of what is drawn."""


class FoldScores(Document):
    """What was told of the clips of one fold, by a probe of the others."""

    fold: str
    clips: int = Field(description="tested")
    speakers: int = Field(description="tested")
    trained_on: int = Field(description="clips")
    strength: float = Field(description="scikit-learn's C, chosen on the clips trained on")
    uar: float
    wa: float
    f1: float


class ProbeScores(Document):
    """One dataset. Figures are means of the folds, each counting the same."""

    clips: int = Field(description="tested")
    speakers: int = Field(description="tested")
    speakers_in_several_folds: int = Field(description="whom a probe was tested on that had learned from them")
    classes: list[str]
    uar: float = Field(description="unweighted average recall")
    wa: float = Field(description="weighted accuracy: share of clips told right")
    f1: float = Field(description="mean over classes of F1")
    intervals: dict[str, tuple[float, float]] = Field(description="of uar, wa, f1: bounds for 95 % of resampled speakers")
    confusion: list[list[int]] = Field(description="of all folds: rows the true class, columns the one told, as `classes`")
    folds: list[FoldScores]


class Probe(Document):
    """A linear probe of the embeddings, dataset by dataset."""

    dim: int = Field(description="numbers an embedding")
    uar_mean_of_datasets: float
    datasets: dict[str, ProbeScores]


def check_folds(clips: Sequence[Clip], folds: Folds) -> None:
    """Raises `ConfigError` where a dataset cannot be divided: one speaker, one emotion, a fold to test on whose other clips
    are of one emotion."""
    for name, places in _by_dataset(clips).items():
        list(_splits(name, [clips[place] for place in places], folds))


def probe(heard: ClipsHeard, folds: Folds, progress: Callable[[int, int], object] = lambda _done, _of: None) -> Probe:
    """Train and test; `progress` is told how many datasets of how many are done.

    Raises `ConfigError` where the engine gives no embeddings, and like `check_folds`.
    """
    dim = heard.embeddings.shape[1]
    if dim == 0:
        raise ConfigError("--probe: this engine gives no embeddings")
    datasets = _by_dataset(heard.clips)
    found = {}
    for done, (name, places) in enumerate(datasets.items(), start=1):
        found[name] = _Task(name, [heard.clips[place] for place in places], folds).scores(heard.embeddings[places])
        progress(done, len(datasets))
    return Probe(dim=dim, uar_mean_of_datasets=float(np.mean([each.uar for each in found.values()])), datasets=found)


class _Task:
    """One dataset."""

    def __init__(self, name: str, clips: Sequence[Clip], folds: Folds) -> None:
        self._splits = list(_splits(name, clips, folds))
        self._classes = sorted({clip.emotion for clip in clips})
        self._truth = np.array([self._classes.index(clip.emotion) for clip in clips], np.intp)
        self._speakers = np.array([clip.speaker for clip in clips], np.str_)

    def scores(self, embeddings: NDArray[np.float64]) -> ProbeScores:
        """`embeddings` of the clips, shape (n, D)."""
        rows, people = [], defaultdict(list)
        for number, (fold, train, test) in enumerate(self._splits):
            strength = self._strength(embeddings, train)
            told = self._told(embeddings, train, test, strength)
            tested = np.unique(self._speakers[test])
            for speaker in tested:
                mine = self._speakers[test] == speaker
                people[speaker].append((number, self._confusion(test[mine], told[mine])))
            rows.append(
                FoldScores(
                    fold=fold,
                    clips=len(test),
                    speakers=len(tested),
                    trained_on=len(train),
                    strength=strength,
                    **_figures(self._confusion(test, told)),
                )
            )
        parts_of_all = [part for mine in people.values() for part in mine]
        return ProbeScores(
            clips=sum(row.clips for row in rows),
            speakers=len(people),
            speakers_in_several_folds=self._heard_before(),
            classes=self._classes,
            intervals=bounds(list(people.values()), _mean_of_folds),
            confusion=np.sum([confusion for _, confusion in parts_of_all], axis=0).tolist(),
            folds=rows,
            **_mean_of_folds(parts_of_all),
        )

    def _heard_before(self) -> int:
        both = [set(self._speakers[train]) & set(self._speakers[test]) for _, train, test in self._splits]
        return len(set().union(*both))

    def _strength(self, x: NDArray[np.float64], train: Rows) -> float:
        """The one with the highest recall of speakers kept out of these clips; the least of equals."""
        speakers = self._speakers[train]
        groups = len(np.unique(speakers))
        if groups < 2:
            return MIDDLING
        counts = np.zeros((len(STRENGTHS), len(self._classes), len(self._classes)), np.int64)
        for inner, outer in GroupKFold(min(INNER, groups)).split(train, groups=speakers):
            if len(np.unique(self._truth[train[inner]])) > 1:
                for index, strength in enumerate(STRENGTHS):
                    told = self._told(x, train[inner], train[outer], strength)
                    counts[index] += self._confusion(train[outer], told)
        if not counts.any():
            return MIDDLING
        return STRENGTHS[int(np.argmax([_figures(each)["uar"] for each in counts]))]

    def _told(self, x: NDArray[np.float64], train: Rows, test: Rows, strength: float) -> Rows:
        model: Pipeline = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=2000))
        return np.asarray(model.fit(x[train], self._truth[train]).predict(x[test]), np.intp)

    def _confusion(self, rows: Rows, told: Rows) -> Confusion:
        counts = np.zeros((len(self._classes), len(self._classes)), np.int64)
        np.add.at(counts, (self._truth[rows], told), 1)
        return counts


def _splits(name: str, clips: Sequence[Clip], folds: Folds) -> Iterator[tuple[str, Rows, Rows]]:
    """Name, training clips and tested clips of each fold."""
    emotions = np.array([clip.emotion for clip in clips], np.str_)
    if len(np.unique(emotions)) < 2:
        raise ConfigError(f"--probe: all clips of {name} are {emotions[0]}: there is nothing to tell apart")
    published = folds.count is None and any(clip.fold for clip in clips)
    of_clip = np.array([clip.fold for clip in clips], np.str_) if published else _drawn(name, clips, emotions, folds)
    for fold in sorted(set(of_clip.tolist()) - {""}, key=lambda text: (len(text), text)):
        train, test = np.flatnonzero(of_clip != fold), np.flatnonzero(of_clip == fold)
        if len(np.unique(emotions[train])) < 2:
            raise ConfigError(f"--probe: without fold {fold}, {name} has no two emotions to learn from; give it more folds")
        yield fold, train, test


def _drawn(name: str, clips: Sequence[Clip], emotions: NDArray[np.str_], folds: Folds) -> NDArray[np.str_]:
    """The fold of each clip: no speaker is in two."""
    speakers = np.array([clip.speaker for clip in clips], np.str_)
    people = len(np.unique(speakers))
    if people < 2:
        raise ConfigError(f"--probe: {name} has one speaker, so there is nobody else to test on; leave it out")
    of_clip = np.zeros(len(clips), "U8")
    count = min(folds.count or DRAWN, people)
    splitter = StratifiedGroupKFold(count, shuffle=True, random_state=folds.seed) if count < people else GroupKFold(count)
    for number, (_, test) in enumerate(splitter.split(emotions, emotions, speakers), start=1):
        of_clip[test] = str(number)
    return of_clip


def _by_dataset(clips: Sequence[Clip]) -> Mapping[str, list[int]]:
    """The places of each dataset's clips."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, clip in enumerate(clips):
        places[clip.dataset].append(place)
    return dict(sorted(places.items()))


def _mean_of_folds(parts: Sequence[tuple[int, Confusion]]) -> dict[str, float]:
    """Of the folds that occur, each counting the same."""
    folds: dict[int, Confusion] = {}
    for number, confusion in parts:
        folds[number] = folds[number] + confusion if number in folds else confusion
    figures = [_figures(confusion) for confusion in folds.values()]
    return {name: float(np.mean([each[name] for each in figures])) for name in ("uar", "wa", "f1")}


def _figures(confusion: Confusion) -> dict[str, float]:
    """As `lab.clips.scores` defines them, over the classes that occur."""
    right, true, told = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    there = true > 0
    return {
        "uar": float((right[there] / true[there]).mean()),
        "wa": float(right.sum() / true.sum()),
        "f1": float((2 * right[there] / (true[there] + told[there])).mean()),
    }
