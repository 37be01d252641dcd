"""The last layer, fitted once more when the network is done: sets and emotions alike, and strictly regularised.

What a network learns of emotion is better than the weighing it ends with, which leans on the sets and people it has most
of (last-layer retraining: Kirichenko, Izmailov and Wilson, arXiv 2204.02937; here on the heard people themselves).
"""

from collections import Counter

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression

from lab.training.batches import Sampler
from lab.training.measure import hear_alone
from lab.training.model import Model

_REGULARISATION = 0.002


def refit_head(model: Model, sampler: Sampler) -> None:
    """Replace the emotion part of the head by a logistic regression on the clips' mean embeddings."""
    heard = hear_alone(model, sampler)
    if len(set(heard.labels.tolist())) < 3:
        return  # two classes give one row of weights, and little to balance
    kinds = list(zip(heard.datasets.tolist(), heard.labels.tolist(), strict=True))
    count = Counter(kinds)
    weight = np.array([1 / count[kind] for kind in kinds])
    judge = LogisticRegression(C=_REGULARISATION, max_iter=300)
    judge.fit(heard.embeddings, heard.labels, sample_weight=weight / weight.mean())
    with torch.no_grad():
        # A class that no clip is of keeps what training made of it: never likely.
        model.head.weight[judge.classes_] = torch.from_numpy(judge.coef_).float()
        model.head.bias[judge.classes_] = torch.from_numpy(judge.intercept_).float()
