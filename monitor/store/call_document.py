"""What the store writes about a call: the attributes of its root group, one small JSON file that the catalogue reads."""

import json
import platform
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from monitor import __version__
from monitor.errors import NotFoundError, StoreError
from monitor.events import Leg
from monitor.frame_format import LegFormat
from monitor.store.base import CallRecord, CallStatus
from monitor.store.disk import write_json
from monitor.store.layout import FORMAT
from monitor.timeline import FRAME_RATE, SAMPLE_RATE


class LegDocument(BaseModel):
    """A `LegFormat` as it is stored."""

    dim: int
    classes: int
    stride: int = Field(ge=1)
    dtype: Literal["float16", "float32"]


class CallDocument(BaseModel):
    """The attributes of a call."""

    model_config = ConfigDict(ser_json_inf_nan="constants")
    """Numbers that JSON does not have are to be refused, not to become null."""

    format: int
    call: str
    status: CallStatus
    started_at: datetime
    source: str
    engine: dict[str, Any]
    labels: tuple[str, ...]
    legs: dict[Leg, LegDocument]
    metadata: dict[str, Any]
    settings: dict[str, Any]
    versions: dict[str, str]
    sample_rate: int = SAMPLE_RATE
    frame_rate: int = FRAME_RATE
    committed: dict[Leg, int] = {}
    """Frames a leg, once the call is closed."""
    reason: str = ""
    reports: dict[str, dict[str, Any]] = {}
    bytes: int = 0
    """On disk, once the call is closed."""

    @classmethod
    def of(cls, record: CallRecord) -> "CallDocument":
        """The document of a call that begins."""
        return cls(
            format=FORMAT,
            call=record.id,
            status="live",
            started_at=record.started_at,
            source=record.source,
            engine=dict(record.engine),
            labels=record.labels,
            legs={
                leg: LegDocument(dim=f.dim, classes=f.classes, stride=f.stride, dtype=f.dtype) for leg, f in record.legs.items()
            },
            metadata=dict(record.metadata),
            settings=dict(record.settings),
            versions=versions(),
        )

    def record(self) -> CallRecord:
        """What was known when the call began."""
        return CallRecord(
            id=self.call,
            started_at=self.started_at,
            source=self.source,
            engine=self.engine,
            labels=self.labels,
            legs={leg: LegFormat(f.dim, f.classes, f.stride, f.dtype) for leg, f in self.legs.items()},
            metadata=self.metadata,
            settings=self.settings,
        )


def versions() -> dict[str, str]:
    """Of what writes the store."""
    return {
        "emotion-monitor": __version__,
        "python": platform.python_version(),
        "zarr": version("zarr"),
        "numpy": version("numpy"),
    }


def read_document(frames: Path) -> CallDocument:
    """The document of a call. Raises `NotFoundError`, or `StoreError` where it is damaged or of a newer version."""
    call = frames.stem
    try:
        attributes = json.loads((frames / "zarr.json").read_bytes())["attributes"]
    except FileNotFoundError as error:
        raise NotFoundError(f"call {call} is not in this store") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"call {call} is damaged: {frames / 'zarr.json'} cannot be read ({error})") from error
    written = attributes.get("format") if isinstance(attributes, dict) else None
    if isinstance(written, int) and written > FORMAT:
        raise StoreError(
            f"call {call} was written by a newer emotion-monitor (format {written}); this one reads up to {FORMAT}"
        )
    try:
        return CallDocument.model_validate(attributes)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise StoreError(f"call {call} is damaged: {frames / 'zarr.json'}: {where or 'attributes'}: {first['msg']}") from error


def write_document(frames: Path, document: CallDocument, fsync: bool) -> None:
    """Put the document in place, atomically: the root group of the call, as zarr 3 writes it."""
    attributes = document.model_dump(mode="json")
    try:
        write_json(frames / "zarr.json", {"attributes": attributes, "zarr_format": 3, "node_type": "group"}, fsync)
    except (TypeError, ValueError) as error:
        raise StoreError(
            f"cannot write call {document.call}: its metadata is not JSON with finite numbers ({error})"
        ) from error
