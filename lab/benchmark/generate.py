"""FunASR's own way: `AutoModel.generate()` over sliding windows, one after the other, each computed whole."""

import contextlib
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from monitor.audio.chunk import Samples
from monitor.engines.base import Window
from monitor.engines.emotion2vec.model import Model
from monitor.engines.emotion2vec.network import TAIL
from monitor.engines.emotion2vec.write_folder import write_folder
from monitor.errors import EngineError
from monitor.timeline import FRAME_RATE

Array = NDArray[np.float32]


class Generate:
    """One model in FunASR's hands."""

    def __init__(self, model: Model, folder: Path, device: torch.device, threads: int) -> None:
        """Writes the model, as it was read and checked, to `folder`, from which FunASR reads it by its own code.

        Raises `EngineError` where FunASR cannot be imported or does not take it.
        """
        self._columns, self._device, self._threads = list(model.labels.columns), device, threads
        with _quietly():
            try:
                from funasr import AutoModel
            except (ImportError, OSError) as error:  # OSError: a torchaudio whose CUDA libraries are not there
                raise EngineError(f"FunASR cannot be imported: {error}. Install it, or give --no-generate") from error
            try:
                write_folder(folder, model.config, model.tokens, model.weights)
                options = {"ncpu": threads, "disable_update": True, "disable_pbar": True}
                self._model: Any = AutoModel(model=str(folder), device=str(device), **options)
            except Exception as error:  # whatever a configuration can make FunASR trip over
                reason = " ".join(str(error).split())
                raise EngineError(f"FunASR does not take the model: {reason}. Give --no-generate to leave it out") from error

    def frames(self, samples: Samples) -> tuple[Array, Array]:
        """Embeddings (k, D) and logits (k, C) of a window (320 k,): the head, one linear layer, is applied to each frame."""
        with torch.inference_mode():
            embedding = np.asarray(self._generate(samples), np.float32)
            logits = self._model.model.proj(torch.from_numpy(embedding).to(self._device))
            return embedding, logits[:, self._columns].cpu().numpy()

    def rate(self, windows: Sequence[Window], seconds: float) -> float:
        """Seconds of a leg's audio that it hears a second, going through `windows` again and again for some `seconds`.

        A window counts for the frames that are wanted of it. Two windows at least, after one that is not timed.
        """
        self._generate(windows[0].samples)
        began, heard = perf_counter(), 0.0
        for number, window in enumerate(cycle(windows)):
            self._generate(window.samples)
            heard += (window.stop - window.first) / FRAME_RATE
            if number and perf_counter() - began >= seconds:
                break
        return heard / (perf_counter() - began)

    def _generate(self, samples: Samples) -> Any:
        torch.set_num_threads(self._threads)
        with _quietly():
            whole = np.pad(samples, (0, TAIL))  # its last frame, which the engine gives as well, sees so far
            return self._model.generate(whole, granularity="frame", extract_embedding=True)[0]["feats"]


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """FunASR prints to stdout, and gives the root logger a level and a handler."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    try:
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):
            yield
    finally:
        root.setLevel(level)
        root.handlers[:] = handlers
        sys.stdout.flush()
