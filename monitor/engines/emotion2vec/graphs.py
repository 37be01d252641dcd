"""The encoder as CUDA graphs: its few hundred kernels are launched as one, so that the GPU never waits for Python.

A graph is recorded for a number of windows, their length and the frames wanted. Numbers of windows are rounded up to a power
of two; the rows in between are computed and not read. A window's result does not depend on the other rows.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from monitor.engines.emotion2vec.network import Encoder

_MOST = 64
"""Graphs that are kept: a run has a few lengths (a call's first windows, the steady one) at a few sizes. Beyond it, odd shapes
(the ends of calls) run without one."""


@dataclass(frozen=True, slots=True)
class _Recorded:
    graph: torch.cuda.CUDAGraph
    features: Tensor
    result: tuple[Tensor, Tensor]


class GraphedEncoder:
    """Does what an `Encoder` on a GPU does."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._recorded: dict[tuple[int, int, int, int], _Recorded] = {}
        self._seen: set[tuple[int, int, int, int]] = set()
        self._pool = torch.cuda.graph_pool_handle()
        """Graphs run one after the other and what they give is copied at once, so they share their memory."""

    def __call__(self, features: Tensor, first: int, stop: int) -> tuple[Tensor, Tensor]:
        """See `Encoder`. A shape is recorded when it comes a second time: most shapes of calls' ends never do."""
        count, length, width = features.shape
        key = (1 << (count - 1).bit_length(), length, first, stop)
        if key not in self._recorded:
            if key not in self._seen or len(self._recorded) >= _MOST:
                self._seen.add(key)
                return self._encoder(features, first, stop)
            self._recorded[key] = self._record(features.new_zeros(key[0], length, width), first, stop)
        recorded = self._recorded[key]
        recorded.features[:count].copy_(features)
        recorded.graph.replay()
        return recorded.result[0][:count].clone(), recorded.result[1][:count].clone()

    def _record(self, features: Tensor, first: int, stop: int) -> _Recorded:
        aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):  # libraries choose kernels and workspace at first calls, which must not be recorded
            for _ in range(3):
                self._encoder(features, first, stop)
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool):
            result = self._encoder(features, first, stop)
        return _Recorded(graph, features, result)
