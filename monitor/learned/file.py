"""The file of what was learnt: safetensors, whose header holds one JSON document that says everything but the numbers.

Nothing in it is ever run. One key holds the whole document, as safetensors writes several in no fixed order: so the same
content is the same bytes, and a digest of these says what decided a call's events.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from monitor.errors import ConfigError
from monitor.output_file import written

LARGEST = 256 * 1024
"""Bytes: the file is kept with every call that it is used for."""
SUFFIX = ".safetensors"
_LENGTH = 8
"""Bytes before a header that say how long it is: https://github.com/huggingface/safetensors#format"""


def encode(kind: str, document: Mapping[str, Any], tensors: Mapping[str, NDArray[np.float32]]) -> bytes:
    """The file's content. Raises `ConfigError` where it would be too large."""
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, allow_nan=False)
    content = save({name: np.ascontiguousarray(tensor, np.float32) for name, tensor in tensors.items()}, {kind: text})
    if len(content) > LARGEST:
        raise ConfigError(
            f"{len(content) // 1024} KiB; at most {LARGEST // 1024} KiB are kept with a call: give fewer or shorter examples"
        )
    return content


def decode(kind: str, content: bytes, name: str) -> tuple[dict[str, Any], dict[str, NDArray[np.float32]]]:
    """The document and the tensors of a file called `name`. Raises `ConfigError` where it is none of this kind."""
    if len(content) > LARGEST:
        raise ConfigError(f"{name} is no {kind}: {len(content)} bytes, at most {LARGEST} are kept with a call")
    try:
        tensors = load(content)
        size = int.from_bytes(content[:_LENGTH], "little")
        text = json.loads(content[_LENGTH : _LENGTH + size]).get("__metadata__", {}).get(kind)
        document = None if text is None else json.loads(text)
    except (SafetensorError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ConfigError(f"{name} is no {kind}: {' '.join(str(error).split())[:120]}") from None
    if not isinstance(document, dict):
        raise ConfigError(f"{name} is no {kind}: its header does not say so")
    for key, tensor in tensors.items():
        if tensor.dtype != np.float32 or not np.isfinite(tensor).all():
            raise ConfigError(f"{name} is no {kind}: {key} is not finite float32")
    return document, tensors


def digest_of(content: bytes) -> str:
    """By which a content is known."""
    return hashlib.sha256(content).hexdigest()[:16]


def read_content(path: Path, kind: str) -> bytes:
    """A file's bytes, as far as one may be large. Raises `ConfigError`."""
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except FileNotFoundError:
        raise ConfigError(f"there is no {kind} {path}") from None
    except OSError as error:
        raise ConfigError(f"{kind} {path} cannot be read: {error.strerror}") from None


def write_content(path: Path, content: bytes) -> None:
    """Write a file whole or not at all. Raises `ConfigError`."""
    try:
        with written(path) as part:
            part.write_bytes(content)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from None
