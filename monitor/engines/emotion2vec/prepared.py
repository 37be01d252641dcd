"""A prepared model: one safetensors file with the weights, the configuration and the labels.

Reading it runs no code, needs neither FunASR nor a configuration parser, and takes the time of reading the weights.
"""

import json
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from monitor.engines.emotion2vec.labels import read_labels
from monitor.engines.emotion2vec.model import Model, checked_architecture, needed
from monitor.errors import EngineError
from monitor.output_file import written

_FORMAT = "emotion-monitor/emotion2vec/1"


def write_prepared(model: Model, path: Path) -> None:
    """Write a model to one file, which replaces what was there once it is whole.

    Raises `EngineError` where the model is not one that runs here, or the file cannot be written.
    """
    shape = checked_architecture(model)
    weights = {name: value.contiguous() for name, value in needed(model, shape).items()}
    metadata = {
        "format": _FORMAT,
        "config": json.dumps(model.config, ensure_ascii=False),
        "tokens": json.dumps(model.tokens, ensure_ascii=False),
        "version": model.version,
        "licence": model.licence,
    }
    try:
        with written(path) as part:
            save_file(weights, part, metadata=metadata)
    except (OSError, SafetensorError) as error:
        raise EngineError(f"{path} cannot be written: {error}") from error


def read_prepared(path: Path) -> Model:
    """Read a prepared file. Raises `EngineError` where it is damaged or of another kind."""
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != _FORMAT:
                raise EngineError(f"{path} is no prepared emotion2vec model; make one with: emotion-monitor models prepare")
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
        tokens = tuple(str(token) for token in json.loads(metadata["tokens"]))
        config = dict(json.loads(metadata["config"]))
        labels = read_labels(tokens)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise EngineError(f"{path} is damaged: {error}. Prepare the model again.") from None
    return Model(path, config, tokens, labels, weights, metadata.get("version", ""), metadata.get("licence", ""))
