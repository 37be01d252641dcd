"""Labelled clips: which of them are to be heard, and whether an engine can be measured on them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np

from lab.labels import HELD_SHARE, Clip, held_out
from monitor.config.sections import EngineSection
from monitor.engines.compact.network import STEP_INPUTS
from monitor.engines.compact.shipped import named, weights_file
from monitor.engines.compact.weights import load_weights
from monitor.errors import ConfigError

Speakers = Literal["all", "held"]
TWIN = "lab/experiments/weights/{}.safetensors"
"""Where the repository keeps the twin of the weights that ship."""


def chosen(
    clips: Sequence[Clip],
    *,
    classes: Sequence[str] | None = None,
    speakers: Speakers = "all",
    limit: int | None = None,
    seed: int = 1,
) -> list[Clip]:
    """The clips to be heard, in their order.

    `classes` keeps those of these emotions; `held` those of the speakers that training of the compact engine keeps apart from
    these same clips; `limit` so many, each dataset's emotions alike as far as they go. Raises `ConfigError` where none is left.
    """
    kept = list(clips)
    if speakers == "held":
        held = held_out(clips, HELD_SHARE)
        kept = [clip for clip in kept if clip.person in held]
    if classes is not None:
        kept = [clip for clip in kept if clip.emotion in classes]
    if not kept:
        raise ConfigError(
            f"none of {len(clips)} clips is left: they are of {', '.join(sorted({clip.emotion for clip in clips}))}; "
            f"asked for were {', '.join(classes) if classes else 'all emotions'} of {speakers} speakers"
        )
    return kept if limit is None else _stratified(kept, limit, seed)


def _stratified(clips: Sequence[Clip], limit: int, seed: int) -> list[Clip]:
    strata: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, clip in enumerate(clips):
        strata[clip.dataset, clip.emotion].append(index)
    generator = np.random.default_rng(seed)
    ranked: list[tuple[int, int]] = []
    for _, members in sorted(strata.items()):
        ranked += enumerate(members[place] for place in generator.permutation(len(members)))
    ranked.sort(key=lambda item: item[0])
    return [clips[index] for index in sorted(index for _, index in ranked[:limit])]


def check_kept_apart(engine: EngineSection) -> None:
    """Raise `ConfigError` where the engine learned from the very speakers who are held: its figures would flatter it."""
    if engine.name != "compact":
        return
    weights = load_weights(weights_file(engine.model), STEP_INPUTS)
    if not weights.kept_apart:
        twin = weights.about.get("twin") or "weights of the same recipe"
        where = f": --model {TWIN.format(twin)}" if named(engine.model) else ""
        raise ConfigError(
            f"--speakers held: {weights.name} learned from everyone, so there is nobody to measure it on; "
            f"measure {twin}, which kept a fifth of the speakers apart{where}"
        )


def check_labels(clips: Iterable[Clip], labels: Sequence[str], engine: str) -> None:
    """Raise `ConfigError` where a clip has an emotion that the engine does not tell."""
    if unknown := sorted({clip.emotion for clip in clips} - set(labels)):
        raise ConfigError(
            f"clips are labelled {', '.join(unknown)}, which {engine} does not tell; it tells {', '.join(labels)}; "
            "rename them in labels.csv, or keep some emotions: --classes angry,happy,neutral,sad"
        )
