"""Chunks are written as zarr itself writes them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from zarr.codecs import BloscCodec, ZstdCodec

from monitor.errors import StoreError
from monitor.store.zarr.array_writer import ArrayWriter

CHUNK = 40


def empty(path: Path, values: np.ndarray, fill: float, codec: Any) -> zarr.Array[Any]:
    return zarr.create_array(
        path,
        shape=(0, *values.shape[1:]),
        chunks=(CHUNK, *values.shape[1:]),
        dtype=values.dtype,
        fill_value=fill,
        compressors=codec,
    )


def chunks(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if "c" in file.parts and file.is_file()}


def document(path: Path) -> Any:
    return json.loads((path / "zarr.json").read_bytes())


@pytest.mark.parametrize("rows", [0, 1, CHUNK, 2 * CHUNK + 7])
@pytest.mark.parametrize(
    ("dtype", "width", "fill"),
    [("float16", (12,), np.nan), ("float32", (3,), np.nan), ("float32", (), np.nan), ("uint8", (), 255)],
)
def test_an_array_is_that_of_zarr_byte_for_byte(tmp_path: Path, rows: int, dtype: str, width: tuple[int, ...], fill: float):
    values = np.random.default_rng(rows).normal(0, 50, (rows, *width)).astype(dtype)
    codec = BloscCodec(cname="zstd", clevel=5, shuffle="bitshuffle")
    theirs = empty(tmp_path / "theirs", values, fill, codec)
    theirs.resize(values.shape)
    theirs[:] = values
    writer = ArrayWriter(empty(tmp_path / "ours", values, fill, codec), fsync=True)
    writer.write(0, values[:CHUNK])
    writer.write(CHUNK, values[CHUNK:])
    writer.lengthen(rows)
    assert chunks(tmp_path / "ours") == chunks(tmp_path / "theirs")
    assert document(tmp_path / "ours") == document(tmp_path / "theirs")


def test_an_array_never_becomes_shorter(tmp_path: Path):
    values = np.ones(CHUNK, np.float32)
    writer = ArrayWriter(empty(tmp_path / "a", values, np.nan, BloscCodec()), fsync=False)
    writer.write(0, values)
    writer.lengthen(CHUNK)
    writer.lengthen(3)
    assert zarr.open_array(tmp_path / "a", mode="r")[:].tolist() == [1.0] * CHUNK


def test_an_array_of_another_program_is_refused(tmp_path: Path):
    with pytest.raises(StoreError, match="compressed by another program, with ZstdCodec"):
        ArrayWriter(empty(tmp_path / "a", np.ones(3), 0, ZstdCodec()), fsync=False)
