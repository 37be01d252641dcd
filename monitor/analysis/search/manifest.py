"""What the index consists of: one small document that is replaced as a whole, so that a reader sees all of a change or none."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from monitor.analysis.search.pieces import PIECE
from monitor.analysis.search.segment import Seal
from monitor.errors import StoreError
from monitor.learned.engine_key import EngineKey
from monitor.store.disk import refusals, write_json

FORMAT = 1
MANIFEST = "index.json"


class Listed(BaseModel):
    """A segment that belongs to the index."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^\d{8}$")]
    """Of its folder. None is ever given twice."""
    engine: EngineKey
    pieces: Annotated[int, Field(ge=0)]
    calls: Annotated[int, Field(ge=0)]
    files: dict[str, Seal]


class Manifest(BaseModel):
    """All segments, and the number of the next."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int = FORMAT
    seconds: float = PIECE
    """Of a piece."""
    next: int = 1
    segments: tuple[Listed, ...] = ()


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of an index; None where there is no index. Raises `StoreError` where it cannot be understood."""
    path = folder / MANIFEST
    try:
        with refusals(f"cannot read {path}"):
            content = path.read_bytes()
    except StoreError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return None
        raise
    try:
        manifest = Manifest.model_validate_json(content)
    except ValidationError as error:
        raise StoreError(f"{path} is damaged: {error.error_count()} faults") from None
    if (manifest.format, manifest.seconds) != (FORMAT, PIECE):
        raise StoreError(f"{path} is of another version of this program")
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Put a manifest in the place of the one before. Raises `StoreError`."""
    with refusals("cannot write the search index"):
        write_json(folder / MANIFEST, manifest.model_dump(), fsync=False)
