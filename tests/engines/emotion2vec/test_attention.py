"""Attention by plain products, where it is quicker, is torch's."""

import pytest
import torch
from torch.nn import functional

from monitor.engines.emotion2vec.network import attend


@pytest.mark.parametrize("wanted", [slice(None), slice(35, 60), slice(0, 1)])
@pytest.mark.parametrize("windows", [1, 3])
def test_it_is_what_torch_gives(windows: int, wanted: slice) -> None:
    torch.manual_seed(windows)
    query, key, value = torch.randn(3, windows, 110, 16, 64).transpose(2, 3)
    # A corner of a larger bias, as the encoder keeps it.
    bias = -torch.rand(1, 16, 138, 138).mul(20)[:, :, :110, :110]
    expected = functional.scaled_dot_product_attention(query[:, :, wanted], key, value, attn_mask=bias[:, :, wanted])
    torch.testing.assert_close(attend(query[:, :, wanted], key, value, bias[:, :, wanted]), expected, rtol=0, atol=2e-6)


def test_a_window_gives_what_it_gives_alone() -> None:
    torch.manual_seed(0)
    query, key, value = torch.randn(3, 4, 16, 50, 64)
    bias = torch.randn(1, 16, 50, 50)
    alone = torch.cat([attend(*one, bias) for one in zip(query.split(1), key.split(1), value.split(1), strict=True)])
    torch.testing.assert_close(attend(query, key, value, bias), alone, rtol=0, atol=0)
