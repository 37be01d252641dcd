"""What lies between int8 products, compiled: every row is finished while it is in the processor's nearest cache.

torch does the same in a pass over all rows for every step (largest, smallest, division, rounding, two conversions, scaling,
bias, GELU, sum, norm). A row's result depends on that row alone.

Arrays: a product has shape (n, N), float32, in units that are still to be scaled by row, `scales` (n,) float32. Levels are
unsigned bytes around 128, shape (n, K). Every function works on rows [first, stop) so that threads can share them.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import structlog
import torch
from numba import njit

log = structlog.get_logger(__name__)

Kernel = Callable[..., Any]

GRAIN = 524_288
"""Values from which on another thread is worth waking."""
SMALLEST = np.float32(1e-12)
"""Of the largest value of a row: a row of zeros has a scale, too."""
MAGNITUDE = np.int32(0x7FFFFFFF)
"""A float32's bits without its sign. They order as magnitudes do, NaN above all, and integers are compared side by side."""
HALF, ONE, ROOT_HALF = np.float32(0.5), np.float32(1), np.float32(0.5**0.5)
CENTRE = np.float32(128.5)
"""Zero of the levels, and the half by which cutting off becomes rounding."""

ERF_END = np.float32(3.2)
C0, C1, C2, C3, C4, C5, C6, C7, C8 = (
    np.float32(coefficient)
    for coefficient in (
        1.1281436681747437,
        -0.37459686398506165,
        0.10989551991224289,
        -0.02423843741416931,
        0.0039042127318680286,
        -0.00043963964022188447,
        3.2353254937333986e-05,
        -1.3843655324308202e-06,
        2.5952195059630867e-08,
    )
)
"""erf(x) / x as a polynomial in x**2 up to `ERF_END`, where it is 1; the largest error is 5e-5."""


def run(kernel: Kernel, rows: int, width: int, *arrays: object) -> None:
    """`kernel` on so many rows of `width` values, shared out among torch's number of threads where there is enough to do."""
    parts = max(min(torch.get_num_threads(), rows * width // GRAIN, rows), 1)
    (first, stop), *others = pairwise(rows * part // parts for part in range(parts + 1))
    waiting = [_pool().submit(kernel, *part, *arrays) for part in others]
    kernel(first, stop, *arrays)
    for part in waiting:
        part.result()


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(thread_name_prefix="rows")


def compiled(signature: str) -> Callable[[Kernel], Kernel]:
    """Compiled for this processor when first imported, and kept for the next start where there is a place for it.

    Sums may be taken in any order, but values that are not finite stay so: what they make of a window must be seen.
    """
    options: dict[str, Any] = {"fastmath": {"reassoc", "contract", "arcp", "nsz"}, "nogil": True, "error_model": "numpy"}

    def made(kernel: Kernel) -> Kernel:
        try:
            return njit(signature, cache=True, **options)(kernel)
        except RuntimeError as error:  # neither the package's folder nor the user's cache can be written
            _tell_not_kept(str(error))
            return njit(signature, **options)(kernel)

    return made


@cache
def _tell_not_kept(reason: str) -> None:
    log.warning("int8_is_compiled_at_every_start", reason=reason, remedy="set NUMBA_CACHE_DIR to a folder that can be written")


@compiled("float32(float32[::1], float32, uint8[::1])")
def _to_levels(values: Any, most: Any, levels: Any) -> Any:
    """Fill in the levels of one row, of which the largest becomes `most`; what one is worth."""
    bits = values.view(np.int32)
    top = np.zeros(1, np.int32)
    largest_bits = np.int32(0)
    for column in range(len(bits)):
        largest_bits = max(largest_bits, bits[column] & MAGNITUDE)
    top[0] = largest_bits
    largest = max(top.view(np.float32)[0], SMALLEST)
    unit = most / largest
    for column in range(len(values)):
        levels[column] = np.uint8(np.int32(values[column] * unit + CENTRE))
    return largest / most


@compiled("void(int64, int64, float32[::1], int64, int64, float32, uint8[:, ::1], float32[::1])")
def quantise(first: int, stop: int, values: Any, stride: int, width: int, most: Any, levels: Any, scales: Any) -> None:
    """Rows of `width` values that begin `stride` apart: the largest of each becomes `most` levels."""
    for row in range(first, stop):
        scales[row] = _to_levels(values[row * stride : row * stride + width], most, levels[row])


@compiled("void(int64, int64, float32[:, ::1], float32[::1], float32[::1])")
def rescale(first: int, stop: int, product: Any, scales: Any, bias: Any) -> None:
    """Scale and bias, in place."""
    for row in range(first, stop):
        scale = scales[row]
        for column in range(product.shape[1]):
            product[row, column] = product[row, column] * scale + bias[column]


@compiled("void(int64, int64, float32[:, ::1], float32[::1], float32[::1], float32, uint8[:, ::1], float32[::1])")
def rescale_gelu_quantise(
    first: int, stop: int, product: Any, scales: Any, bias: Any, most: Any, levels: Any, out_scales: Any
) -> None:
    """Scale, bias and GELU, which is within 1e-4 of the exact one, then levels as by `quantise`."""
    width = product.shape[1]
    one = np.empty(width, np.float32)
    for row in range(first, stop):
        scale = scales[row]
        for column in range(width):
            value = product[row, column] * scale + bias[column]
            x = min(max(value * ROOT_HALF, -ERF_END), ERF_END)
            y = x * x
            erf = C8 * y + C7
            erf = erf * y + C6
            erf = erf * y + C5
            erf = erf * y + C4
            erf = erf * y + C3
            erf = erf * y + C2
            erf = erf * y + C1
            erf = erf * y + C0
            one[column] = HALF * value * (ONE + x * erf)
        out_scales[row] = _to_levels(one, most, levels[row])


@compiled(
    "void(int64, int64, float32[:, ::1], float32[::1], float32[::1], float32[:, ::1], float32[::1], float32[::1], float32)"
)
def rescale_add_norm(
    first: int, stop: int, product: Any, scales: Any, bias: Any, added: Any, gain: Any, shift: Any, eps: Any
) -> None:
    """Scale, bias, the residual (n, N), and layer norm (https://arxiv.org/abs/1607.06450), in place."""
    width = product.shape[1]
    for row in range(first, stop):
        scale = scales[row]
        total = np.float32(0)
        for column in range(width):
            value = product[row, column] * scale + bias[column] + added[row, column]
            product[row, column] = value
            total += value
        mean = total / np.float32(width)
        squares = np.float32(0)
        for column in range(width):
            off = product[row, column] - mean
            squares += off * off
        unit = ONE / np.sqrt(squares / np.float32(width) + eps)
        for column in range(width):
            product[row, column] = (product[row, column] - mean) * unit * gain[column] + shift[column]
