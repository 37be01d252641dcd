"""The weights file: safetensors, half precision, and a header that says everything else there is to know of them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from monitor.engines.compact.features import BANDS, Array
from monitor.engines.compact.normalise import Prior
from monitor.errors import EngineError
from monitor.output_file import written

FORMAT = "emotion-monitor compact 1"
_REMEDY = "set engine.model to open or research, which ship with the program, or make weights: emotion-monitor train compact"


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the network."""

    channels: int = 192
    dim: int = 96
    """Width of an embedding."""
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16, 32)
    """Of the blocks, in steps of 40 ms."""
    delay: int = 9
    """Steps by which the output follows the input: the network's lookahead."""
    labels: int = 8
    speech: int = 0
    """Hidden units between the blocks and the probability of speech; 0 where the head of the logits tells that too."""

    def tensors(self, inputs: int) -> dict[str, tuple[int, ...]]:
        """Name and shape of every tensor; matrices are applied from the right."""
        wide, heads = self.channels, self.labels + 1
        shapes: dict[str, tuple[int, ...]] = {"input.mean": (inputs,), "input.scale": (inputs,)}
        shapes |= {"input.weight": (inputs, wide), "input.bias": (wide,)}
        for block in range(len(self.dilations)):
            shapes |= {f"{block}.norm.scale": (wide,), f"{block}.norm.bias": (wide,)}
            shapes |= {f"{block}.taps.weight": (3 * wide, wide), f"{block}.taps.bias": (wide,)}
            shapes |= {f"{block}.mix.weight": (wide, wide), f"{block}.mix.bias": (wide,)}
        shapes |= {"output.norm.scale": (wide,), "output.norm.bias": (wide,)}
        if self.speech:
            shapes |= {"speech.hidden.weight": (wide, self.speech), "speech.hidden.bias": (self.speech,)}
            shapes |= {"speech.output.weight": (self.speech, 2), "speech.output.bias": (2,)}
        shapes |= {"embed.weight": (wide, 2 * self.dim), "embed.bias": (2 * self.dim,)}
        return shapes | {"head.weight": (self.dim, heads), "head.bias": (heads,)}


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """A trained network."""

    tensors: Mapping[str, Array]
    shape: Shape
    prior: Prior
    labels: tuple[str, ...]
    name: str
    """Of the model, for people."""
    licence: str
    about: Mapping[str, Any] = field(default_factory=dict)
    """How they were made and what was measured; for the model card."""
    digest: str = ""
    """First 16 hexadecimal digits of a SHA-256 over what the frames depend on: tensors, labels, shape and prior."""

    @property
    def kept_apart(self) -> bool:
        """Whether training kept some speakers to itself, as did that of what it began with: on them they can be measured."""
        return bool(self.about.get("recipe", {}).get("held_share", 0)) and bool(self.about.get("start_kept_apart", True))


def save_weights(path: Path, weights: Weights) -> None:
    """Write atomically, in float16. Raises EngineError where the file cannot be written."""
    header = {
        "format": FORMAT,
        "name": weights.name,
        "licence": weights.licence,
        "labels": json.dumps(weights.labels),
        "shape": json.dumps(asdict(weights.shape)),
        "prior": json.dumps(
            {
                "shape": [round(float(x), 4) for x in weights.prior.shape],
                "level": weights.prior.level,
                "pitch": weights.prior.pitch,
            }
        ),
        "about": json.dumps(weights.about),
    }
    try:
        with written(path) as part:
            save_file({name: tensor.astype(np.float16) for name, tensor in weights.tensors.items()}, part, header)
            part.chmod(0o644)
    except (OSError, SafetensorError) as error:
        raise EngineError(f"cannot write weights to {path}: {error}") from error


def load_weights(path: Path, inputs: int) -> Weights:
    """Read and check. `inputs`: width of what the network is given.

    Raises EngineError where the file is missing, damaged, or not of this program.
    """
    try:
        with safe_open(path, framework="np") as file:
            header = file.metadata() or {}
            tensors = {name: np.asarray(file.get_tensor(name), dtype=np.float32) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise EngineError(f"cannot read the compact weights {path}: {error}; {_REMEDY}") from error
    if header.get("format") != FORMAT:
        raise EngineError(f"{path} does not hold compact weights of this version (format {header.get('format')!r}); {_REMEDY}")
    try:
        weights = _parsed(header, tensors)
    except (KeyError, TypeError, ValueError) as error:
        raise EngineError(f"the header of {path} is damaged: {error!r}; {_REMEDY}") from error
    _check_tensors(path, weights, inputs)
    return weights


def _parsed(header: Mapping[str, str], tensors: Mapping[str, Array]) -> Weights:
    sizes = json.loads(header["shape"])
    shape = Shape(**{**sizes, "dilations": tuple(sizes["dilations"])})
    prior = json.loads(header["prior"])
    labels = tuple(str(label) for label in json.loads(header["labels"]))
    if len(labels) != shape.labels or len(prior["shape"]) != BANDS:
        raise ValueError(f"{len(labels)} labels and {len(prior['shape'])} bands")
    return Weights(
        tensors=tensors,
        shape=shape,
        prior=Prior(np.array(prior["shape"], np.float32), float(prior["level"]), float(prior["pitch"])),
        labels=labels,
        name=header["name"],
        licence=header["licence"],
        about=json.loads(header["about"]),
        digest=_digest(header, tensors),
    )


def _digest(header: Mapping[str, str], tensors: Mapping[str, Array]) -> str:
    # Not of the file: safetensors writes its header in no fixed order.
    digest = hashlib.sha256("\n".join(header[key] for key in ("format", "labels", "shape", "prior")).encode())
    for name in sorted(tensors):
        digest.update(name.encode() + tensors[name].tobytes())
    return digest.hexdigest()[:16]


def _check_tensors(path: Path, weights: Weights, inputs: int) -> None:
    expected = weights.shape.tensors(inputs)
    found: dict[str, tuple[int, ...]] = {name: tensor.shape for name, tensor in weights.tensors.items()}
    if found != expected:
        wrong = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
        raise EngineError(f"tensors of {path} are missing or have the wrong shape: {', '.join(wrong[:5])}; {_REMEDY}")
    if bad := [name for name, tensor in weights.tensors.items() if not _finite(tensor)]:
        raise EngineError(f"tensors of {path} hold values that are not finite: {', '.join(bad[:5])}; {_REMEDY}")


def _finite(tensor: NDArray[np.float32]) -> bool:
    return bool(np.isfinite(tensor).all())
