"""Where emotion2vec's time goes: a runner that notes how long stem and blocks take, and what they compute meanwhile."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter

import torch
from torch import Tensor

from lab.benchmark.work import encoder_flops, stem_flops
from monitor.audio.chunk import Samples
from monitor.engines.emotion2vec.device import Precision
from monitor.engines.emotion2vec.model import Model
from monitor.engines.emotion2vec.runner import Array, Runner
from monitor.timeline import FRAME_SAMPLES


@dataclass(slots=True)
class Stretch:
    """What was computed in stem or blocks, and how long it took."""

    flops: int = 0
    _seconds: float = 0.0
    _events: list[tuple[torch.cuda.Event, torch.cuda.Event]] = field(default_factory=list)
    """Not read yet: on a GPU, time is known once the work is done, and waiting for it would change what is measured."""

    @property
    def seconds(self) -> float:
        """Spent so far."""
        for _, end in self._events[-1:]:
            end.synchronize()
        self._seconds += sum(start.elapsed_time(end) for start, end in self._events) / 1000
        self._events.clear()
        return self._seconds

    @contextmanager
    def timed(self, device: torch.device) -> Iterator[None]:
        """What is inside counts."""
        if device.type == "cuda":
            pair = _event(), _event()
            pair[0].record()
            yield
            pair[1].record()
            self._events.append(pair)
        else:
            began = perf_counter()
            yield
            self._seconds += perf_counter() - began

    def clear(self) -> None:
        """Start afresh."""
        self.flops, self._seconds = 0, 0.0
        self._events.clear()


@dataclass(frozen=True, slots=True)
class NetworkTime:
    """What is noted."""

    stem: Stretch = field(default_factory=Stretch)
    blocks: Stretch = field(default_factory=Stretch)
    """With the positional encoder before them and the head behind."""

    def clear(self) -> None:
        """Start afresh."""
        self.stem.clear()
        self.blocks.clear()

    def runner(self) -> Callable[[Model, torch.device, Precision, int], Runner]:
        """What an engine makes its runner by, so that it is noted here."""

        def make(model: Model, device: torch.device, precision: Precision, threads: int) -> Runner:
            return _NotedRunner(self, model, device, precision, threads)

        return make


def _event() -> torch.cuda.Event:
    return torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]


class _NotedRunner(Runner):
    def __init__(self, time: NetworkTime, model: Model, device: torch.device, precision: Precision, threads: int) -> None:
        super().__init__(model, device, precision, threads)
        self._time = time

    def features(self, waves: Sequence[Samples]) -> list[Tensor]:
        self._time.stem.flops += sum(stem_flops(self.architecture, len(wave) // FRAME_SAMPLES) for wave in waves)
        with self._time.stem.timed(self._device):
            return super().features(waves)

    def frames(self, features: Sequence[Tensor], first: int, stop: int) -> tuple[Array, Array]:
        length = len(features[0])
        self._time.blocks.flops += len(features) * encoder_flops(self.architecture, length, stop - first)
        with self._time.blocks.timed(self._device):
            return super().frames(features, first, stop)
