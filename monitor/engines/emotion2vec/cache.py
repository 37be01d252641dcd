"""Models that the hubs' own clients have put on this machine before. Nothing here touches the network."""

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from monitor.engines.emotion2vec.models import REQUIRED, HubId, in_home
from monitor.errors import EngineError


def modelscope_cache() -> Path:
    """Root of ModelScope's cache. Raises `EngineError` where it is below a home that nobody has."""
    return in_home(os.environ.get("MODELSCOPE_CACHE") or "~/.cache/modelscope", "MODELSCOPE_CACHE")


def find_cached(model: HubId) -> Path | None:
    """The folder of a model in this machine's hub caches, if all of its files are there. Touches no network.

    Hugging Face's cache is looked at where its client is installed, which alone knows its ways.
    Raises `EngineError` where a cache cannot be read.
    """
    try:
        for folder in _cache_folders(model):
            if all((folder / name).is_file() for name in REQUIRED):
                return folder
    except OSError as error:
        raise EngineError(
            f"{error.filename}: the models kept there cannot be read: {(error.strerror or str(error)).lower()}; give this user "
            f"the right, set MODELSCOPE_CACHE and HF_HOME to folders it can read, or name a model's folder: engine.model"
        ) from None
    return None


def _cache_folders(model: HubId) -> Iterator[Path]:
    if model.modelscope:
        base = modelscope_cache()
        owner, name = model.modelscope.split("/")
        yield from sorted((base / "models" / f"{owner}--{name}" / "snapshots").glob("*"))
        for place in ("models", "hub/models", "hub", "."):  # of earlier versions of ModelScope
            yield base / place / owner / name
            yield base / place / owner / name.replace(".", "___")
    if model.huggingface and find_spec("huggingface_hub"):
        from huggingface_hub import try_to_load_from_cache

        weights = try_to_load_from_cache(model.huggingface, "model.pt")
        if isinstance(weights, str):
            yield Path(weights).parent
