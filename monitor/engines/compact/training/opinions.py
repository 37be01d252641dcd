"""What somebody who never heard a speaker would say of each clip, from what the teacher hears in it.

A logistic regression on the mean and deviation of the lesson over a clip, for each part of the speakers fitted on all
others. As soft labels (Hinton et al., arXiv 1503.02531) they say which clips are clear and which are not, where the given
label only says what the actor was asked for.
"""

from collections.abc import Sequence

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from monitor.engines.compact.features import Array
from monitor.engines.compact.training.clips import LABELS
from monitor.engines.compact.training.render import Track

_FOLDS = 8


def form_opinions(tracks: Sequence[Track]) -> list[Array]:
    """For each track the probabilities of its n clips, shape (n, classes). There must be two speakers at least."""
    described = np.concatenate([_described(track) for track in tracks])
    labels = np.concatenate([track.labels for track in tracks])
    people = sorted({track.person for track in tracks})
    speakers = np.concatenate([np.full(len(track.labels), people.index(track.person)) for track in tracks])
    opinions = np.zeros((len(labels), len(LABELS)), np.float32)
    for others, mine in GroupKFold(min(_FOLDS, len(people))).split(described, labels, speakers):
        judge = make_pipeline(StandardScaler(), LogisticRegression(C=0.002, max_iter=200, class_weight="balanced"))
        judge.fit(described[others], labels[others])
        opinions[np.ix_(mine, judge.classes_)] = judge.predict_proba(described[mine])
    return np.split(opinions, np.cumsum([len(track.labels) for track in tracks])[:-1])


def _described(track: Track) -> Array:
    """Mean and deviation of the lesson over the speech of each clip."""
    rows = []
    for _, start, stop in track.spans:
        taught, said = track.taught[start:stop].astype(np.float32), track.speech[start:stop] > 0.5
        taught = taught[said] if said.any() else taught
        rows.append(np.concatenate([taught.mean(0), taught.std(0)]))
    return np.array(rows)
