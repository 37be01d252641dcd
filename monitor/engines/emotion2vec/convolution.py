"""Convolutions over the frames of a window, in the form that is fastest for their precision and device."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from monitor.engines.emotion2vec.device import Precision
from monitor.engines.emotion2vec.linear import Affine
from monitor.engines.processor import has_bf16

Convolution = Callable[[Tensor], Tensor]
"""(B, k, D) -> (B, k, D)"""


def make_convolution(affine: Affine, groups: int, precision: Precision) -> Convolution:
    """With weights (D, D / groups, taps), as many zeros on both sides as half of the taps.

    Beside int8 in the blocks bfloat16 adds nothing to the deviation, and where it is native it takes half of the time.
    """
    on_processor = affine.weight.device.type == "cpu"
    if on_processor and (precision == "bf16" or (precision == "int8" and has_bf16())):
        return _Bf16(affine, groups)
    return _Plain(affine, groups)


class _Plain:
    def __init__(self, affine: Affine, groups: int) -> None:
        self._affine, self._groups, self._padding = affine, groups, affine.weight.shape[-1] // 2

    def __call__(self, x: Tensor) -> Tensor:
        y = functional.conv1d(x.transpose(1, 2), *self._affine, padding=self._padding, groups=self._groups)
        return y[..., : x.shape[1]].transpose(1, 2)


class _Bf16:
    """On a processor: channels last, weights laid out once for oneDNN's kernels.

    Window by window: an even number of images at once takes them half again as long as one after the other.
    """

    def __init__(self, affine: Affine, groups: int) -> None:
        weight, bias = affine
        self._groups, self._padding = groups, [0, weight.shape[-1] // 2]
        images = weight.to(torch.bfloat16)[:, :, None].contiguous(memory_format=torch.channels_last)
        self._weight = torch._C._nn.mkldnn_reorder_conv2d_weight(images.to_mkldnn(), self._padding, [1, 1], [1, 1], groups)
        self._bias = None if bias is None else bias.to(torch.bfloat16)

    def __call__(self, x: Tensor) -> Tensor:
        images = x.to(torch.bfloat16).transpose(1, 2)[:, :, None]
        made = torch.cat([self._one(image) for image in torch.split(images, 1)])
        return made[:, :, 0, : x.shape[1]].transpose(1, 2).to(x.dtype)

    def _one(self, image: Tensor) -> Tensor:
        made: Tensor = torch.ops.mkldnn._convolution_pointwise(
            image, self._weight, self._bias, self._padding, [1, 1], [1, 1], self._groups, "none", [], ""
        )
        return made
