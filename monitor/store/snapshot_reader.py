"""Loads a snapshot without trusting it: nothing is unpickled, nothing larger than its file is allocated."""

import json
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.errors import NotFoundError, StoreError
from monitor.store.disk import refusals

_FLOAT32 = np.dtype("<f4")


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """The snapshot of one leg."""

    embedding: NDArray[np.float32]
    """Shape (T, D); a row of NaN is a frame that was skipped."""
    utterance: NDArray[np.float32]
    """Shape (1, D)."""
    result: dict[str, Any]
    """`result.json`."""


def load_snapshot(folder: Path) -> Snapshot:
    """The snapshot in `STORE/snapshots/CALL/LEG`. Raises `NotFoundError` or, where it is damaged, `StoreError`."""
    embedding = load_array(folder / "embedding.npy")
    utterance = load_array(folder / "utterance.npy")
    if utterance.shape != (1, embedding.shape[1]):
        raise StoreError(f"{folder} is damaged: utterance {utterance.shape} does not fit embedding {embedding.shape}")
    return Snapshot(embedding, utterance, _load_result(folder / "result.json"))


def load_array(path: Path) -> NDArray[np.float32]:
    """A float32 matrix from a `.npy` file, its rows finite or wholly NaN. Raises `NotFoundError` or `StoreError`."""
    if not path.exists():
        raise NotFoundError(f"there is no {path}")
    with refusals(f"cannot read {path}"), path.open("rb") as file:
        try:
            major, _ = np.lib.format.read_magic(file)
            read_header = np.lib.format.read_array_header_1_0 if major == 1 else np.lib.format.read_array_header_2_0
            shape, fortran, dtype = read_header(file, max_header_size=10_000)
        except (ValueError, EOFError) as error:
            raise StoreError(f"{path} is no .npy file: {error}") from error
        if dtype != _FLOAT32 or fortran or len(shape) != 2:
            raise StoreError(f"{path} must hold a float32 matrix in C order, got {dtype} of shape {shape}")
        there = path.stat().st_size - file.tell()
        if there < prod(shape) * _FLOAT32.itemsize:
            raise StoreError(f"{path} is cut short: {shape} needs {prod(shape) * _FLOAT32.itemsize} bytes, {there} are there")
        array = np.fromfile(file, _FLOAT32, prod(shape)).reshape(shape)
    skipped = np.isnan(array).all(axis=1, keepdims=True)
    if not (np.isfinite(array) | skipped).all():
        raise StoreError(f"{path} is damaged: it holds values that are not finite")
    return array


def _load_result(path: Path) -> dict[str, Any]:
    try:
        with refusals(f"cannot read {path}"):
            result = json.loads(path.read_bytes())
    except ValueError as error:
        raise StoreError(f"{path} is no JSON: {error}") from error
    if not isinstance(result, dict) or not isinstance(result.get("labels"), list):
        raise StoreError(f"{path} is not a result: it has no list of labels")
    return result
