"""emotion2vec's arithmetic, the same as FunASR's, arranged for windows that slide.

The stem (seven convolutions) sees 400 samples a frame and nothing else: run as matrix products over strided views, on new
samples only. The encoder (positional convolutions and twelve transformer blocks) sees a window. Its last block is computed for
the frames wanted alone: the others serve them as keys and values, and what becomes of those afterwards is never read.

Tensors are channels-last, (batch, frames, channels). Names of weights are FunASR's (`architecture.py`).
"""

from collections.abc import Mapping, Sequence
from math import log2

import torch
from torch import Tensor
from torch.nn import functional

from monitor.engines.emotion2vec.architecture import ENCODER, RECEPTIVE_FIELD, Architecture
from monitor.engines.emotion2vec.convolution import make_convolution
from monitor.engines.emotion2vec.device import Precision
from monitor.engines.emotion2vec.linear import Affine, LayerNorm, Linear, make_add_norm, make_linear, make_perceptron
from monitor.timeline import FRAME_SAMPLES

TAIL = RECEPTIVE_FIELD - FRAME_SAMPLES
"""Samples that a frame sees beyond its own 320."""

STEM_EPS = 1e-5
"""Of the norms of the stem and of the positional encoder: torch's default, which the configuration does not change."""

Weights = Mapping[str, Tensor]


class Stem:
    """Features of frames from their samples alone. The first convolution is never int8: ten products a row gain nothing."""

    def __init__(self, weights: Weights, shape: Architecture, precision: Precision) -> None:
        first: Precision = "fp32" if precision == "int8" else precision
        name = f"{ENCODER}local_encoder.conv_layers."
        self._layers: list[tuple[int, int, Linear, LayerNorm]] = []
        for index, (width, kernel, stride) in enumerate(shape.stem):
            # (out, in, tap) -> (out, tap * in): the order in which a strided view of the rows has them
            taps = weights[f"{name}{index}.0.weight"].transpose(1, 2).reshape(width, -1)
            self._layers.append(
                (
                    kernel,
                    stride,
                    make_linear(Affine(taps, None), precision if index else first),
                    _norm(weights, f"{name}{index}.2.1", STEM_EPS),
                )
            )
        self._norm = _norm(weights, f"{ENCODER}project_features.1", STEM_EPS)
        self._project = _linear(weights, f"{ENCODER}project_features.2", precision)

    def __call__(self, wave: Tensor) -> Tensor:
        """Features (n, D) of the n frames that the samples (320 n + 80,) hold."""
        x = wave[:, None]
        for kernel, stride, linear, norm in self._layers:
            frames, width = (len(x) - kernel) // stride + 1, x.shape[1]
            taps = x.as_strided((frames, kernel * width), (stride * width, 1))
            x = torch.ops.aten.gelu_(norm(linear(taps)))
        return self._project(self._norm(x))

    def end_to_end(self, waves: Tensor, frames: Sequence[int]) -> list[Tensor]:
        """Features (n, D) of each of several legs in one pass, for a GPU; `frames` says how many n.

        `waves`: the legs' samples one after the other, each filled up from 320 n + 80 to 320 (n + 1). The last frame of each
        would see into the next leg, and is not taken.
        """
        features = functional.pad(self(waves), (0, 0, 0, 1))
        return [part[:-1] for part in torch.split(features, [count + 1 for count in frames])]


class Encoder:
    """What a window's frames become in its context."""

    def __init__(self, weights: Weights, shape: Architecture, precision: Precision, columns: Tensor) -> None:
        """`columns`: outputs of the head that are wanted, in order."""
        self._shape = shape
        position = f"{ENCODER}relative_positional_encoder."
        self._convolutions = [
            make_convolution(_affine(weights, f"{position}{index}.0"), shape.groups, precision)
            for index in range(1, shape.positional + 1)
        ]
        self._tokens = weights[f"{ENCODER}extra_tokens"] if shape.extra_tokens else None
        self._norm = _norm(weights, f"{ENCODER}context_encoder.norm", shape.norm_eps)
        self._blocks = [_Block(weights, name, shape, precision) for name in shape.blocks()]
        head = Affine(weights["proj.weight"][columns].float(), weights["proj.bias"][columns].float())
        self._head = make_linear(head, "fp32")
        self._scale = _bias_scale(weights)
        self._biases: dict[int, list[Tensor]] = {}
        """For windows of up to so many frames; a power of two, so that there are few. Kept for good: CUDA graphs read them."""

    def __call__(self, features: Tensor, first: int, stop: int) -> tuple[Tensor, Tensor]:
        """Embeddings (B, n, D) and logits (B, n, C) of the n frames [first, stop) of windows with features (B, k, D)."""
        tokens = self._shape.extra_tokens
        x = features + self._positions(features)
        if self._tokens is not None:
            x = torch.cat([self._tokens.expand(len(x), -1, -1), x], dim=1)
        x = self._norm(x)
        wanted = slice(tokens + first, tokens + stop)
        biases = self._bias(features)
        for block, bias in zip(self._blocks[:-1], biases, strict=False):
            x = block(x, bias)
        frames = self._blocks[-1](x, biases[-1], wanted).float()
        return frames, self._head(frames)

    def _positions(self, x: Tensor) -> Tensor:
        for convolution in self._convolutions:
            y = convolution(x)
            x = torch.ops.aten.gelu_(functional.layer_norm(y, y.shape[-1:]))
        return x

    def _bias(self, features: Tensor) -> list[Tensor]:
        """What is added to the attention of each block, (1, heads, k + tokens, k + tokens): less, the further away."""
        length, tokens = features.shape[1], self._shape.extra_tokens
        enough = max(128, 1 << (length - 1).bit_length())
        if enough not in self._biases:
            one = [alibi(self._shape, enough, scale).to(features) for scale in self._scale]
            self._biases[enough] = one if len(one) > 1 else one * len(self._blocks)
        return [bias[:, :, : length + tokens, : length + tokens] for bias in self._biases[enough]]


class _Block:
    """Attention, then a perceptron, each followed by its norm."""

    def __init__(self, weights: Weights, name: str, shape: Architecture, precision: Precision) -> None:
        self._heads = shape.heads
        self._qkv = _linear(weights, f"{name}attn.qkv", precision)
        norms = [_norm(weights, f"{name}{norm}", shape.norm_eps) for norm in ("norm1", "norm2")]
        self._close = make_add_norm(_affine(weights, f"{name}attn.proj"), norms[0], precision)
        self._perceptron = make_perceptron(
            _affine(weights, f"{name}mlp.fc1"), _affine(weights, f"{name}mlp.fc2"), norms[1], precision
        )

    def __call__(self, x: Tensor, bias: Tensor, wanted: slice = slice(None)) -> Tensor:
        """(B, k, D) -> (B, n, D), for the n frames wanted."""
        query, key, value = self._qkv(x).view(*x.shape[:2], 3, self._heads, -1).permute(2, 0, 3, 1, 4)
        rows = x[:, wanted]
        heard = attend(query[:, :, wanted], key, value, bias[:, :, wanted])
        return self._perceptron(self._close(heard.transpose(1, 2).reshape(rows.shape), rows))


def attend(query: Tensor, key: Tensor, value: Tensor, bias: Tensor) -> Tensor:
    """Scaled dot product attention: (B, heads, n, d), twice (B, heads, k, d) and bias (1, heads, n, k) to (B, heads, n, d)."""
    if query.device.type != "cpu" or query.dtype != torch.float32:
        return functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
    # For a hundred frames, two products and a softmax are a third quicker than torch's fused kernel for processors, made
    # for thousands. Window by window, what lies between them stays in the cache.
    scale = query.shape[-1] ** -0.5
    heard = [
        torch.baddbmm(bias[0], one_query, one_key.transpose(1, 2), alpha=scale).softmax(-1) @ one_value
        for one_query, one_key, one_value in zip(query, key, value, strict=True)
    ]
    return torch.stack(heard)


def alibi(shape: Architecture, length: int, scale: Tensor) -> Tensor:
    """What is added to attention: less, the further away, to both sides (ALiBi, https://arxiv.org/abs/2108.12409).

    `scale` has shape (heads or 1, 1, 1). Shape (1, heads, tokens + length, tokens + length), float32; 0 for the extra tokens.
    The bias of fewer frames is a corner of it.
    """
    slopes = torch.tensor(_slopes(shape.biased_heads), device=scale.device).view(-1, 1, 1)
    place = torch.arange(length, device=scale.device)
    bias = -(place[None, :] - place[:, None]).abs() * slopes * scale
    tokens = shape.extra_tokens
    return functional.pad(bias, (tokens, 0, tokens, 0, 0, shape.heads - shape.biased_heads))[None]


def _slopes(heads: int) -> list[float]:
    below: int = 2 ** int(log2(heads))
    start = 2.0 ** -(2.0 ** -(log2(below) - 3))
    slopes = [start ** (index + 1) for index in range(below)]
    return slopes if below == heads else slopes + _slopes(2 * below)[::2][: heads - below]


def _bias_scale(weights: Weights) -> list[Tensor]:
    """Scales of the attention bias, (heads or 1, 1, 1): one for all blocks, or one a block."""
    scale = weights.get(f"{ENCODER}alibi_scale")
    if scale is None:
        return [torch.ones(1, 1, 1, device=weights["proj.bias"].device)]
    return list(scale.float().clamp_min(0).reshape(scale.shape[0], -1, 1, 1))


def _linear(weights: Weights, name: str, precision: Precision) -> Linear:
    return make_linear(_affine(weights, name), precision)


def _affine(weights: Weights, name: str) -> Affine:
    return Affine(weights[f"{name}.weight"], weights[f"{name}.bias"])


def _norm(weights: Weights, name: str, eps: float) -> LayerNorm:
    return LayerNorm(weights[f"{name}.weight"], weights[f"{name}.bias"], eps)
