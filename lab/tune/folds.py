"""Calls split by customer: whoever a setting was tuned on says nothing about how it does with others."""

import random
from collections import defaultdict
from collections.abc import Hashable, Sequence

from lab.calls.labelled import LabelledCall
from monitor.errors import ConfigError

Fold = tuple[int, ...]
"""Indices of calls."""


def speaker_of(call: LabelledCall) -> Hashable:
    """Who calls. A call whose labels name no speaker is a speaker's only one."""
    return (call.dataset, call.speaker) if call.speaker else (call.dataset, "", call.name)


def folds(calls: Sequence[LabelledCall], count: int, seed: int) -> list[Fold]:
    """`count` sets of calls, no speaker in two of them, about equally long, each dataset spread over them as far as it goes.

    Raises `ConfigError` where there are fewer speakers than folds.
    """
    of_speaker: dict[Hashable, list[int]] = defaultdict(list)
    for index, call in enumerate(calls):
        of_speaker[speaker_of(call)].append(index)
    if len(of_speaker) < count:
        raise ConfigError(
            f"--folds {count}: the calls are of {len(of_speaker)} speakers; give fewer folds, but at least 2, or more calls"
        )
    order = sorted(of_speaker.values(), key=lambda indices: min(indices))
    random.Random(seed).shuffle(order)
    order.sort(key=lambda indices: -_seconds(calls, indices))
    made: list[list[int]] = [[] for _ in range(count)]
    for indices in order:
        dataset = calls[indices[0]].dataset
        empty = [fold for fold in made if not fold]
        chosen = min(
            empty or made,
            key=lambda fold: (_seconds(calls, [i for i in fold if calls[i].dataset == dataset]), _seconds(calls, fold)),
        )
        chosen.extend(indices)
    return [tuple(sorted(fold)) for fold in made]


def _seconds(calls: Sequence[LabelledCall], indices: Sequence[int]) -> float:
    return sum(calls[index].seconds for index in indices)
