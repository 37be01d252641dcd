"""Reads the `result.json` beside an array: ours, FunASR's (a list of one), or that of the usual web interface.

The web interface, which writes `outputs_YYYYMMDD_HHMMSS/{processed_audio.wav,result.json,embedding.npy}`, has the scores as
an object, label by label.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any, Literal

from monitor.analysis.errors import ResultFileError

Granularity = Literal["utterance", "frame"]
GRANULARITIES: tuple[Granularity, ...] = ("utterance", "frame")
NAME = "result.json"
_LARGEST = 16 * 2**20
"""Bytes. FunASR's results may hold the features too; as text they are no use to anybody."""


@dataclass(frozen=True, slots=True)
class Result:
    """What is said of an array. What is not said is empty or None."""

    path: Path
    key: str = ""
    labels: tuple[str, ...] = ()
    scores: tuple[float, ...] | None = None
    """Of `labels`, in their order."""
    granularity: Granularity | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    """Granularity -> name of its file."""
    shape: tuple[int, ...] | None = None
    """Of `embedding.npy`."""
    rate: float | None = None
    """Rows a second."""
    engine: Mapping[str, Any] = field(default_factory=dict)
    call: str = ""
    leg: str = ""
    input: Mapping[str, Any] = field(default_factory=dict)
    """Of what file it was made (`extract.py`)."""
    live: bool = False
    """The call goes on, and rows are put behind the array."""

    def granularity_of(self, name: str) -> Granularity | None:
        """What the array in the file `name` is said to be."""
        for granularity in GRANULARITIES:
            if self.files.get(granularity) == name:
                return granularity
        return self.granularity


def read_result(folder: Path) -> Result | None:
    """The `result.json` of a folder; None where there is none. Raises `ResultFileError` where it cannot be understood."""
    path = folder / NAME
    try:
        if path.stat().st_size > _LARGEST:
            raise ResultFileError(f"{path} is larger than {_LARGEST // 2**20} MB; a result holds key, labels and scores alone")
        document = json.loads(path.read_bytes()) if path.is_file() else None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ResultFileError(f"{path} cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise ResultFileError(f"{path} is no JSON: {error}") from None
    if document is None:
        raise ResultFileError(f"{path} is no file")
    if isinstance(document, list):
        if len(document) != 1:
            raise ResultFileError(f"{path} holds {len(document)} results; beside an array there is one")
        document = document[0]
    if not isinstance(document, dict):
        raise ResultFileError(f"{path} is no result: expected an object, or a list of one")
    return _result(path, document)


def _result(path: Path, document: dict[str, Any]) -> Result:
    labels, scores = document.get("labels"), document.get("scores")
    if isinstance(scores, dict):
        labels, scores = list(scores), list(scores.values())
    granularity, files, engine = document.get("granularity"), document.get("files"), document.get("engine")
    source = document.get("input")
    return Result(
        path,
        key=_text(document.get("key")),
        labels=_labels(path, labels),
        scores=_scores(path, scores),
        granularity=granularity if granularity in GRANULARITIES else None,
        files={str(key): str(value) for key, value in files.items()} if isinstance(files, dict) else {},
        shape=_shape(path, document.get("shape")),
        rate=_rate(path, document.get("embedding_rate")),
        engine=engine if isinstance(engine, dict) else {},
        input=source if isinstance(source, dict) else {},
        call=_text(document.get("call")),
        leg=_text(document.get("leg")),
        live=document.get("status") == "live",
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _labels(path: Path, value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(label, str) for label in value):
        raise ResultFileError(f"{path}: labels must be a list of texts")
    return tuple(value)


def _scores(path: Path, value: Any) -> tuple[float, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(_is_number(score) for score in value):
        raise ResultFileError(f"{path}: scores must be a list of numbers, or an object of a number a label")
    return tuple(float(score) for score in value)


def _shape(path: Path, value: Any) -> tuple[int, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(type(length) is int and length >= 0 for length in value):
        raise ResultFileError(f"{path}: shape must be a list of whole numbers")
    return tuple(value)


def _rate(path: Path, value: Any) -> float | None:
    if value is None:
        return None
    if not _is_number(value) or value <= 0:
        raise ResultFileError(f"{path}: embedding_rate must be a number above 0")
    return float(value)


def _is_number(value: Any) -> bool:
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    except OverflowError:
        return False
