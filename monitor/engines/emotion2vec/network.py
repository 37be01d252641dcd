"""FunASR's own emotion2vec network, with a folder's weights in it.

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

import torch

from monitor.engines.emotion2vec.folder import ModelFolder
from monitor.errors import EngineError

_TRAINING_ONLY = ".decoder."
"""Parts of the network that published files leave out, because only training runs them."""


def build_network(folder: ModelFolder, device: torch.device) -> Any:
    """FunASR's `Emotion2vec` with the folder's weights, float32, in evaluation mode, on `device`.

    Takes some ten seconds, most of them for importing FunASR. Raises `EngineError` where the weights are not this network's.
    """
    with _quietly():
        try:
            from funasr.models.emotion2vec.model import Emotion2vec
        except (ImportError, OSError) as error:  # OSError: a torchaudio whose CUDA libraries are not there
            raise EngineError(
                f"FunASR cannot be imported: {error}. Install this program's pinned packages, and if torchaudio is installed "
                f"remove it: it is not needed; or use engine.name: compact"
            ) from error
        try:
            with torch.random.fork_rng(devices=[]):
                network: Any = Emotion2vec(model_conf=folder.config, vocab_size=len(folder.tokens))
        except Exception as error:  # whatever a configuration can make FunASR trip over
            path = folder.path / "config.yaml"
            reason = " ".join(str(error).split())
            raise EngineError(f"{path} does not describe a network that FunASR can build: {reason}") from error
    _load_weights(network, folder)
    network.modality_encoders["AUDIO"].remove_pretraining_modules()
    return network.to(device=device, dtype=torch.float32).eval().requires_grad_(False)


def _load_weights(network: Any, folder: ModelFolder) -> None:
    wanted = {name: value for name, value in network.state_dict().items() if _TRAINING_ONLY not in name}
    path = folder.path / "model.pt"
    missing = [name for name in wanted if name not in folder.weights]
    if missing:
        head = "; it has no emotion head, take a plus model" if set(missing) == {"proj.weight", "proj.bias"} else ""
        raise EngineError(f"{path} lacks {len(missing)} of the network's {len(wanted)} tensors, {missing[0]} first{head}")
    for name, value in wanted.items():
        if value.shape != folder.weights[name].shape:
            raise EngineError(
                f"{path} does not fit config.yaml and tokens.txt beside it: {name} is {tuple(folder.weights[name].shape)}, "
                f"they ask for {tuple(value.shape)}"
            )
    network.load_state_dict({name: folder.weights[name] for name in wanted}, strict=False)
    broken = [name for name, value in network.state_dict().items() if name in wanted and not bool(torch.isfinite(value).all())]
    if broken:
        raise EngineError(f"{path} is damaged: {broken[0]} holds numbers that are not finite. Pull the model again.")


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
