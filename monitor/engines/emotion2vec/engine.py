"""The emotion2vec engine: a windowed engine on FunASR's weights."""

import os
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from monitor.config.sections import EngineSection
from monitor.engines.base import Engine, EngineInfo, LegContext, Window, WindowError, WindowFrames, check_window
from monitor.engines.emotion2vec.folder import read_folder
from monitor.engines.emotion2vec.forward import Forward
from monitor.engines.emotion2vec.hub import locate
from monitor.engines.emotion2vec.models import HubId, resolve
from monitor.engines.emotion2vec.network import build_network
from monitor.engines.leg_speech import LegSpeech
from monitor.errors import EngineError
from monitor.timeline import FRAME_SAMPLES, frames_for

WINDOW = 2.0
HOP = 0.5
LOOKAHEAD = 0.5
"""Seconds. Argued from measurement: `benchmarks/emotion2vec_context.py`."""


class _Leg(LegContext):
    def __init__(self) -> None:
        self.speech = LegSpeech()


class Emotion2vecEngine(Engine):
    """Any FunASR emotion2vec model with an emotion head.

    Windows of equal length share a forward pass; windows of different length never do, because padding one would change its
    normalisation and its context. A batch therefore gives what each of its windows gives alone.
    """

    def __init__(self, settings: EngineSection) -> None:
        """Find, read and build the model that `settings.model` names. Raises `EngineError` with the reason and the remedy."""
        what = resolve(settings.model)
        device = _device(settings.device)
        folder = read_folder(locate(settings.model, settings.hub_timeout))
        self._forward = Forward(build_network(folder, device), folder.labels, device, settings.threads or _cores())
        self._max_batch = settings.max_batch
        self.info = EngineInfo(
            name="emotion2vec",
            model=str(what),
            version=folder.version,
            labels=folder.labels.names,
            dim=int(folder.config["embed_dim"]),
            window=WINDOW,
            hop=HOP,
            lookahead=LOOKAHEAD,
            device=str(device),
            licence=what.known.licence if isinstance(what, HubId) and what.known else "",
        )

    def open_leg(self) -> LegContext:
        """A fresh context: the leg's speech detector."""
        return _Leg()

    def infer(self, windows: Sequence[Window]) -> list[WindowFrames]:
        """Frames of each window, in the order given. See `Engine.infer`."""
        legs = self._checked(windows)
        embedding, logits = self._run(windows)
        results = []
        for index, (window, leg) in enumerate(zip(windows, legs, strict=True)):
            wanted = slice(window.first - window.start, window.stop - window.start)
            speech = leg.speech.of(window)
            results.append(WindowFrames(embedding[index][wanted].copy(), logits[index][wanted].copy(), speech))
        return results

    def warm_up(self) -> None:
        """Run one window of silence: the first forward pass allocates, and on a GPU chooses its kernels."""
        self._forward(np.zeros((1, frames_for(WINDOW) * FRAME_SAMPLES), np.float32))

    def _checked(self, windows: Sequence[Window]) -> list[_Leg]:
        legs: list[_Leg] = []
        for window in windows:
            check_window(window)
            if not isinstance(window.context, _Leg):
                raise WindowError("the window's context was not opened by this engine")
            if window.context in legs:
                raise WindowError("two windows of one leg are in the same batch")
            legs.append(window.context)
        return legs

    def _run(self, windows: Sequence[Window]) -> tuple[list[NDArray[np.float32]], list[NDArray[np.float32]]]:
        embedding: list[NDArray[np.float32]] = [np.empty(0, np.float32)] * len(windows)
        logits = list(embedding)
        for members in self._batches(windows):
            got = self._forward(np.stack([windows[index].samples for index in members]))
            for row, index in enumerate(members):
                embedding[index], logits[index] = got[0][row], got[1][row]
                if not np.isfinite(logits[index]).all():
                    raise WindowError(
                        f"the window's samples, up to {np.abs(windows[index].samples).max():g}, are beyond the model"
                    )
        return embedding, logits

    def _batches(self, windows: Sequence[Window]) -> list[list[int]]:
        by_length: dict[int, list[int]] = defaultdict(list)
        for index, window in enumerate(windows):
            by_length[len(window.samples)].append(index)
        return [
            members[at : at + self._max_batch]
            for members in by_length.values()
            for at in range(0, len(members), self._max_batch)
        ]


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise EngineError(f"engine.device: {name!r} is no device; give auto, cpu, cuda or cuda:N") from None
    if device.type not in ("cpu", "cuda"):
        raise EngineError(f"engine.device: {name!r} is not supported; give auto, cpu, cuda or cuda:N")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise EngineError(
            f"engine.device: {name} was asked for, but torch {torch.__version__} sees {torch.cuda.device_count()} GPUs; "
            f"use auto or cpu, or install a torch built for this machine's CUDA"
        )
    return device
