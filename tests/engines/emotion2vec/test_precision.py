"""Precisions: which there are where, and what each says."""

import numpy as np
import pytest
import torch

from monitor.conformance.engine_calls import assert_same, joined, listen, voice, whole
from monitor.engines.base import WindowError
from monitor.engines.emotion2vec import convolution, device, linear
from monitor.engines.emotion2vec.device import choose_precision
from monitor.engines.emotion2vec.engine import Emotion2vecEngine
from monitor.engines.emotion2vec.linear import Affine, make_linear
from monitor.engines.processor import has_bf16
from monitor.errors import EngineError
from tests.engines.emotion2vec.conftest import tiny_settings

CPU = torch.device("cpu")
FAST = [pytest.param("int8", 0.995, id="int8"), pytest.param("bf16", 0.999, id="bf16")]


@pytest.fixture
def bf16_anyhow(monkeypatch):
    """Where the processor has no bf16 and oneDNN refuses it, torch's own products, which are slow, stand in."""
    if not has_bf16():
        monkeypatch.setattr(device, "has_bf16", lambda: True)
        monkeypatch.setattr(linear, "_Packed", linear._Plain)
        monkeypatch.setattr(convolution, "_Bf16", convolution._Plain)


def precise(model_dir, precision: str) -> Emotion2vecEngine:
    return Emotion2vecEngine(tiny_settings(model_dir, precision=precision))


def cosine(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.asarray((one * other).sum(axis=1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1))


def test_auto_is_exact_on_a_processor(engine):
    assert choose_precision("auto", CPU) == "fp32"
    assert engine.info.precision == "fp32"


@pytest.mark.parametrize(("precision", "least"), FAST)
@pytest.mark.usefixtures("bf16_anyhow")
def test_a_fast_precision_stays_close_to_fp32(precision, least, model_dir, engine):
    fast = precise(model_dir, precision)
    frames, exact = (listen(one, one.open_leg(), voice(200)) for one in (fast, engine))
    assert fast.info.precision == precision
    assert cosine(frames.embedding, exact.embedding).min() > least
    assert np.abs(frames.logits - exact.logits).max() < 0.2


@pytest.mark.parametrize(("precision", "least"), FAST)
@pytest.mark.usefixtures("bf16_anyhow")
def test_a_fast_precision_does_not_depend_on_the_batch(precision, least, model_dir):
    fast = precise(model_dir, precision)
    sounds = [voice(100, 1), voice(100, 2) * np.float32(20), voice(100, 3) * np.float32(1e-3)]
    alone = [fast.infer([whole(fast.open_leg(), sound)])[0] for sound in sounds]
    together = fast.infer([whole(fast.open_leg(), sound) for sound in sounds])
    assert_same(joined(together), joined(alone), 1e-5)


@pytest.mark.parametrize("shape", [(3, 64), (2, 5, 64), (1, 64)])
def test_int8_products_are_close_to_exact_ones(shape):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(shape, generator=generator) * torch.tensor([10.0 if index % 2 else 0.01 for index in range(64)])
    weight, bias = torch.randn(48, 64, generator=generator), torch.randn(48, generator=generator)
    exact = torch.nn.functional.linear(x, weight, bias)
    product = make_linear(Affine(weight, bias), "int8")(x)
    assert product.shape == exact.shape
    assert (product - exact).abs().max() < 0.02 * exact.abs().max()


def test_an_int8_product_of_zeros_is_the_bias():
    bias = torch.arange(4.0)
    product = make_linear(Affine(torch.ones(4, 32), bias), "int8")(torch.zeros(2, 32))
    torch.testing.assert_close(product, bias.expand(2, 4))


@pytest.mark.parametrize(
    ("precision", "device", "said"),
    [("fp16", "cpu", "fp16 is for a GPU"), ("int8", "cuda", "int8 is for the processor")],
)
def test_a_precision_that_the_device_does_not_have_is_refused(precision, device, said):
    with pytest.raises(EngineError, match=rf"engine\.precision: {said}"):
        choose_precision(precision, torch.device(device))


def test_bf16_is_refused_where_it_would_be_slower(monkeypatch):
    monkeypatch.setattr("monitor.engines.emotion2vec.device.has_bf16", lambda: False)
    with pytest.raises(EngineError, match="no bf16 arithmetic"):
        choose_precision("bf16", CPU)


def test_int8_is_refused_where_its_products_are_wrong(monkeypatch):
    def refuse() -> int:
        raise EngineError("engine.precision: this processor's int8 products are wrong")

    monkeypatch.setattr(device, "arithmetic", refuse)
    with pytest.raises(EngineError, match="int8 products are wrong"):
        choose_precision("int8", CPU)
    assert choose_precision("fp32", CPU) == choose_precision("auto", CPU) == "fp32"


def test_a_network_that_overflows_costs_the_window(model_dir, monkeypatch):
    engine = precise(model_dir, "fp32")
    one, other = engine.open_leg(), engine.open_leg()
    expected = engine.infer([whole(engine.open_leg(), voice(30))])[0]
    frames = engine._runner.frames

    def overflowing(*arguments):
        embedding, logits = frames(*arguments)
        logits[1] = np.inf
        return embedding, logits

    monkeypatch.setattr(engine._runner, "frames", overflowing)
    with pytest.raises(WindowError, match="window 1: the network gives numbers that are not finite") as caught:
        engine.infer([whole(one, voice(30)), whole(other, voice(30, 1))])
    assert caught.value.window == 1
    monkeypatch.undo()
    assert_same(engine.infer([whole(one, voice(30))])[0], expected, 1e-5)
