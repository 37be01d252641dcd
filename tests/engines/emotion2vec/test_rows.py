"""What lies between int8 products: the compiled form says what torch says, row by row, however the rows are shared out."""

import numpy as np
import pytest
import structlog
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch.nn import functional

from monitor.engines.emotion2vec import rows
from monitor.engines.emotion2vec.convolution import make_convolution
from monitor.engines.emotion2vec.linear import Affine, LayerNorm, make_add_norm, make_linear, make_perceptron
from tests.engines.emotion2vec.hardware import needs_bf16

Floats = NDArray[np.float32]

SHAPE = (3, 40)
SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.sampled_from([0.0, 1e-6, 0.01, 1.0, 30.0])
MOST = 127.0


def matrix(seed: int, size: float) -> Floats:
    """Rows of which each is a tenth as large as the one before, with some heavy tails."""
    rng = np.random.default_rng(seed)
    return (rng.standard_t(3, SHAPE) * size * 10.0 ** -np.arange(3)[:, None]).astype(np.float32)


def row(seed: int, length: int = SHAPE[1]) -> Floats:
    return np.random.default_rng([seed, length]).normal(0, 2, length).astype(np.float32)


def levels_of(values: Floats, most: float = MOST) -> tuple[Floats, Floats]:
    """What `quantise` makes of a matrix: levels around 0, and what one is worth."""
    levels, scales = np.empty(values.shape, np.uint8), np.empty(len(values), np.float32)
    rows.run(rows.quantise, *values.shape, values.reshape(-1), values.shape[1], values.shape[1], most, levels, scales)
    return levels.astype(np.float32) - 128, scales


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@given(SEEDS, SIZES, st.sampled_from([127.0, 63.0]))
def test_levels_are_half_a_level_away_at_most(seed, size, most):
    values = matrix(seed, size)
    levels, scales = levels_of(values, most)
    assert np.abs(levels).max() <= most
    assert (np.abs(levels * scales[:, None] - values) <= scales[:, None] * 0.501).all()


def test_the_largest_of_a_row_has_the_last_level():
    levels, _ = levels_of(np.array([[1, -4, 2], [0.001, 0, 0]], np.float32))
    assert levels[0, 1] == -MOST
    assert levels[1, 0] == MOST


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_shows_in_the_product(bad):
    x = random(3, 32)
    x[1, 5] = float(bad)
    said = make_linear(Affine(random(8, 32), None), "int8")(x)
    assert not said[1].isfinite().any()
    assert said[[0, 2]].isfinite().all()


@given(SEEDS, SIZES)
def test_scale_and_bias_are_those_of_torch(seed, size):
    product, scales, bias = matrix(seed, size), np.abs(row(seed, 3)), row(seed)
    expected = torch.addcmul(torch.from_numpy(bias), torch.from_numpy(product), torch.from_numpy(scales)[:, None])
    rows.run(rows.rescale, *SHAPE, product, scales, bias)
    np.testing.assert_allclose(product, expected, rtol=1e-5, atol=1e-5)


@given(SEEDS, SIZES)
def test_gelu_is_that_of_torch_within_the_rounding_to_levels(seed, size):
    product, scales, bias = matrix(seed, size), np.abs(row(seed, 3)), row(seed)
    exact = functional.gelu(torch.from_numpy(product * scales[:, None] + bias)).numpy()
    levels, found = np.empty(SHAPE, np.uint8), np.empty(SHAPE[0], np.float32)
    rows.run(rows.rescale_gelu_quantise, *SHAPE, product, scales, bias, MOST, levels, found)
    off = np.abs((levels.astype(np.float32) - 128) * found[:, None] - exact)
    assert (off <= found[:, None] * 0.51 + 1.2e-4).all()


@given(SEEDS, SIZES)
def test_residual_and_norm_are_those_of_torch(seed, size):
    product, added, scales, bias = matrix(seed, size), matrix(seed + 1, 1.0), np.abs(row(seed, 3)), row(seed)
    gain, shift = row(seed + 1), row(seed + 2)
    total = torch.from_numpy(product.astype(np.float64) * scales[:, None] + bias + added)
    expected = functional.layer_norm(total, SHAPE[1:], torch.from_numpy(gain).double(), torch.from_numpy(shift).double(), 1e-5)
    rows.run(rows.rescale_add_norm, *SHAPE, product, scales, bias, added, gain, shift, 1e-5)
    np.testing.assert_allclose(product, expected, atol=1e-4)


def test_threads_share_rows_and_change_nothing(monkeypatch):
    values = random(50, 96).numpy()
    alone = levels_of(values)
    monkeypatch.setattr(rows, "GRAIN", 96)
    monkeypatch.setattr(rows.torch, "get_num_threads", lambda: 7)
    for one, other in zip(levels_of(values), alone, strict=True):
        np.testing.assert_array_equal(one, other)


def test_an_error_on_another_thread_is_not_lost(monkeypatch):
    monkeypatch.setattr(rows, "GRAIN", 1)
    monkeypatch.setattr(rows.torch, "get_num_threads", lambda: 2)

    def failing(first: int, stop: int) -> None:
        if first:
            raise ValueError("the second half")

    with pytest.raises(ValueError, match="the second half"):
        rows.run(failing, 8, 10)


def test_where_nothing_can_be_kept_it_is_compiled_at_every_start(monkeypatch):
    tried = []

    def njit(signature: str, cache: bool = False, **_options: object):
        tried.append(cache)
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return lambda kernel: kernel

    monkeypatch.setattr(rows, "njit", njit)
    rows._tell_not_kept.cache_clear()
    with structlog.testing.capture_logs() as said:
        assert rows.compiled("void(int64)")(len) is len
        assert rows.compiled("void(int64)")(abs) is abs
    assert tried == [True, False] * 2
    assert [(line["log_level"], "NUMBA_CACHE_DIR" in line["remedy"]) for line in said] == [("warning", True)]


def test_rows_that_overlap_are_those_of_a_convolution():
    wave, affine = random(700), Affine(random(16, 90), None)
    taps = wave.as_strided((20, 90), (30, 1))
    torch.testing.assert_close(make_linear(affine, "int8")(taps), make_linear(affine, "int8")(taps.contiguous()))


@pytest.mark.parametrize("leading", [(1, 5), (3, 4), (6,)])
def test_a_residual_block_in_int8_is_close_to_the_exact_one(leading):
    norm = LayerNorm(random(64, seed=1), random(64, seed=2), 1e-5)
    first, second = Affine(random(256, 64) / 8, random(256)), Affine(random(64, 256, seed=3) / 16, random(64, seed=4))
    x, added = random(*leading, 256, seed=5), random(*leading, 64, seed=6)
    with torch.inference_mode():
        for fast, exact in [
            (make_add_norm(second, norm, "int8")(x, added), make_add_norm(second, norm, "fp32")(x, added)),
            (make_perceptron(first, second, norm, "int8")(added), make_perceptron(first, second, norm, "fp32")(added)),
        ]:
            assert fast.shape == exact.shape == (*leading, 64)
            assert functional.cosine_similarity(fast, exact, dim=-1).min() > 0.999


@needs_bf16
@pytest.mark.parametrize("taps", [19, 4])
@pytest.mark.parametrize("windows", [1, 2, 5])
def test_a_convolution_in_bf16_is_close_to_the_exact_one(taps, windows):
    affine, x = Affine(random(64, 16, taps) / 16, random(64)), random(windows, 30, 64, seed=1)
    with torch.inference_mode():
        fast, exact = (make_convolution(affine, 4, precision)(x) for precision in ("int8", "fp32"))
    assert fast.shape == exact.shape == x.shape
    assert functional.cosine_similarity(fast, exact, dim=-1).min() > 0.9999
