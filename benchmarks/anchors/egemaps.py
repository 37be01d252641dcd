"""eGeMAPS and a support vector machine: 88 functionals of the voice, a Gaussian kernel.

Eyben et al., "The Geneva Minimalistic Acoustic Parameter Set (GeMAPS) for voice research and affective computing", IEEE
Transactions on Affective Computing 7 (2016). The machine's C is the best of three by cross-validation over the people heard.
"""

from pathlib import Path

import numpy as np
import opensmile
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from benchmarks.anchors.task import Condition, Decided, Task, cached, labels_of
from monitor.engines.compact.features import Array
from monitor.timeline import SAMPLE_RATE

COSTS = (0.3, 1.0, 3.0, 10.0)


def decide(task: Task, condition: Condition, cache: Path) -> Decided:
    """Train on the people heard and decide for those kept apart, both in the same condition."""
    smile = opensmile.Smile(
        feature_set=opensmile.FeatureSet.eGeMAPSv02, feature_level=opensmile.FeatureLevel.Functionals, num_workers=1
    )

    def functionals(audio: Array) -> Array:
        return np.nan_to_num(smile(audio, SAMPLE_RATE).reshape(1, -1))

    heard, held = (np.concatenate(cached("egemaps", side, condition, cache, functionals)) for side in (task.heard, task.held))
    people = ["/".join(utterance.clip.person) for utterance in task.heard]
    machine = make_pipeline(StandardScaler(), SVC(class_weight="balanced", cache_size=500))
    search = GridSearchCV(machine, {"svc__C": COSTS}, scoring="balanced_accuracy", cv=GroupKFold(4))
    search.fit(heard, labels_of(task.heard), groups=people)
    print(f"  egemaps, {condition}: C {search.best_params_['svc__C']}, balanced accuracy in training {search.best_score_:.3f}")
    return np.asarray(search.predict(held), dtype=np.int64)
