"""A model folder, read with distrust: everything in it came from somewhere else.

Three files of such a folder could run code when FunASR reads them as usual: `model.pt` is a pickle, `config.yaml` holds an
expression that FunASR gives to `eval`, and with `trust_remote_code` in it FunASR installs packages and imports files. Here
the pickle may hold tensors alone, the expression must be a plain list of layers, and nothing else of the configuration is used.
"""

import hashlib
import pickle
import re
import warnings
from pathlib import Path
from typing import Any

import torch
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from monitor.engines.emotion2vec.architecture import read_stem
from monitor.engines.emotion2vec.labels import Labels, read_labels
from monitor.engines.emotion2vec.model import Model
from monitor.engines.emotion2vec.models import REQUIRED
from monitor.errors import EngineError


def read_folder(path: Path, licence: str = "") -> Model:
    """Read a model folder. Raises `EngineError` naming the file that is missing, damaged or of another kind."""
    missing = [name for name in REQUIRED if not (path / name).is_file()]
    if missing:
        raise EngineError(
            f"{path} has no {' and no '.join(missing)}; an emotion2vec model is a folder with {', '.join(REQUIRED)}, "
            f"as the hubs have it"
        )
    tokens, labels = read_tokens(path)
    return Model(path, read_config(path), tokens, labels, read_weights(path), read_version(path), licence)


def read_version(folder: Path) -> str:
    """Which weights they are: the first 12 hexadecimal digits of the SHA-256 of model.pt."""
    with (folder / "model.pt").open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]


def read_config(folder: Path) -> dict[str, Any]:
    """`model_conf` of config.yaml. Raises `EngineError` where it is not that of an emotion2vec model."""
    path = folder / "config.yaml"
    try:
        # As FunASR reads it: PyYAML would take 1e-05 for a string. Nothing is resolved, so the environment is not read.
        whole: Any = OmegaConf.to_container(OmegaConf.load(path), resolve=False)
    except (OSError, ValueError, YAMLError, OmegaConfBaseException, RecursionError) as error:
        raise EngineError(f"{path} is damaged: {_first_line(error)}") from None
    kind = whole.get("model") if isinstance(whole, dict) else None
    if kind != "Emotion2vec":
        raise EngineError(f"{path} describes {kind or 'no model'}, not Emotion2vec: this folder holds another model")
    config = whole.get("model_conf")
    try:
        stem = str(config["modalities"]["audio"]["feature_encoder_spec"])
    except (TypeError, KeyError, IndexError):
        raise EngineError(f"{path} has no model_conf.modalities.audio.feature_encoder_spec: it is incomplete") from None
    read_stem(stem, path)
    return dict(config)


def read_tokens(folder: Path) -> tuple[tuple[str, ...], Labels]:
    """Every output of the head by its name in tokens.txt, and the labels made of them. Raises `EngineError`."""
    path = folder / "tokens.txt"
    try:
        tokens = tuple(line.rstrip() for line in path.read_text(encoding="utf-8").splitlines())
        return tokens, read_labels(tokens)
    except (OSError, ValueError) as error:
        raise EngineError(f"{path} is damaged: {_first_line(error)}") from None


def read_weights(folder: Path) -> dict[str, torch.Tensor]:
    """The tensors of model.pt by the names that the network gives them. Raises `EngineError`; runs no code of the file's."""
    path = folder / "model.pt"
    with path.open("rb") as file:
        head = file.read(40)
    if head.startswith(b"version https://git-lfs"):
        raise EngineError(
            f"{path} is a Git LFS pointer, not the weights: run `git lfs pull` in that folder, or pull the model again"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the pickle protocol, which is not for the user to mend
            # Mapped: parameters are read as they are copied into the network; what only training needs is never read.
            whole = torch.load(path, map_location="cpu", weights_only=True, mmap=head.startswith(b"PK"))
    except pickle.UnpicklingError as error:
        call = re.search(r"GLOBAL ([\w.]+)", str(error))
        if call:
            raise EngineError(
                f"{path} asks for {call[1]} when loaded, which could run any code, and is refused: weights are tensors alone. "
                f"Pull the model again from its makers' hub."
            ) from None
        raise EngineError(f"{path} is damaged: it is no file of weights. Pull the model again.") from None
    except (OSError, RuntimeError, ValueError, EOFError, KeyError, IndexError) as error:
        raise EngineError(f"{path} is damaged: {_first_line(error)}. Pull the model again.") from None
    for key in ("state_dict", "model_state_dict", "model"):
        if isinstance(whole, dict) and isinstance(whole.get(key), dict):
            whole = whole[key]
    if not isinstance(whole, dict):
        raise EngineError(f"{path} holds no weights by name: this is another kind of file")
    return {_own_name(name): value for name, value in whole.items() if isinstance(value, torch.Tensor)}


def _own_name(name: str) -> str:
    """The network's name for a parameter, without the wrappers that training put around it."""
    return name.removeprefix("module.").removeprefix("d2v_model.")


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:200] if lines else type(error).__name__
