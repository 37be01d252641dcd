"""How many levels int8 weights have: as many as the processor's own arithmetic multiplies exactly."""

from typing import ClassVar

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from monitor.engines.emotion2vec import int8_range
from monitor.engines.emotion2vec.int8_range import CENTRE, FULL_RANGE, HALF_RANGE, INPUT_LEVELS
from monitor.errors import EngineError


def exact(levels: Tensor, weight: Tensor) -> Tensor:
    return (levels.long() - CENTRE) @ weight.long().T


def added_in_pairs(levels: Tensor, weight: Tensor) -> Tensor:
    """As `vpmaddubsw` adds: neighbouring products in 16 bits, beyond which it cuts off."""
    products = levels.long()[:, None, :] * weight.long()
    pairs = products.unflatten(-1, (-1, 2)).sum(-1).clamp(-(2**15), 2**15 - 1)
    return pairs.sum(-1) - CENTRE * weight.long().sum(1)


class Arithmetic:
    """A processor: what it says of bytes times bytes."""

    multiply: ClassVar = staticmethod(exact)

    def __init__(self, weight: Tensor, scales: Tensor) -> None:
        self._weight = weight

    def __call__(self, levels: Tensor) -> Tensor:
        return self.multiply(levels, self._weight).float()


@pytest.fixture
def levels_with(monkeypatch: pytest.MonkeyPatch):
    """The levels of weights on a processor whose products by oneDNN are such."""

    def found(multiply) -> int:
        monkeypatch.setattr(int8_range, "ByteProduct", type("Other", (Arithmetic,), {"multiply": staticmethod(multiply)}))
        monkeypatch.setattr(int8_range, "_compiles_for_avx2", lambda: False)
        return int8_range.arithmetic.__wrapped__().weight_levels

    return found


def test_weights_have_all_levels_where_products_are_exact(levels_with):
    assert levels_with(exact) == FULL_RANGE


def test_weights_have_seven_bits_where_pairs_of_products_are_added_in_16(levels_with):
    assert levels_with(added_in_pairs) == HALF_RANGE


@pytest.mark.parametrize(
    "wrong",
    [
        lambda levels, weight: exact(levels, weight).clamp(-(2**15), 2**15 - 1),
        lambda levels, weight: exact(levels, weight) * 1.001,
        lambda levels, weight: exact(levels, weight) + torch.nan,
        lambda levels, weight: exact(levels, weight.abs()),
    ],
    ids=["sums in 16 bits", "a little off", "no numbers", "without signs"],
)
def test_a_processor_that_is_wrong_either_way_is_refused(wrong, levels_with):
    with pytest.raises(EngineError, match=r"int8 products are wrong by up to .*%.*use fp32 or auto"):
        levels_with(wrong)


@pytest.mark.parametrize("error", [RuntimeError("no kernel\nframes"), AttributeError("no qlinear_prepack")])
def test_a_torch_without_such_products_is_told_in_one_line(error, levels_with):
    def missing(levels: Tensor, weight: Tensor) -> Tensor:
        raise error

    with pytest.raises(EngineError, match=r"^engine\.precision: torch has no int8 products .* \(.*\); use fp32 or auto$"):
        levels_with(missing)


@given(st.integers(0, 2**32 - 1))
def test_pairs_of_weights_in_seven_bits_fit_into_16(seed):
    rng = np.random.default_rng(seed)
    levels = torch.from_numpy(rng.integers(CENTRE - INPUT_LEVELS, CENTRE + INPUT_LEVELS, (3, 32), endpoint=True))
    weight = torch.from_numpy(rng.choice([-HALF_RANGE, 0, HALF_RANGE], (4, 32)))
    torch.testing.assert_close(added_in_pairs(levels, weight), exact(levels, weight), rtol=0, atol=0)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("level", [CENTRE - INPUT_LEVELS, CENTRE + INPUT_LEVELS])
@pytest.mark.parametrize(("rows", "inputs", "outputs"), [(1, 10, 3), (5, 1024, 64), (110, 1536, 512)])
def test_the_largest_products_of_this_processor_are_exact(rows, inputs, outputs, level, sign):
    levels = torch.full((rows, inputs), level, dtype=torch.uint8)
    way = int8_range.arithmetic()
    weight = torch.full((outputs, inputs), sign * way.weight_levels, dtype=torch.int8)
    found = way.multiply(weight, torch.ones(outputs))(levels)
    torch.testing.assert_close(found, exact(levels, weight).float(), rtol=1e-6, atol=0)
