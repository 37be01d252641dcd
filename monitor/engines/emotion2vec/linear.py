"""Matrix products of the network, each in the form that is fastest for its precision and device.

On a processor the weights are laid out once for oneDNN's kernels, which torch's own `linear` would do again at every call.
In int8 the weights have a scale for each output and the inputs one for each row, that is for each frame: a frame's result
depends on no other row, so neither on the batch. (Scales for a whole tensor, as in torch's and onnxruntime's dynamic
quantisation, would let one leg's loud frame change what is said of another's.)
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from monitor.engines.emotion2vec.device import Precision

Linear = Callable[[Tensor], Tensor]
"""(..., K) -> (..., N)"""


def make_linear(weight: Tensor, bias: Tensor | None, precision: Precision) -> Linear:
    """The product with `weight` (N, K), on its device, plus `bias` (N,)."""
    if weight.device.type == "cuda":
        return _Plain(weight, bias)
    return _Int8(weight, bias) if precision == "int8" else _Packed(weight, bias)


class _Plain:
    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        self._weight, self._bias = weight, bias

    def __call__(self, x: Tensor) -> Tensor:
        return functional.linear(x, self._weight, self._bias)


class _Packed:
    """In the type of the weights, by oneDNN."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        self._weight, self._bias = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous()), bias

    def __call__(self, x: Tensor) -> Tensor:
        product: Tensor = torch.ops.mkldnn._linear_pointwise(x.contiguous(), self._weight, self._bias, "none", [], "")
        return product


class _Int8:
    """Weights in int8, inputs as unsigned bytes around 128, sums in int32, results in float32."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        # Without VNNI the processor adds two products in 16 bits, which full bytes would overflow.
        self._most = 127.0 if torch.cpu._is_vnni_supported() else 63.0
        self._scales = weight.abs().amax(dim=1).clamp_min(1e-12) / 127
        rounded = (weight / self._scales[:, None]).round().to(torch.int8)
        self._weight = torch.ops.onednn.qlinear_prepack(rounded, None)
        self._zeros = torch.zeros(len(weight), dtype=torch.int32)
        self._bias = torch.zeros(len(weight)) if bias is None else bias

    def __call__(self, x: Tensor) -> Tensor:
        rows = x.reshape(-1, x.shape[-1])
        # Two readings cost less than the absolute values written and read again, and what is large is changed in place.
        largest = torch.maximum(rows.amax(dim=1, keepdim=True), rows.amin(dim=1, keepdim=True).neg_())
        scale = largest.clamp_min_(1e-12).div_(self._most)
        # By way of int8, to which torch converts in a quarter of the time; flipping the first bit adds 128.
        levels = (rows / scale).round_().to(torch.int8).view(torch.uint8).bitwise_xor_(128)
        product = torch.ops.onednn.qlinear_pointwise(
            levels, 1.0, 128, self._weight, self._scales, self._zeros, None, 1.0, 0, torch.float32, "none", [], ""
        )
        return torch.addcmul(self._bias, product, scale, out=product).view(*x.shape[:-1], -1)
