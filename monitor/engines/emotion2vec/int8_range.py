"""Products of bytes: by what they are multiplied on this processor, and how many levels the weights may have there.

Inputs are unsigned bytes of 128 +- 127, weights signed ones. With VNNI a processor adds such products in 32 bits. Without, it
adds neighbouring pairs in 16 bits (`vpmaddubsw`) and cuts off what exceeds them, as 2 * 255 * 127 does and 2 * 255 * 64 does
not. What the processor says of itself does not decide: oneDNN may use less than there is (`ONEDNN_MAX_CPU_ISA`), and whatever
multiplies is proved first.
"""

import os
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import structlog
import torch
from torch import Tensor

from monitor.errors import EngineError

log = structlog.get_logger(__name__)

CENTRE = 128
"""The level of an input of 0."""
INPUT_LEVELS = 127
"""To each side of the centre."""
FULL_RANGE, HALF_RANGE = 127, 64
"""Levels of weights to each side of 0: eight bits, and what pairs in 16 bits have room for."""

_ROWS, _WIDTHS = (1, 96), ((64, 48), (512, 256))
"""Shapes that are proved: rows, and inputs and outputs."""
_TOLERANCE = 1e-5
"""Of the largest product: float32's rounding of a sum in 32 bits."""


class ByteProduct:
    """oneDNN's, with the weights laid out once."""

    def __init__(self, weight: Tensor, scales: Tensor) -> None:
        """`weight`: (N, K) int8; `scales`: what a level of each output is worth, (N,) float32."""
        self._weight = torch.ops.onednn.qlinear_prepack(weight, None)
        self._scales, self._zeros = scales, torch.zeros(len(weight), dtype=torch.int32)

    def __call__(self, levels: Tensor) -> Tensor:
        """(n, K) uint8 around `CENTRE` -> (n, N) float32."""
        product: Tensor = torch.ops.onednn.qlinear_pointwise(
            levels, 1.0, CENTRE, self._weight, self._scales, self._zeros, None, 1.0, 0, torch.float32, "none", [], ""
        )
        return product


Multiply = Callable[[Tensor, Tensor], Callable[[Tensor], Tensor]]
"""As `ByteProduct`."""


class Arithmetic(NamedTuple):
    """How bytes are multiplied here."""

    weight_levels: int
    """To each side of 0."""
    multiply: Multiply


@cache
def arithmetic() -> Arithmetic:
    """What is exact on this processor, and quickest. Takes milliseconds, once a process.

    Raises `EngineError` where products are wrong with weights of `HALF_RANGE` too, or torch has no such products here.
    """
    try:
        if _error(FULL_RANGE, ByteProduct) <= _TOLERANCE:
            return Arithmetic(FULL_RANGE, ByteProduct)
        if (error := _error(HALF_RANGE, ByteProduct)) <= _TOLERANCE:
            log.info("int8_weights_have_seven_bits", reason="this processor adds pairs of products in 16 bits (no VNNI)")
            return Arithmetic(HALF_RANGE, _in_fours() or ByteProduct)
    except (RuntimeError, AttributeError) as refusal:  # the operators are not there, or have no kernel for this processor
        said = str(refusal).partition("\n")[0]
        raise EngineError(
            f"engine.precision: torch has no int8 products for this processor ({said}); use fp32 or auto"
        ) from None
    raise EngineError(
        f"engine.precision: this processor's int8 products are wrong by up to {error:.1%} of the largest, "
        f"with weights in seven bits too; use fp32 or auto"
    )


def _in_fours() -> Multiply | None:
    """Quicker products of weights of `HALF_RANGE`, where they are for this processor and proved right."""
    if not _compiles_for_avx2():
        return None
    from monitor.engines.emotion2vec.int8_fours import FourProduct, fitted, product_in_fours  # brings a compiler

    return product_in_fours if _error(HALF_RANGE, FourProduct, fitted) <= _TOLERANCE else None


def _compiles_for_avx2() -> bool:
    """Whether AVX2's registers are the widest, and nobody has told the compiler otherwise: it would end the process."""
    told = {"NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES", "NUMBA_DISABLE_JIT"} & os.environ.keys()
    return not told and torch.backends.cpu.get_cpu_capability() == "AVX2"


def _error(most: int, multiply: Multiply, fitted: Callable[[Tensor], Tensor] = Tensor.clone) -> float:
    """The largest error with weights of up to `most`, `fitted`, as a part of the largest product; of the worst bytes."""
    return max(_error_of(rows, *widths, most, multiply, fitted) for rows in _ROWS for widths in _WIDTHS)


def _error_of(rows: int, inputs: int, outputs: int, most: int, multiply: Multiply, fitted: Callable[[Tensor], Tensor]) -> float:
    """By turns all inputs at the top, all at the bottom, both, and anything between; weights likewise."""
    weight = fitted(_extremes(outputs, inputs, -most, most).to(torch.int8))
    levels = _extremes(rows, inputs, CENTRE - INPUT_LEVELS, CENTRE + INPUT_LEVELS).to(torch.uint8)
    exact = (levels.double() - CENTRE) @ weight.double().T
    error = (multiply(weight, torch.ones(outputs))(levels) - exact).abs().max() / exact.abs().max()
    return float(error.nan_to_num(torch.inf))


def _extremes(rows: int, width: int, bottom: int, top: int) -> Tensor:
    """(rows, width) of whole numbers: rows of the top alone, the bottom alone, one of both, and all between."""
    made = torch.randint(bottom, top + 1, (rows, width), generator=torch.Generator().manual_seed(0))
    made[0::4], made[1::4] = top, bottom
    made[2::4] = torch.where(made[2::4] > (bottom + top) // 2, top, bottom)
    return made
