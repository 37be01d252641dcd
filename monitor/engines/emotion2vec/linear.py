"""Matrix products of the network, each in the form that is fastest for its precision and device.

On a processor the weights are laid out once for oneDNN's kernels, which torch's own `linear` would do again at every call.
int8 has a file of its own, `int8.py`, which is imported where it is wanted: it brings a compiler.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from monitor.engines.emotion2vec.device import Precision

Linear = Callable[[Tensor], Tensor]
"""(..., K) -> (..., N)"""
AddNorm = Callable[[Tensor, Tensor], Tensor]
"""(..., K) and what is added to the product, (..., N) -> (..., N)"""


class Affine(NamedTuple):
    """A product with `weight` (N, K), plus `bias` (N,)."""

    weight: Tensor
    bias: Tensor | None


class LayerNorm(NamedTuple):
    """Of the last dimension: mean 0 and deviation 1, times `gain` (N,), plus `shift` (N,)."""

    gain: Tensor
    shift: Tensor
    eps: float

    def __call__(self, x: Tensor) -> Tensor:
        """(..., N) -> (..., N)"""
        return functional.layer_norm(x, self.gain.shape, self.gain, self.shift, self.eps)


def make_linear(affine: Affine, precision: Precision) -> Linear:
    """The product alone, on the weights' device."""
    if _is_int8(affine, precision):
        from monitor.engines.emotion2vec.int8 import Int8Linear

        return Int8Linear(affine)
    return _Plain(*affine) if affine.weight.device.type == "cuda" else _Packed(*affine)


def make_add_norm(affine: Affine, norm: LayerNorm, precision: Precision) -> AddNorm:
    """The product, a residual added to it, and the norm of the sum."""
    if _is_int8(affine, precision):
        from monitor.engines.emotion2vec.int8 import Int8AddNorm

        return Int8AddNorm(affine, norm)
    linear = make_linear(affine, precision)
    return lambda x, added: norm(linear(x).add_(added))


def make_perceptron(first: Affine, second: Affine, norm: LayerNorm, precision: Precision) -> Linear:
    """Two products with a GELU between them, what went in added to them, and the norm of the sum."""
    if _is_int8(first, precision):
        from monitor.engines.emotion2vec.int8 import Int8Perceptron

        return Int8Perceptron(first, second, norm)
    hidden, close = make_linear(first, precision), make_add_norm(second, norm, precision)
    return lambda x: close(torch.ops.aten.gelu_(hidden(x)), x)


def _is_int8(affine: Affine, precision: Precision) -> bool:
    return precision == "int8" and affine.weight.device.type == "cpu"


class _Plain:
    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        self._weight, self._bias = weight, bias

    def __call__(self, x: Tensor) -> Tensor:
        return functional.linear(x, self._weight, self._bias)


class _Packed:
    """In the type of the weights, by oneDNN."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        self._weight, self._bias = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous()), bias

    def __call__(self, x: Tensor) -> Tensor:
        product: Tensor = torch.ops.mkldnn._linear_pointwise(x.contiguous(), self._weight, self._bias, "none", [], "")
        return product
