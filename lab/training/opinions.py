"""What somebody who never heard a speaker would say of each clip, from what the teacher hears in it.

A logistic regression on the mean and deviation of the lesson over a clip, for each part of the speakers fitted on all
others. As soft labels (Hinton et al., arXiv 1503.02531) they say which clips are clear and which are not, where the given
label only says what the actor was asked for.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lab.labels import EMOTIONS
from lab.training.render import Track
from monitor.affect.baseline import NEUTRAL
from monitor.engines.compact.features import Array

_FOLDS = 8
CALM = 0.8
"""What it counts that people are nearly always neutral, where they are."""


def form_opinions(tracks: Sequence[Track], unlabelled: Sequence[Track] = ()) -> list[Array]:
    """For each track, then each without labels, the probabilities of its n clips, shape (n, classes).

    There must be two speakers at least among those with labels.
    """
    described = np.concatenate([_described(track) for track in tracks])
    labels = np.concatenate([track.labels for track in tracks])
    people = sorted({track.person for track in tracks})
    speakers = np.concatenate([np.full(len(track.labels), people.index(track.person)) for track in tracks])
    opinions = np.zeros((len(labels), len(EMOTIONS)), np.float32)
    for others, mine in GroupKFold(min(_FOLDS, len(people))).split(described, labels, speakers):
        opinions[mine] = _judged(described[others], labels[others], described[mine])
    if unlabelled:
        asked = np.concatenate([_described(track) for track in unlabelled])
        opinions = np.concatenate([opinions, _judged(described, labels, asked)])
    return np.split(opinions, np.cumsum([len(track.labels) for track in (*tracks, *unlabelled)])[:-1])


def calmed(opinions: Array) -> Array:
    """What is said of clips, shape (n, classes), where one knows besides that people are nearly always neutral."""
    calm = np.eye(len(EMOTIONS), dtype=np.float32)[EMOTIONS.index(NEUTRAL)]
    return np.asarray((1 - CALM) * opinions + CALM * calm, dtype=np.float32)


def _judged(known: Array, labels: NDArray[np.int64], asked: Array) -> Array:
    judge = make_pipeline(StandardScaler(), LogisticRegression(C=0.002, max_iter=200, class_weight="balanced"))
    judge.fit(known, labels)
    opinions = np.zeros((len(asked), len(EMOTIONS)), np.float32)
    opinions[:, judge.classes_] = judge.predict_proba(asked)
    return opinions


def _described(track: Track) -> Array:
    """Mean and deviation of the lesson over the speech of each clip."""
    rows = []
    for _, start, stop in track.spans:
        taught, said = track.taught[start:stop].astype(np.float32), track.speech[start:stop] > 0.5
        taught = taught[said] if said.any() else taught
        rows.append(np.concatenate([taught.mean(0), taught.std(0)]))
    return np.array(rows)
