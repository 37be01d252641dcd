"""Products of bytes for processors whose widest registers are AVX2's and that have no VNNI: four of them are added in 16 bits.

`vpmaddubsw` adds two products of bytes in 16 bits, and `vpmaddwd` brings them into 32. oneDNN has the second follow each of the
first; where weights are such that four products fit into 16 bits, it has to follow every other one only, so three multiplying
instructions do what four do there. `fitted` makes the few weights smaller that do not fit, and sums are exact.

`int8_tile.py` has the innermost loop.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from monitor.engines.emotion2vec.int8_range import CENTRE, ByteProduct
from monitor.engines.emotion2vec.int8_tile import INPUTS, OUTPUTS, ROWS, tile_sums
from monitor.engines.emotion2vec.rows import compiled, run

NEARLY = 1 / 24
"""Mean square of a change of the weights, in levels, that may be: half of what rounding to levels has made."""
_ROOM = 32767 // 255
"""What the weights of one sign of a four may come to: inputs are at most 255."""


def fitted(weight: Tensor) -> Tensor:
    """Weights (N, K) int8 of which each four's fit into 16 bits with any inputs: where they do not, those of a sign shrink."""
    width = weight.shape[1]
    fours = functional.pad(weight, (0, -width % INPUTS)).to(torch.int32).view(len(weight), -1, 2, 2, 2)
    for sign in (1, -1):
        part = (sign * fours).clamp_min(0)
        total = part.sum((2, 4), keepdim=True)
        fours += sign * torch.where(total > _ROOM, part * _ROOM // total.clamp_min(1) - part, 0)
    return fours.view(len(weight), -1)[:, :width].to(torch.int8)


def product_in_fours(weight: Tensor, scales: Tensor) -> Callable[[Tensor], Tensor]:
    """As `ByteProduct`, of weights of `HALF_RANGE`; by oneDNN where fitting would change them by more than `NEARLY`."""
    made = fitted(weight)
    near = (made - weight).float().square().mean() <= NEARLY
    return FourProduct(made, scales) if near else ByteProduct(weight, scales)


class FourProduct:
    """As `int8_range.ByteProduct`, of weights that are `fitted`."""

    def __init__(self, weight: Tensor, scales: Tensor) -> None:
        """`weight`: (N, K) int8; `scales`: what a level of each output is worth, (N,) float32."""
        self._outputs, self._width = weight.shape
        padded = functional.pad(weight, (0, -self._width % INPUTS, 0, -self._outputs % OUTPUTS))
        outputs, width = padded.shape
        panels = padded.view(outputs // OUTPUTS, 2, 8, width // INPUTS, 2, 4).permute(0, 3, 4, 1, 2, 5)
        self._panels = panels.reshape(outputs // OUTPUTS, -1).contiguous().numpy()
        self._middle = (CENTRE * padded.sum(1, dtype=torch.int32)).to(torch.int32).numpy()
        self._scales = functional.pad(scales, (0, outputs - self._outputs)).contiguous().numpy()

    def __call__(self, levels: Tensor) -> Tensor:
        """(n, K) uint8 around `CENTRE` -> (n, N) float32."""
        rows = len(levels)
        missing = max(ROWS - rows, 0)
        if missing or self._width % INPUTS:
            levels = functional.pad(levels, (0, -self._width % INPUTS, 0, missing))
        product = torch.empty(len(levels), len(self._middle))
        work = (len(self._panels), levels.numel())
        run(_multiply, *work, levels.numpy(), self._panels, self._middle, self._scales, product.numpy())
        return product[:rows, : self._outputs].contiguous()


@compiled("void(int64, int64, uint8[:, ::1], int8[:, ::1], int32[::1], float32[::1], float32[:, ::1])")
def _multiply(first: int, stop: int, levels: Any, panels: Any, middle: Any, scales: Any, product: Any) -> None:
    """The outputs of panels [first, stop) for all rows, of which there are four at least."""
    rows, width = levels.shape
    sums = np.empty(ROWS * OUTPUTS, np.int32)
    for panel in range(first, stop):
        weights, output = panels.ctypes.data + panel * OUTPUTS * width, panel * OUTPUTS
        for begin in range(0, rows, ROWS):
            top = min(begin, rows - ROWS)  # the last tile may lie over the one before
            tile_sums(levels.ctypes.data + top * width, width, weights, sums.ctypes.data)
            for row in range(ROWS):
                for column in range(OUTPUTS):
                    whole = sums[row * OUTPUTS + column] - middle[output + column]
                    product[top + row, output + column] = np.float32(whole) * scales[output + column]
