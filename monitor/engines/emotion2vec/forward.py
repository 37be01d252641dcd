"""One forward pass: windows of equal length in, frame embeddings and logits out."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from monitor.engines.emotion2vec.folder import RECEPTIVE_FIELD
from monitor.engines.emotion2vec.labels import Labels
from monitor.timeline import FRAME_SAMPLES

RIGHT_PADDING = RECEPTIVE_FIELD - FRAME_SAMPLES
"""Zeros put after a window. N samples make `(N - 400) // 320 + 1` frames, so `320 k` of them would make one frame too few: the
last frame would want 80 samples that lie beyond the window. With 80 zeros in their place there are exactly `k`."""


class Forward:
    """Runs FunASR's network as its `generate(granularity="frame")` does.

    The arithmetic is that of `generate()` on the window followed by 80 zero samples: layer norm over that whole waveform where
    the model's configuration says `normalize`, the features of the last block, extra tokens removed. Logits are the model's
    head on every frame; the head is linear, so their mean is what `generate()` takes the softmax of.
    """

    def __init__(self, network: Any, labels: Labels, device: torch.device, threads: int) -> None:
        self._network = network
        self._normalize = bool(network.cfg.get("normalize"))
        self._columns = torch.tensor(labels.columns, device=device)
        self._device = device
        if device.type == "cuda":
            # On by default, and good to three digits only: a window's result would depend on the others of its batch.
            torch.backends.cudnn.allow_tf32 = False
        self._threads = threads

    def __call__(self, samples: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Frames of a batch.

        `samples` has shape (B, 320 k), float32; returns embeddings (B, k, D) and logits (B, k, C), float32.
        """
        if torch.get_num_threads() != self._threads:  # FunASR and others set it for the process
            torch.set_num_threads(self._threads)
        with torch.inference_mode():
            wave = functional.pad(torch.from_numpy(samples).to(self._device), (0, RIGHT_PADDING))
            if self._normalize:
                wave = functional.layer_norm(wave, wave.shape[1:])
            frames = self._network.extract_features(wave, padding_mask=None)["x"]
            logits = self._network.proj(frames)[..., self._columns]
            return frames.cpu().numpy(), logits.cpu().numpy()
