"""Weights that kept people apart and were measured, which tell what others are worth that learned from everyone."""

import json
from dataclasses import asdict
from pathlib import Path

from lab.training.recipe import Recipe
from monitor.engines.compact.network import STEP_INPUTS
from monitor.engines.compact.weights import Weights, load_weights
from monitor.errors import ConfigError


def read_twin(path: Path, recipe: Recipe, start: Weights | None, datasets: list[str], unlabelled: list[str]) -> Weights:
    """Weights that were measured and say what those of `recipe`, which keep nobody apart, are worth.

    Where both began with other weights, these may be the same or be twins themselves.
    Raises ConfigError where they learned otherwise, from other datasets, or began otherwise.
    """
    twin = load_weights(path, STEP_INPUTS)
    if not twin.kept_apart:
        raise ConfigError(f"{path} cannot vouch for other weights: it kept nobody apart, so nothing was measured")
    # What a recipe of before says nothing of was as it is by default.
    usual, ours = (json.loads(json.dumps(asdict(each))) for each in (Recipe(), recipe))
    theirs = {**usual, **twin.about["recipe"], "shape": usual["shape"] | twin.about["recipe"]["shape"]}
    if differ := sorted(name for name in ours if name != "held_share" and theirs.get(name) != ours[name]):
        raise ConfigError(f"{path} is of another recipe ({', '.join(differ)}); train both alike")
    alike = [name for name in (start.name, start.about.get("twin")) if name] if start else [None]
    if (began := twin.about.get("start")) not in alike:
        raise ConfigError(
            f"{path} began with {began or 'random weights'}; give both the same --start, or starts that are twins"
        )
    for kind, given in (("datasets", datasets), ("unlabelled", unlabelled)):
        if (learned := twin.about.get(kind, [])) != given:
            raise ConfigError(
                f"{path} learned from {', '.join(learned) or 'no unlabelled speech'}; give the same clips to both"
            )
    return twin
