"""FunASR's own emotion2vec network: what `network.py` is held to. Loaded to prove that and for nothing else.

The network's class is used directly and not through FunASR's `AutoModel`, which would give the same numbers (a test holds it
to that) at a price: it reads the folder without distrust, fills parameters that the file lacks with random numbers and goes
on, seeds the random generators of the whole process, and takes the weights into memory three times.
"""

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from monitor.engines.emotion2vec.model import Model
from monitor.engines.emotion2vec.network import TAIL
from monitor.errors import EngineError

_TRAINING_ONLY = ".decoder."
"""Parts of the network that published files leave out, because only training runs them."""


class Original:
    """Runs a model by FunASR's code, window by window, as `generate(granularity="frame")` does: float32, on the processor."""

    def __init__(self, model: Model) -> None:
        """Takes some ten seconds, most of them for importing FunASR.

        Raises `EngineError` where FunASR cannot be imported or does not take the model.
        """
        self._network = _build(model)
        self._columns = torch.tensor(model.labels.columns)

    def __call__(self, samples: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Embeddings (k, D) and logits (k, C) of the frames of a window (320 k,), float32."""
        with torch.inference_mode():
            wave = functional.pad(torch.from_numpy(samples), (0, TAIL))[None]
            if self._network.cfg.get("normalize"):
                wave = functional.layer_norm(wave, wave.shape[1:])
            frames = self._network.extract_features(wave, padding_mask=None)["x"][0]
            return frames.numpy(), self._network.proj(frames)[:, self._columns].numpy()


def _build(model: Model) -> Any:
    with _quietly():
        try:
            from funasr.models.emotion2vec.model import Emotion2vec
        except (ImportError, OSError) as error:  # OSError: a torchaudio whose CUDA libraries are not there
            raise EngineError(
                f"FunASR cannot be imported: {error}. Install this program's pinned packages, and if torchaudio is installed "
                f"remove it: it is not needed"
            ) from error
        try:
            with torch.random.fork_rng(devices=[]):
                network: Any = Emotion2vec(model_conf=model.config, vocab_size=len(model.tokens))
            unused = network.load_state_dict(model.weights, strict=False).missing_keys
        except Exception as error:  # whatever a configuration can make FunASR trip over
            reason = " ".join(str(error).split())
            raise EngineError(f"FunASR does not take the model of {model.path}: {reason}") from error
    if missing := [name for name in unused if _TRAINING_ONLY not in name]:
        raise EngineError(f"{model.weights_path} lacks {missing[0]}, which FunASR reads")
    network.modality_encoders["AUDIO"].remove_pretraining_modules()
    return network.float().eval().requires_grad_(False)


@contextmanager
def _quietly() -> Iterator[None]:
    """Undo what importing FunASR does to the process: it prints to stdout, and gives the root logger a level and a handler."""
    root = logging.getLogger()
    level, handlers, threads = root.level, list(root.handlers), torch.get_num_threads()
    try:
        with redirect_stdout(sys.stderr), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        root.setLevel(level)
        root.handlers[:] = handlers
        torch.set_num_threads(threads)
