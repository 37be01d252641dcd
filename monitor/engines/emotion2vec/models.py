"""The emotion2vec models that are known by name. Nothing heavy is imported here: the command line lists these."""

import re
from dataclasses import dataclass
from pathlib import Path

from monitor.errors import EngineError


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A published model with an emotion head."""

    short: str
    """Name accepted in the settings in place of the id."""
    modelscope: str
    """Its id on ModelScope, FunASR's own hub."""
    huggingface: str
    """Its id on Hugging Face."""
    dim: int
    """Width of an embedding."""
    parameters: int
    """Of the network as it runs here; the file may hold more."""
    licence: str = "FunASR model licence (model-license)"
    """As its makers' model card states it."""


KNOWN: tuple[KnownModel, ...] = tuple(
    KnownModel(f"plus_{size}", f"iic/emotion2vec_plus_{size}", f"emotion2vec/emotion2vec_plus_{size}", dim, parameters)
    for size, dim, parameters in (("large", 1024, 162_100_000), ("base", 768, 93_100_000), ("seed", 768, 93_100_000))
)
DEFAULT = KNOWN[0]

REQUIRED = ("config.yaml", "model.pt", "tokens.txt")
"""Files without which a folder is no model."""
PREPARED = ".safetensors"
"""How the name of a prepared model ends (`prepared.py`)."""

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_WAYS = "give a folder, a prepared file, a hub id (OWNER/NAME) or one of " + ", ".join(known.short for known in KNOWN)


@dataclass(frozen=True, slots=True)
class HubId:
    """A model by its name on the hubs. A name means the same model on both only where it is known to."""

    modelscope: str | None
    huggingface: str | None
    known: KnownModel | None = None

    def __str__(self) -> str:
        return self.modelscope or f"hf:{self.huggingface}"


def resolve(model: str | None) -> Path | HubId:
    """What `engine.model` means: a folder, a prepared file, or a model of a hub.

    A folder that exists wins over a hub id of the same spelling. `hf:OWNER/NAME` names a model of Hugging Face alone; other
    ids that are not known are looked for on ModelScope alone, where FunASR looks.
    Raises `EngineError` where it is none of them.

    >>> str(resolve("plus_base")), str(resolve(None)), str(resolve("hf:acme/emotion"))
    ('iic/emotion2vec_plus_base', 'iic/emotion2vec_plus_large', 'hf:acme/emotion')
    """
    text = DEFAULT.modelscope if model is None else model
    folder = in_home(text, "engine.model")
    if text and (folder.is_absolute() or text.startswith((".", "~")) or folder.exists()):
        return _folder(folder)
    for known in KNOWN:
        if text in (known.short, known.modelscope, known.huggingface, f"emotion2vec_{known.short}"):
            return HubId(known.modelscope, known.huggingface, known)
    name = text.removeprefix("hf:")
    if not _HUB_ID.fullmatch(name):
        raise EngineError(f"engine.model: {text!r} is no model: {_WAYS}")
    return HubId(None, name) if text != name else HubId(name, None)


def in_home(text: str, setting: str) -> Path:
    """A path that may begin with `~`, as `setting` gives it. Raises `EngineError` where this user has no home."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise EngineError(f"{setting}: {text} is in the home of a user that has none: set HOME, or give a full path") from None


def _folder(folder: Path) -> Path:
    try:
        there = folder.exists()
    except OSError as error:
        raise EngineError(f"engine.model: {folder} cannot be read: {(error.strerror or str(error)).lower()}") from None
    if not there:
        raise EngineError(f"engine.model: there is no folder {folder}: {_WAYS}")
    if not folder.is_dir() and folder.suffix != PREPARED:
        raise EngineError(
            f"engine.model: {folder} is a file; name the folder that holds model.pt, config.yaml and tokens.txt, or a "
            f"{PREPARED} file made by: emotion-monitor models prepare"
        )
    return folder
