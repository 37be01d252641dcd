"""eGeMAPS and a support vector machine: 88 functionals of the voice, a Gaussian kernel.

Eyben et al., "The Geneva Minimalistic Acoustic Parameter Set (GeMAPS) for voice research and affective computing", IEEE
Transactions on Affective Computing 7 (2016). The machine's C is the best of four by cross-validation over the people heard.
"""

import functools
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import opensmile
from numpy.typing import NDArray
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from lab.experiments.anchors.task import Task, cached
from monitor.audio.chunk import Samples
from monitor.timeline import SAMPLE_RATE

COSTS = (0.3, 1.0, 3.0, 10.0)


def functionals(audio: Samples) -> NDArray[np.float32]:
    """Of a voice, shape (n,) at 16 kHz: (1, 88)."""
    return np.asarray(np.nan_to_num(_smile()(audio, SAMPLE_RATE).reshape(1, -1)), dtype=np.float32)


def learn(task: Task, line: str, cache: Path) -> Pipeline:
    """A machine that has learned from the people heard over a line."""
    heard = np.concatenate(cached("egemaps", task.heard, line, cache, functionals))
    people = [f"{clip.dataset}/{clip.speaker}" for clip in task.heard]
    machine = make_pipeline(StandardScaler(), SVC(class_weight="balanced", cache_size=500))
    search = GridSearchCV(machine, {"svc__C": COSTS}, scoring="balanced_accuracy", cv=GroupKFold(4))
    search.fit(heard, [clip.emotion for clip in task.heard], groups=people)
    print(f"  egemaps, {line}: C {search.best_params_['svc__C']}, balanced accuracy in training {search.best_score_:.3f}")
    return search.best_estimator_


def decide(task: Task, line: str, cache: Path) -> Sequence[str]:
    """Train on the people heard and decide for those kept apart, both over the same line."""
    held = np.concatenate(cached("egemaps", task.held, line, cache, functionals))
    return [str(label) for label in learn(task, line, cache).predict(held)]


def judge(task: Task, line: str, cache: Path) -> Callable[[Samples], str]:
    """Train on the people heard; what is then said of any voice."""
    machine = learn(task, line, cache)
    return lambda audio: str(machine.predict(functionals(audio))[0])


@functools.cache
def _smile() -> opensmile.Smile:
    return opensmile.Smile(
        feature_set=opensmile.FeatureSet.eGeMAPSv02, feature_level=opensmile.FeatureLevel.Functionals, num_workers=1
    )
