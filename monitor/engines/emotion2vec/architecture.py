"""The shape of an emotion2vec network, from its configuration: sizes, and the tensors that it must have."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from monitor.errors import EngineError
from monitor.timeline import FRAME_SAMPLES

RECEPTIVE_FIELD = 400
"""Samples that the convolution stem needs for one frame."""
ENCODER = "modality_encoders.AUDIO."
"""What FunASR puts before the names of the stem's, the positional encoder's and the first blocks' parameters."""

_LAYER = r"\(\s*\d{1,5}\s*,\s*\d{1,3}\s*,\s*\d{1,3}\s*\)"
_TERM = rf"\[\s*{_LAYER}(?:\s*,\s*{_LAYER})*\s*\](?:\s*\*\s*\d{{1,2}})?"
_STEM = re.compile(rf"\s*{_TERM}(?:\s*\+\s*{_TERM})*\s*")

_PUBLISHED: Mapping[str, Any] = {"layer_norm_first": False, "norm_affine": True}
_PUBLISHED_AUDIO: Mapping[str, Any] = {
    "extractor_mode": "layer_norm",
    "use_alibi_encoder": True,
    "learned_alibi": False,
    "conv_pos_pre_ln": False,
}
"""Settings that every published model has; a network with others computes something else than `network.py` does."""

Layers = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Architecture:
    """Sizes of one network."""

    dim: int
    """Width of an embedding."""
    heads: int
    biased_heads: int
    """Heads whose attention weakens with distance (ALiBi); the first ones."""
    prenet: int
    """Blocks of FunASR's context encoder, which come first."""
    depth: int
    """Blocks after those."""
    hidden: int
    """Width inside a block's perceptron."""
    stem: Layers
    """Width, kernel and stride of each convolution."""
    positional: int
    """Convolutions of the positional encoder."""
    kernel: int
    groups: int
    extra_tokens: int
    """Learned tokens before the frames."""
    norm_eps: float
    normalize: bool
    """The waveform is put to mean 0 and deviation 1 first."""

    @classmethod
    def of(cls, config: Mapping[str, Any], path: Path) -> Self:
        """From FunASR's `model_conf`; `path` is named in errors.

        Raises `EngineError` where the configuration is incomplete, or describes a network unlike the published ones.
        """
        try:
            audio = config["modalities"]["audio"]
            stem = read_stem(str(audio["feature_encoder_spec"]), path)
            _check_published(config, _PUBLISHED)
            _check_published(audio, _PUBLISHED_AUDIO)
            dim, positional = int(config["embed_dim"]), int(audio["conv_pos_depth"])
            return cls(
                dim=dim,
                heads=int(config["num_heads"]),
                biased_heads=int(audio["num_alibi_heads"]),
                prenet=int(audio["prenet_depth"]),
                depth=int(config["depth"]),
                hidden=int(dim * float(config["mlp_ratio"])),
                stem=stem,
                positional=positional,
                kernel=max(3, int(audio["conv_pos_width"]) // positional),
                groups=int(audio["conv_pos_groups"]),
                extra_tokens=int(audio["num_extra_tokens"]),
                norm_eps=float(config["norm_eps"]),
                normalize=bool(config.get("normalize")),
            )
        except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
            reason = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
            raise EngineError(f"{path} does not describe a network of emotion2vec: {reason}") from None

    def blocks(self) -> list[str]:
        """Names of the blocks' parameters up to the last part, block by block in the order in which they are run."""
        prenet = [f"{ENCODER}context_encoder.blocks.{index}." for index in range(self.prenet)]
        return prenet + [f"blocks.{index}." for index in range(self.depth)]

    def shapes(self, outputs: int) -> dict[str, tuple[int, ...]]:
        """Every tensor that the network reads, by FunASR's name for it; `outputs` is the width of the head.

        The scale of the attention bias is left out: it is one for all, or one a head, a block, or both.
        """
        dim, width, stem = self.dim, self.stem[-1][0], f"{ENCODER}local_encoder.conv_layers."
        shapes: dict[str, tuple[int, ...]] = {"proj.weight": (outputs, dim), "proj.bias": (outputs,)}
        for index, (channels, kernel, _) in enumerate(self.stem):
            shapes[f"{stem}{index}.0.weight"] = (channels, self.stem[index - 1][0] if index else 1, kernel)
            shapes |= {f"{stem}{index}.2.1.{part}": (channels,) for part in ("weight", "bias")}
        shapes |= {f"{ENCODER}project_features.1.{part}": (width,) for part in ("weight", "bias")}
        shapes |= {f"{ENCODER}project_features.2.weight": (dim, width), f"{ENCODER}project_features.2.bias": (dim,)}
        for index in range(1, self.positional + 1):
            shapes[f"{ENCODER}relative_positional_encoder.{index}.0.weight"] = (dim, dim // self.groups, self.kernel)
            shapes[f"{ENCODER}relative_positional_encoder.{index}.0.bias"] = (dim,)
        if self.extra_tokens:
            shapes[f"{ENCODER}extra_tokens"] = (1, self.extra_tokens, dim)
        shapes |= {f"{ENCODER}context_encoder.norm.{part}": (dim,) for part in ("weight", "bias")}
        for block in self.blocks():
            shapes |= {f"{block}{norm}.{part}": (dim,) for norm in ("norm1", "norm2") for part in ("weight", "bias")}
            for name, width_out, width_in in (
                ("attn.qkv", 3 * dim, dim),
                ("attn.proj", dim, dim),
                ("mlp.fc1", self.hidden, dim),
                ("mlp.fc2", dim, self.hidden),
            ):
                shapes |= {f"{block}{name}.weight": (width_out, width_in), f"{block}{name}.bias": (width_out,)}
        return shapes


def read_stem(spec: str, path: Path) -> Layers:
    """Width, kernel and stride of each convolution of FunASR's `feature_encoder_spec`, an expression that it gives to `eval`.

    Raises `EngineError` where the expression is more than a list, or its frames are not those of emotion2vec.
    """
    if not _STEM.fullmatch(spec):
        raise EngineError(f"{path}: feature_encoder_spec is not a list of (width, kernel, stride), refused: {spec[:80]!r}")
    layers: list[tuple[int, int, int]] = []
    for term in re.finditer(_TERM, spec):
        repeat = re.search(r"\*\s*(\d+)$", term[0])
        numbers = [[int(number) for number in re.findall(r"\d+", layer)] for layer in re.findall(_LAYER, term[0])]
        layers += [(width, kernel, step) for width, kernel, step in numbers] * (int(repeat[1]) if repeat else 1)
    stride, field = 1, 1
    for _, kernel, step in layers:
        field += (kernel - 1) * stride
        stride *= step
    if (stride, field) != (FRAME_SAMPLES, RECEPTIVE_FIELD):
        raise EngineError(
            f"{path}: its frames are {stride} samples apart and see {field}; "
            f"emotion2vec's are {FRAME_SAMPLES} and {RECEPTIVE_FIELD}"
        )
    return tuple(layers)


def _check_published(config: Mapping[str, Any], published: Mapping[str, Any]) -> None:
    for name, value in published.items():
        if config[name] != value:
            raise ValueError(f"{name} is {config[name]!r}, but {value!r} in every published model")
