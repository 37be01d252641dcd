"""The emotion2vec engine: a windowed engine on FunASR's weights."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from monitor.config.sections import EngineSection
from monitor.engines.base import Engine, EngineInfo, LegContext, Window, WindowError, WindowFrames, check_window
from monitor.engines.emotion2vec.device import choose_device, choose_threads
from monitor.engines.emotion2vec.folder import read_folder
from monitor.engines.emotion2vec.forward import Forward
from monitor.engines.emotion2vec.hub import locate
from monitor.engines.emotion2vec.models import HubId, resolve
from monitor.engines.emotion2vec.network import build_network
from monitor.engines.leg_speech import LegSpeech
from monitor.timeline import FRAME_SAMPLES, frames_for

WINDOW = 2.0
HOP = 0.5
LOOKAHEAD = 0.5
"""Seconds; measured in `benchmarks/emotion2vec_context.py`. Lookahead is worth its delay up to here; a window of 3 s brings the
worst frames closer to full context at a third more cost; the hop changes cost and delay alone."""

Array = NDArray[np.float32]


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
        what, device = resolve(settings.model), choose_device(settings.device)
        folder = read_folder(locate(settings.model, settings.hub_timeout))
        self._forward = Forward(build_network(folder, device), folder.labels, device, choose_threads(settings.threads))
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
        legs = _legs(windows)
        computed = self._compute(windows)
        return [
            WindowFrames(embedding, logits, leg.speech.of(window))
            for window, leg, (embedding, logits) in zip(windows, legs, computed, strict=True)
        ]

    def warm_up(self) -> None:
        """Run one window of silence: the first forward pass allocates, and on a GPU chooses its kernels."""
        self._forward(np.zeros((1, frames_for(WINDOW) * FRAME_SAMPLES), np.float32))

    def _compute(self, windows: Sequence[Window]) -> list[tuple[Array, Array]]:
        """Embeddings and logits of the frames that each window wants."""
        computed: dict[int, tuple[Array, Array]] = {}
        for members in self._batches(windows):
            embedding, logits = self._forward(np.stack([windows[index].samples for index in members]))
            for row, index in enumerate(members):
                window = windows[index]
                wanted = slice(window.first - window.start, window.stop - window.start)
                computed[index] = embedding[row, wanted].copy(), logits[row, wanted].copy()
                if not np.isfinite(computed[index][1]).all():
                    raise WindowError(f"samples of up to {np.abs(window.samples).max():g} are beyond the model")
        return [computed[index] for index in range(len(windows))]

    def _batches(self, windows: Sequence[Window]) -> list[list[int]]:
        """Indices of windows of equal length, at most `max_batch` together."""
        alike: dict[int, list[int]] = defaultdict(list)
        for index, window in enumerate(windows):
            alike[len(window.samples)].append(index)
        size = self._max_batch
        return [members[at : at + size] for members in alike.values() for at in range(0, len(members), size)]


def _legs(windows: Sequence[Window]) -> list[_Leg]:
    """The windows' contexts. Raises `WindowError` where a window cannot be computed."""
    legs: list[_Leg] = []
    for window in windows:
        check_window(window)
        if not isinstance(window.context, _Leg):
            raise WindowError("the window's context was not opened by this engine")
        if window.context in legs:
            raise WindowError("two windows of one leg are in the same batch")
        legs.append(window.context)
    return legs
