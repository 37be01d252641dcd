"""Products of bytes of which four are added in 16 bits: exact, with weights that are fitted to it."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from monitor.engines.emotion2vec import rows
from monitor.engines.emotion2vec.int8_fours import FourProduct, fitted, product_in_fours
from monitor.engines.emotion2vec.int8_range import CENTRE, HALF_RANGE, INPUT_LEVELS, ByteProduct
from tests.engines.emotion2vec.hardware import needs_avx2

SEEDS = st.integers(0, 2**32 - 1)
SHAPES = [(1, 10, 3), (3, 64, 48), (5, 1024, 64), (110, 1536, 512)]


def weights(outputs: int, inputs: int, seed: int = 0) -> Tensor:
    """Many of them at either end."""
    rng = np.random.default_rng(seed)
    drawn = np.clip(rng.integers(-2 * HALF_RANGE, 2 * HALF_RANGE, (outputs, inputs), endpoint=True), -HALF_RANGE, HALF_RANGE)
    return torch.from_numpy(drawn.astype(np.int8))


def fours(weight: Tensor) -> Tensor:
    """(N, n, 4): those that are added in 16 bits."""
    eights = weight.int().unflatten(1, (-1, 8))
    return torch.cat([eights[..., [0, 1, 4, 5]], eights[..., [2, 3, 6, 7]]], dim=1)


def exact(levels: Tensor, weight: Tensor) -> Tensor:
    return ((levels.double() - CENTRE) @ weight.double().T).float()


@given(SEEDS)
def test_with_fitted_weights_no_inputs_exceed_16_bits(seed):
    made = fours(fitted(weights(3, 64, seed)))
    assert (255 * made.clamp_min(0).sum(-1)).max() <= 2**15 - 1
    assert (255 * made.clamp_max(0).sum(-1)).min() >= -(2**15)


@given(SEEDS)
def test_weights_that_fit_stay_and_others_shrink(seed):
    weight = weights(3, 64, seed)
    before, after = fours(weight), fours(fitted(weight))
    fit = (before.clamp_min(0).sum(-1) <= 128) & (before.clamp_max(0).sum(-1) >= -128)
    assert torch.equal(after[fit], before[fit])
    assert (after.abs() <= before.abs()).all()
    assert (after * before >= 0).all()


@needs_avx2
@pytest.mark.parametrize(("count", "inputs", "outputs"), SHAPES)
def test_products_are_exact(count, inputs, outputs):
    weight = fitted(weights(outputs, inputs))
    levels = torch.randint(CENTRE - INPUT_LEVELS, CENTRE + INPUT_LEVELS + 1, (count, inputs)).to(torch.uint8)
    scales = torch.rand(outputs)
    found = FourProduct(weight, scales)(levels)
    torch.testing.assert_close(found, exact(levels, weight) * scales, rtol=1e-6, atol=0)


@needs_avx2
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("level", [CENTRE - INPUT_LEVELS, CENTRE + INPUT_LEVELS])
@pytest.mark.parametrize(("count", "inputs", "outputs"), SHAPES)
def test_the_largest_products_are_exact(count, inputs, outputs, level, sign):
    weight = fitted(torch.full((outputs, inputs), sign * HALF_RANGE, dtype=torch.int8))
    levels = torch.full((count, inputs), level, dtype=torch.uint8)
    assert torch.equal(FourProduct(weight, torch.ones(outputs))(levels), exact(levels, weight))


@needs_avx2
def test_a_row_depends_on_no_other_and_threads_change_nothing(monkeypatch):
    product = FourProduct(fitted(weights(512, 256)), torch.ones(512))
    levels = torch.randint(1, 256, (50, 256)).to(torch.uint8)
    together = product(levels)
    monkeypatch.setattr(rows, "GRAIN", 1)
    monkeypatch.setattr(rows.torch, "get_num_threads", lambda: 5)
    assert torch.equal(product(levels), together)
    assert torch.equal(torch.cat([product(row[None]) for row in levels]), together)


@needs_avx2
def test_weights_that_would_change_much_are_left_to_onednn():
    normal = torch.randn(64, 1024, generator=torch.Generator().manual_seed(0))
    near = (normal / normal.abs().amax(1, keepdim=True) * HALF_RANGE).round().to(torch.int8)
    assert isinstance(product_in_fours(near, torch.ones(64)), FourProduct)
    assert isinstance(product_in_fours(weights(64, 1024), torch.ones(64)), ByteProduct)
