"""The network on its device: samples in, features, embeddings and logits out."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from monitor.audio.chunk import Samples
from monitor.engines.emotion2vec.device import Precision
from monitor.engines.emotion2vec.graphs import GraphedEncoder
from monitor.engines.emotion2vec.model import Model, checked_architecture, needed
from monitor.engines.emotion2vec.network import TAIL, Encoder, Stem
from monitor.timeline import FRAME_SAMPLES

Array = NDArray[np.float32]

TYPES = {"fp32": torch.float32, "int8": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
"""Of the weights and of what lies between the matrix products. int8 is the products' own affair."""


class Runner:
    """One thread at a time uses it."""

    def __init__(
        self, model: Model, device: torch.device, precision: Precision, threads: int, *, stem: Precision | None = None
    ) -> None:
        """`stem`: its precision where it is not that of the blocks; of the same type between the products.

        Raises `EngineError` where the model's parts do not fit each other.
        """
        self.architecture = checked_architecture(model)
        self._device, self._threads, self._type = device, threads, TYPES[precision]
        if device.type == "cuda":
            # On by default for convolutions, and good to three digits only: fp32 would not be what it says.
            torch.backends.cudnn.allow_tf32 = False
        with torch.inference_mode():
            weights = {name: value.to(device, self._type) for name, value in needed(model, self.architecture).items()}
            self._stem = Stem(weights, self.architecture, stem or precision)
            encoder = Encoder(weights, self.architecture, precision, torch.tensor(model.labels.columns, device=device))
        self._encoder = GraphedEncoder(encoder) if device.type == "cuda" else encoder

    def features(self, waves: Sequence[Samples]) -> list[Tensor]:
        """Features (n, D) of the frames of each leg's samples (320 n + 80,), on the device."""
        with self._running():
            if self._device.type == "cpu":  # one after the other, what is computed stays in the cache
                return [self._stem(torch.from_numpy(wave).to(self._type)) for wave in waves]
            filled = torch.from_numpy(np.concatenate([np.pad(wave, (0, FRAME_SAMPLES - TAIL)) for wave in waves]))
            counts = [len(wave) // FRAME_SAMPLES for wave in waves]
            return self._stem.end_to_end(filled.to(self._device).to(self._type), counts)

    def frames(self, features: Sequence[Tensor], first: int, stop: int) -> tuple[Array, Array]:
        """Embeddings (B, n, D) and logits (B, n, C) of the frames [first, stop) of windows with features (k, D) each."""
        with self._running():
            embedding, logits = self._encoder(torch.stack(list(features)), first, stop)
            return embedding.cpu().numpy(), logits.cpu().numpy()

    def _running(self) -> torch.inference_mode:
        if torch.get_num_threads() != self._threads:  # others set it for the process
            torch.set_num_threads(self._threads)
        return torch.inference_mode()
