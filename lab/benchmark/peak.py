"""What the machine's matrix units give: large square products, in each precision, on the threads that are measured."""

from time import perf_counter

import torch

from monitor.engines.emotion2vec.device import Precision
from monitor.engines.emotion2vec.linear import Affine, make_linear
from monitor.engines.emotion2vec.runner import TYPES

_SIZES = {"cpu": (1024, 2048, 3072), "cuda": (4096, 8192, 16384)}
"""Rows and columns. Smaller ones do not fill the units; on two cores, larger ones gain nothing."""
_SECONDS = 1.0
"""For each size."""


def matrix_peak(precision: Precision, device: torch.device, threads: int) -> float:
    """GFLOP/s of the best size and repetition, by the kernels that the network itself uses (`linear.py`).

    A multiplication and an addition are two operations, also in int8, where rounding the inputs is in the time.
    """
    torch.set_num_threads(threads)
    with torch.inference_mode():
        return max(_rate(size, precision, device) for size in _SIZES[device.type])


def _rate(size: int, precision: Precision, device: torch.device) -> float:
    weight, rows = (torch.randn(size, size, device=device, dtype=TYPES[precision]) for _ in range(2))
    product = make_linear(Affine(weight, None), precision)
    product(rows)
    best, end = float("inf"), perf_counter() + _SECONDS
    while perf_counter() < end:
        _wait(device)
        began = perf_counter()
        product(rows)
        _wait(device)
        best = min(best, perf_counter() - began)
    return 2 * size**3 / best / 1e9


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
