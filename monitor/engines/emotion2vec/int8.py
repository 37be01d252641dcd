"""The network's products in int8 on a processor, and what follows each of them.

Weights have a scale for each output and inputs one for each row, that is for each frame: a frame's result depends on no other
row, so neither on the batch. (Scales for a whole tensor, as in torch's and onnxruntime's dynamic quantisation, would let one
leg's loud frame change what is said of another's.)
"""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from monitor.engines.emotion2vec.int8_range import CENTRE, INPUT_LEVELS, arithmetic
from monitor.engines.emotion2vec.linear import Affine, LayerNorm
from monitor.engines.emotion2vec.rows import quantise, rescale, rescale_add_norm, rescale_gelu_quantise, run

Floats = NDArray[np.float32]


class Levels(NamedTuple):
    """Rows of a matrix as unsigned bytes around 128."""

    levels: Tensor
    """Shape (n, K)."""
    scales: Floats
    """What a level is worth, shape (n,)."""

    @classmethod
    def empty(cls, rows: int, width: int) -> "Levels":
        """To be filled in."""
        return cls(torch.empty(rows, width, dtype=torch.uint8), np.empty(rows, np.float32))


class Int8Linear:
    """Weights in int8, of as many levels as this processor multiplies exactly; inputs as levels, results in float32."""

    def __init__(self, affine: Affine) -> None:
        weight, bias = affine
        way = arithmetic()
        made = _levels(weight, way.weight_levels)
        # From unsigned around 128 to signed around 0 is a flip of the highest bit.
        signed = made.levels.bitwise_xor_(CENTRE).view(torch.int8)
        self._multiply = way.multiply(signed, torch.from_numpy(made.scales))
        self.bias: Floats = np.zeros(len(weight), np.float32) if bias is None else bias.contiguous().numpy()

    def __call__(self, x: Tensor) -> Tensor:
        """(..., K) -> (..., N), finished."""
        levels = self.levels(x)
        product = self.product(levels)
        run(rescale, *product.shape, product.numpy(), levels.scales, self.bias)
        return product.view(*x.shape[:-1], product.shape[1])

    def levels(self, x: Tensor) -> Levels:
        """Of (..., K), which may be rows of a matrix that overlap, as a convolution has them."""
        return _levels(x if x.dim() == 2 else x.reshape(-1, x.shape[-1]), INPUT_LEVELS)

    def product(self, levels: Levels) -> Tensor:
        """(n, K) -> (n, N), to be scaled by row."""
        return self._multiply(levels.levels)


class Int8AddNorm:
    """A product, to which a residual is added, and the norm of the sum."""

    def __init__(self, affine: Affine, norm: LayerNorm) -> None:
        self._linear = Int8Linear(affine)
        self._norm = (norm.gain.contiguous().numpy(), norm.shift.contiguous().numpy(), norm.eps)

    def __call__(self, x: Tensor, added: Tensor) -> Tensor:
        """(..., K) and (..., N) -> (..., N)."""
        return self.of(self._linear.levels(x), added)

    def of(self, levels: Levels, added: Tensor) -> Tensor:
        """The same of (n, K) that is in levels already."""
        product = self._linear.product(levels)
        rows = added.reshape(product.shape).numpy()
        run(rescale_add_norm, *product.shape, product.numpy(), levels.scales, self._linear.bias, rows, *self._norm)
        return product.view(added.shape)


class Int8Perceptron:
    """Two products with a GELU between them, the residual, and the norm."""

    def __init__(self, first: Affine, second: Affine, norm: LayerNorm) -> None:
        self._first, self._second = Int8Linear(first), Int8AddNorm(second, norm)

    def __call__(self, x: Tensor) -> Tensor:
        """(..., D) -> (..., D)."""
        levels = self._first.levels(x)
        product = self._first.product(levels)
        hidden = Levels.empty(*product.shape)
        run(
            rescale_gelu_quantise,
            *product.shape,
            product.numpy(),
            levels.scales,
            self._first.bias,
            INPUT_LEVELS,
            hidden.levels.numpy(),
            hidden.scales,
        )
        return self._second.of(hidden, x)


def _levels(rows: Tensor, most: int) -> Levels:
    """Of (n, K), the largest of each row `most` levels from the middle."""
    rows = rows if rows.stride(1) == 1 else rows.contiguous()
    count, width = rows.shape
    stride = rows.stride(0)
    flat = rows.as_strided(((count - 1) * stride + width if count else 0,), (1,)).numpy()
    made = Levels.empty(count, width)
    run(quantise, count, width, flat, stride, width, most, made.levels.numpy(), made.scales)
    return made
