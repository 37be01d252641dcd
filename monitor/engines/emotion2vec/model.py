"""A model as it was read, from whatever kind of file, and what it must be to be run."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from monitor.engines.emotion2vec.architecture import ENCODER, Architecture
from monitor.engines.emotion2vec.labels import Labels
from monitor.errors import EngineError


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """What a model's files hold, each part checked; `checked_architecture` checks that the parts fit each other."""

    path: Path
    """A folder as the hubs have it, or a prepared file."""
    config: dict[str, Any]
    """`model_conf` of FunASR's Emotion2vec."""
    tokens: tuple[str, ...]
    labels: Labels
    weights: dict[str, torch.Tensor]
    """By the names that the network gives its parameters."""
    version: str
    """Which weights they are: the first 12 hexadecimal digits of the SHA-256 of the model.pt that they came in."""
    licence: str = ""

    @property
    def weights_path(self) -> Path:
        """The file to name when something is wrong with the weights."""
        return self.path / "model.pt" if self.path.is_dir() else self.path


def checked_architecture(model: Model) -> Architecture:
    """The network that the model describes, its weights being all there, of the right shapes and finite.

    Raises `EngineError` naming the first thing that is wrong.
    """
    path = model.weights_path
    shape = Architecture.of(model.config, model.path / "config.yaml" if model.path.is_dir() else model.path)
    wanted = shape.shapes(len(model.tokens))
    missing = [name for name in wanted if name not in model.weights]
    if missing:
        head = "; it has no emotion head, take a plus model" if set(missing) == {"proj.weight", "proj.bias"} else ""
        raise EngineError(f"{path} lacks {len(missing)} of the network's {len(wanted)} tensors, {missing[0]} first{head}")
    for name, size in wanted.items():
        if tuple(model.weights[name].shape) != size:
            raise EngineError(
                f"{path} does not fit config.yaml and tokens.txt beside it: {name} is {tuple(model.weights[name].shape)}, "
                f"they ask for {size}"
            )
    _check_bias_scale(model, shape)
    for name in wanted:
        # A sum is one pass that allocates nothing, and what is not finite stays in it.
        if not bool(model.weights[name].sum(dtype=torch.float32).isfinite()):
            raise EngineError(f"{path} is damaged: {name} holds numbers that are not finite. Pull the model again.")
    return shape


def needed(model: Model, shape: Architecture) -> dict[str, torch.Tensor]:
    """The tensors that the network reads, without what published files hold for training alone; float32."""
    names = [*shape.shapes(len(model.tokens)), f"{ENCODER}alibi_scale"]
    return {name: model.weights[name].float() for name in names}


def _check_bias_scale(model: Model, shape: Architecture) -> None:
    scale = model.weights.get(f"{ENCODER}alibi_scale")
    if scale is None:
        raise EngineError(f"{model.weights_path} lacks {ENCODER}alibi_scale")
    layers, heads = (1, shape.prenet + shape.depth), (1, shape.biased_heads)
    if scale.numel() not in {layer * head for layer in layers for head in heads} or scale.shape[0] not in layers:
        raise EngineError(
            f"{model.weights_path}: {ENCODER}alibi_scale has shape {tuple(scale.shape)}, not one scale a block or head"
        )
