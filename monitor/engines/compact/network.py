"""The network at work, on numpy: a causal stack of dilated convolutions over steps of two frames.

After the temporal convolutional network of Bai, Kolter and Koltun (arXiv 1803.01271), with layer normalisation before each
block. A block sees its input now and at two places in the past, so what it must remember of a leg is a short queue. The
lookahead is a delay: the output for a step is read `Shape.delay` steps later, when the input has moved on.
`lab/training/model.py` is the same network for torch; a test holds the two against each other.
"""

from dataclasses import dataclass

import numpy as np

from monitor.engines.compact.features import RAW, Array
from monitor.engines.compact.normalise import INPUTS
from monitor.engines.compact.weights import Weights

STEP = 2
"""Frames a step."""
OWN = RAW + 1
"""Inputs of a frame that are its own; what follows them in a normalised frame is what was normal so far."""
STEP_INPUTS = STEP * OWN + INPUTS - OWN
"""Width of a step: of its frames what is their own, and of the last what was normal so far."""


def to_steps(frames: Array) -> Array:
    """Pairs of normalised frames as steps: shape (B, 2 n, INPUTS) to (B, n, STEP_INPUTS)."""
    own, normal = frames[..., :OWN], frames[:, STEP - 1 :: STEP, OWN:]
    return np.concatenate([own.reshape(len(frames), -1, STEP * OWN), normal], axis=-1)


@dataclass(frozen=True, slots=True, eq=False)
class Output:
    """What the network says of B legs: two frames a step."""

    embedding: Array
    """Shape (B, 2 n, D), between -1 and 1."""
    logits: Array
    """Shape (B, 2 n, C)."""
    speech: Array
    """Shape (B, 2 n), probability."""


class Network:
    """Trained weights that can be run. Holds nothing of any leg."""

    def __init__(self, weights: Weights) -> None:
        self._tensors = weights.tensors
        self._shape = weights.shape
        # Three products rather than one over all taps: BLAS is half as fast again with small ones on the few rows of a hop.
        self._taps = [np.split(weights.tensors[f"{block}.taps.weight"], 3) for block in range(len(weights.shape.dilations))]

    def blank(self, legs: int) -> list[Array]:
        """The queues of `legs` legs that have heard nothing: one a block, shape (B, 2 * dilation, channels)."""
        return [np.zeros((legs, 2 * dilation, self._shape.channels), np.float32) for dilation in self._shape.dilations]

    def standardised(self, steps: Array) -> Array:
        """Steps as the network takes them: zero mean and unit deviation over the training data."""
        scaled = (steps - self._tensors["input.mean"]) * self._tensors["input.scale"]
        return np.asarray(np.clip(scaled, -6, 6), dtype=np.float32)

    def advance(self, inputs: Array, queues: list[Array]) -> tuple[Output, list[Array]]:
        """Take standardised steps, shape (B, n, STEP_INPUTS); return what is said `delay` steps behind, and the queues."""
        t = self._tensors
        top, following = self.top(inputs, queues)
        embedding = np.tanh(top @ t["embed.weight"] + t["embed.bias"]).reshape(len(top), -1, self._shape.dim)
        head = embedding @ t["head.weight"] + t["head.bias"]
        spoken = self._spoken(top) if self._shape.speech else head[..., -1]
        return Output(embedding, head[..., :-1], np.asarray(1 / (1 + np.exp(-spoken)), np.float32)), following

    def top(self, inputs: Array, queues: list[Array]) -> tuple[Array, list[Array]]:
        """What the blocks make of standardised steps, shape (B, n, channels), and queues. All that is said is read off it."""
        t = self._tensors
        steps = inputs.shape[1]
        stream = inputs @ t["input.weight"] + t["input.bias"]
        following = []
        for block, (dilation, queue) in enumerate(zip(self._shape.dilations, queues, strict=True)):
            furthest, past, now = self._taps[block]
            normal = _layer_norm(stream, t[f"{block}.norm.scale"], t[f"{block}.norm.bias"])
            line = np.concatenate([queue, normal], axis=1)
            hidden = normal @ now
            hidden += line[:, :steps] @ furthest
            hidden += line[:, dilation : dilation + steps] @ past
            hidden += t[f"{block}.taps.bias"]
            np.maximum(hidden, 0, out=hidden)
            stream = stream + hidden @ t[f"{block}.mix.weight"] + t[f"{block}.mix.bias"]
            following.append(line[:, steps:])
        return _layer_norm(stream, t["output.norm.scale"], t["output.norm.bias"]), following

    def _spoken(self, top: Array) -> Array:
        """The logit of speech, shape (B, n, channels) to (B, 2 n)."""
        t = self._tensors
        hidden = np.maximum(top @ t["speech.hidden.weight"] + t["speech.hidden.bias"], 0)
        logit: Array = (hidden @ t["speech.output.weight"] + t["speech.output.bias"]).reshape(len(top), -1)
        return logit


def _layer_norm(values: Array, scale: Array, bias: Array) -> Array:
    # In place, and means as matrix products: on the few steps of one leg, `mean` and `var` cost more than what they compute.
    mean = np.full((values.shape[-1], 1), 1 / values.shape[-1], np.float32)
    centred = values - values @ mean
    variance = (centred * centred) @ mean
    centred /= np.sqrt(variance + np.float32(1e-5))
    centred *= scale
    centred += bias
    return centred
