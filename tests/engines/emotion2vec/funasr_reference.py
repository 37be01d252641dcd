"""FunASR itself, by its public `AutoModel`, loading and running a model by its own code: what the engine is held to."""

import contextlib
import io
import logging
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.audio.chunk import Samples


class Reference:
    """`AutoModel.generate()` on one model folder."""

    def __init__(self, folder: Path) -> None:
        from funasr import AutoModel

        level = logging.getLogger().level
        with contextlib.redirect_stdout(io.StringIO()):
            self._model = AutoModel(model=str(folder), device="cpu", ncpu=1, disable_update=True, disable_pbar=True)
        logging.getLogger().setLevel(level)
        self._behind_scores: list[NDArray[np.float32]] = []
        self._model.model.proj.register_forward_hook(lambda *call: self._behind_scores.append(call[2].detach().numpy().copy()))

    def frames(self, samples: Samples) -> NDArray[np.float32]:
        """Frame embeddings, shape (T, D)."""
        return np.asarray(self._generate(samples, "frame")["feats"])

    def scores(self, samples: Samples) -> NDArray[np.float64]:
        """Of the labels that `generate()` shows, shape (C,)."""
        return np.array(self._generate(samples, "utterance")["scores"])

    def logits(self, samples: Samples) -> NDArray[np.float32]:
        """Of all outputs of the head, before FunASR's softmax: shape (outputs,)."""
        self._generate(samples, "utterance")
        return np.asarray(self._behind_scores[-1][0])

    def _generate(self, samples: Samples, granularity: str) -> dict[str, Any]:
        result: dict[str, Any] = self._model.generate(samples, granularity=granularity, extract_embedding=True)[0]
        return result
