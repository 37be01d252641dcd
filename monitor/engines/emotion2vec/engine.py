"""The emotion2vec engine: a windowed engine on FunASR's weights."""

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from monitor.engines.base import Engine, EngineInfo, Window, WindowError, WindowFrames
from monitor.engines.emotion2vec.device import Precision, choose_device, choose_precision, choose_threads
from monitor.engines.emotion2vec.gate import SpeechGate
from monitor.engines.emotion2vec.leg import Emotion2vecLeg, Normalise
from monitor.engines.emotion2vec.load import load_model
from monitor.engines.emotion2vec.model import Model
from monitor.engines.emotion2vec.models import resolve
from monitor.engines.emotion2vec.network import TAIL
from monitor.engines.emotion2vec.options import Emotion2vecOptions
from monitor.engines.emotion2vec.runner import Runner
from monitor.engines.leg_speech import speech_of
from monitor.engines.legs import OpenLegs
from monitor.timeline import FRAME_SAMPLES, frames_for

WINDOW = 2.0
HOP = 0.5
LOOKAHEAD = 0.5
"""Seconds; measured by `python -m lab.experiments.emotion2vec_context`. Lookahead is worth its delay up to here; a window of
3 s brings the worst frames closer to full context at a third more cost; the hop changes cost and delay alone."""
LOUDEST = 1e6
"""Samples beyond this are damage, not sound: full scale is 1."""

Array = NDArray[np.float32]
MakeRunner = Callable[[Model, torch.device, Precision, int], Runner]


class Emotion2vecEngine(Engine):
    """Any emotion2vec model with an emotion head, as FunASR publishes them or prepared.

    Windows of equal length of which the same frames are wanted share a forward pass; others never do, because padding one would
    change its context. A batch therefore gives what each of its windows gives alone.
    """

    def __init__(self, settings: Emotion2vecOptions, make_runner: MakeRunner = Runner) -> None:
        """Find, read and lay out the model that `settings.model` names; `make_runner`: one that is measured, for instance.

        Raises `EngineError` with the reason and the remedy.
        """
        what, device = resolve(settings.model), choose_device(settings.device)
        precision, threads = choose_precision(settings.precision, device), choose_threads(settings.threads)
        model = load_model(settings.model, settings.hub_timeout)
        self._runner = make_runner(model, device, precision, threads)
        normalise: Normalise = settings.normalise if self._runner.architecture.normalize else "nothing"
        self._legs = OpenLegs(lambda: Emotion2vecLeg(normalise))
        own = ((settings.window, WINDOW), (settings.hop, HOP), (settings.lookahead, LOOKAHEAD))
        self._geometry = tuple(frames_for(default if asked is None else asked) for asked, default in own)
        self._gate = SpeechGate(settings.gate)
        self._max_batch = settings.max_batch
        self.info = EngineInfo(
            name="emotion2vec",
            model=str(what),
            version=model.version,
            labels=model.labels.names,
            dim=self._runner.architecture.dim,
            window=WINDOW,
            hop=HOP,
            lookahead=LOOKAHEAD,
            device=str(device),
            precision=precision,
            licence=model.licence,
        )

    def open_leg(self) -> int:
        """See `Engine`."""
        return self._legs.open()

    def close_leg(self, leg_id: int) -> None:
        """See `Engine`."""
        self._legs.close(leg_id)

    def infer(self, windows: Sequence[Window]) -> list[WindowFrames]:
        """Frames of each window, in the order given. See `Engine.infer`.

        Ticks in and around which nobody speaks are not computed; their frames are zero, of which logits say nothing.
        """
        legs = self._legs.contexts(windows)
        for index, window in enumerate(windows):
            if (loudest := np.abs(window.samples).max()) > LOUDEST:
                raise WindowError(f"samples of up to {loudest:g} are beyond the model", window=index)
        speech = speech_of(windows, [leg.speech for leg in legs])
        for window, leg in zip(windows, legs, strict=True):
            leg.hear(window)
        wanted = [self._gate.open(window, leg.speech) for window, leg in zip(windows, legs, strict=True)]
        computed: dict[int, tuple[Array, Array]] = {}
        for members in self._batches(windows, wanted):
            computed |= self._compute(windows, legs, members)
        return [
            self._frames(said, spoken, *computed.get(index, (None, None)))
            for index, (said, spoken) in enumerate(zip(speech, wanted, strict=True))
        ]

    def warm_up(self) -> None:
        """Run a window: the first pass allocates, and loads the speech network; a GPU records a graph for each batch size."""
        window, hop, lookahead = self._geometry
        samples = np.zeros(window * FRAME_SAMPLES, np.float32)
        Emotion2vecLeg("nothing").speech.of(Window(0, 0, samples, 0, 1))
        sizes = [1 << power for power in range(self._max_batch.bit_length())] if self.info.device != "cpu" else [1]
        for size in sizes * 2:
            features = self._runner.features([np.pad(samples, (0, TAIL))] * size)
            self._runner.frames(features, max(0, window - lookahead - hop), window - lookahead)

    def _compute(
        self, windows: Sequence[Window], legs: Sequence[Emotion2vecLeg], members: Sequence[int]
    ) -> dict[int, tuple[Array, Array]]:
        """Embeddings and logits of the frames wanted of windows that go together."""
        fresh = self._runner.features([legs[index].fresh(windows[index]) for index in members])
        features = [legs[index].joined(windows[index], own) for index, own in zip(members, fresh, strict=True)]
        one = windows[members[0]]
        embedding, logits = self._runner.frames(features, one.first - one.start, one.stop - one.start)
        sound = np.isfinite(logits).all(axis=(1, 2)) & np.isfinite(embedding).all(axis=(1, 2))
        if not sound.all():
            raise WindowError("the network gives numbers that are not finite", window=members[int(np.argmin(sound))])
        for index, own in zip(members, features, strict=True):
            legs[index].keep(windows[index], own)
        return {index: (embedding[row], logits[row]) for row, index in enumerate(members)}

    def _batches(self, windows: Sequence[Window], wanted: Sequence[NDArray[np.bool_]]) -> list[list[int]]:
        """Indices of windows that are alike, at most `max_batch` together; those of which nothing is wanted are left out."""
        alike: dict[tuple[int, int, int], list[int]] = defaultdict(list)
        for index, window in enumerate(windows):
            if wanted[index].any():
                alike[len(window.samples), window.first - window.start, window.stop - window.start].append(index)
        size = self._max_batch
        return [members[at : at + size] for members in alike.values() for at in range(0, len(members), size)]

    def _frames(self, speech: Array, spoken: NDArray[np.bool_], embedding: Array | None, logits: Array | None) -> WindowFrames:
        """In memory of its own, zero where nobody speaks."""
        zeros = (np.zeros((len(speech), width), np.float32) for width in (self.info.dim, len(self.info.labels)))
        frames = WindowFrames(next(zeros), next(zeros), speech)
        if embedding is not None and logits is not None:
            frames.embedding[spoken], frames.logits[spoken] = embedding[spoken], logits[spoken]
        return frames
