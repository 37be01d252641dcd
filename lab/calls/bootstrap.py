"""How far figures would move had other callers called: percentile bootstrap (Efron & Tibshirani 1993, chapter 13).

What is drawn, with replacement, is speakers and not calls: two calls of one speaker are right or wrong together, so drawing
them apart would make figures look surer than they are (cluster bootstrap: Davison & Hinkley 1997, section 3.8). A call whose
labels name no speaker is one by itself.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from lab.calls.score import CallScore

RESAMPLES = 1000
LEVEL = 0.95

Item = TypeVar("Item")
Figures = Callable[[Sequence[CallScore]], Mapping[str, float | None]]


def intervals(
    scores: Sequence[CallScore], figures: Figures, *, resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, tuple[float, float]]:
    """For each of `figures`, the bounds between which `LEVEL` of the resamples of speakers lie; as `bounds` has them."""
    people = defaultdict(list)
    for score in scores:
        people[score.call.person].append(score)
    return bounds(list(people.values()), figures, resamples=resamples, seed=seed)


def bounds(
    groups: Sequence[Sequence[Item]],
    figures: Callable[[Sequence[Item]], Mapping[str, float | None]],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, tuple[float, float]]:
    """Bounds of figures of all that is of some people, a group each. Without those that no resample can give.

    Empty where there are fewer than two groups. The same seed gives the same bounds.
    """
    if len(groups) < 2:
        return {}
    generator = np.random.default_rng(seed)
    values: dict[str, list[float]] = defaultdict(list)
    for _ in range(resamples):
        drawn = [item for index in generator.integers(len(groups), size=len(groups)) for item in groups[index]]
        for name, value in figures(drawn).items():
            if value is not None:
                values[name].append(value)
    tail = 50 * (1 - LEVEL)
    return {
        name: (float(np.percentile(found, tail)), float(np.percentile(found, 100 - tail))) for name, found in values.items()
    }
