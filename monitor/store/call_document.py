"""What is written about a call, as JSON: in a store, and beside what is copied out of one."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from monitor.events import Leg
from monitor.frame_format import LegFormat
from monitor.store.base import CallRecord, CallStatus, StoredCall
from monitor.store.versions import FORMAT
from monitor.timeline import FRAME_RATE, SAMPLE_RATE

NOT_JSON = "its metadata is not JSON with finite numbers"
"""Why a call is refused whose document could not be read again."""


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
            versions=dict(record.versions),
        )

    @classmethod
    def of_stored(cls, stored: StoredCall) -> "CallDocument":
        """The document of a call as it is stored."""
        summary = stored.summary()
        since = {"status": stored.status, "reason": stored.reason, "committed": dict(summary.legs), "bytes": summary.bytes}
        reports = {leg: dict(report) for leg, report in stored.reports.items()}
        return cls.of(stored.record).model_copy(update={**since, "reports": reports})

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
            versions=self.versions,
        )
