"""The calls of a running service, read over its REST interface as if its store were here."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

from pydantic import AfterValidator, BaseModel, Field, ValidationError

from monitor.errors import ConfigError
from monitor.events import Frames, Leg
from monitor.frame_format import LegFormat, joined
from monitor.remote.address import not_ours, service_address
from monitor.remote.ask import NoServiceError, ask, fetch
from monitor.store.base import CallReader, CallRecord, CallStatus, CallSummary, StoredCall, no_such_leg
from monitor.store.call_document import LegDocument
from monitor.store.call_id import check_call_id
from monitor.store.frames_file import MAX_FRAMES, unpack

PAGE = 1_000
"""Calls a request."""
TIMEOUT = 60.0
"""Seconds without a byte: a service that is busy answers late."""


def _id(text: str) -> str:
    try:
        return check_call_id(text)
    except ConfigError as error:
        raise ValueError(str(error)) from None


class _Line(BaseModel):
    """A call in the service's list."""

    call: Annotated[str, AfterValidator(_id)]
    status: CallStatus
    started_at: datetime
    seconds: float
    source: str
    engine: str
    legs: dict[Leg, int]
    bytes: int
    metadata: dict[str, Any]

    def summary(self) -> CallSummary:
        fields = self.model_dump(exclude={"call"})
        return CallSummary(id=self.call, **fields)


class _Page(BaseModel):
    calls: list[_Line]
    total: int


class _Detail(_Line):
    """One call."""

    engine: dict[str, Any]  # type: ignore[assignment]
    labels: tuple[str, ...]
    formats: dict[Leg, LegDocument]
    reason: str
    reports: dict[str, dict[str, Any]]
    versions: dict[str, str] = Field(default_factory=dict)


Document = TypeVar("Document", bound=BaseModel)


class ServiceReader(CallReader):
    """Reads calls of the service at an address. Raises `ConfigError` where nothing answers there, or it refuses."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self._url, self._token = service_address(url).http, token
        self._ask("/api/v1/calls?limit=1", _Page)

    @property
    def place(self) -> str:
        """See `CallReader`."""
        return self._url

    def open(self, call: str) -> "ServiceCall":
        """See `CallReader`."""
        return ServiceCall(self, self._ask(f"/api/v1/calls/{check_call_id(call)}", _Detail))

    def catalogue(self) -> list[CallSummary]:
        """See `CallReader`. Calls that begin meanwhile move others to a later page; where one is erased it begins anew."""
        found: dict[str, CallSummary] = {}
        offset = total = 0
        while True:
            page = self._ask(f"/api/v1/calls?limit={PAGE}&offset={offset}", _Page)
            if page.total < total:
                found, offset, total = {}, 0, 0
                continue
            found |= {line.call: line.summary() for line in page.calls}
            offset, total = offset + PAGE, page.total
            if offset >= total:
                return sorted(found.values(), key=lambda line: (line.started_at, line.id), reverse=True)

    def frames(self, call: str, leg: Leg, first: int, count: int, form: LegFormat) -> Frames:
        """At most `MAX_FRAMES` frames."""
        query = urlencode({"leg": leg, "first": first, "count": count})
        content = fetch(self._url, f"/api/v1/calls/{call}/frames.safetensors?{query}", token=self._token, timeout=TIMEOUT)
        try:
            frames = unpack(content, call, leg, first, form)
        except ValueError as error:
            raise NoServiceError(f"{not_ours(self._url, 200)}: {error}") from None
        if len(frames) != count:
            raise NoServiceError(f"{self._url}: {len(frames)} frames of call {call} came where {count} were there before")
        return frames

    def _ask(self, path: str, kind: type[Document]) -> Document:
        answer = ask(self._url, "GET", path, token=self._token, timeout=TIMEOUT)
        if (refusal := answer.error()) is not None:
            raise refusal
        try:
            return kind.model_validate(answer.document)
        except ValidationError:
            raise NoServiceError(not_ours(self._url, answer.status)) from None


class ServiceCall(StoredCall):
    """One call of a service, as it was committed when it was asked for."""

    def __init__(self, reader: ServiceReader, detail: _Detail) -> None:
        legs = {leg: LegFormat(f.dim, f.classes, f.stride, f.dtype) for leg, f in detail.formats.items()}
        self.record = CallRecord(
            id=detail.call,
            started_at=detail.started_at,
            source=detail.source,
            engine=detail.engine,
            labels=detail.labels,
            legs=legs,
            metadata=detail.metadata,
            versions=detail.versions,
        )
        self.status: CallStatus = detail.status
        self.reason = detail.reason
        self.reports: Mapping[str, Mapping[str, Any]] = detail.reports
        self._reader, self._detail = reader, detail

    def committed(self, leg: Leg) -> int:
        """See `StoredCall`."""
        if leg not in self.record.legs:
            raise no_such_leg(self.record.id, leg, self.record.legs)
        return self._detail.legs.get(leg, 0)

    def read_range(self, leg: Leg, start: int, stop: int) -> Frames:
        """See `StoredCall`."""
        form, call = self.record.legs[leg], self.record.id
        firsts = range(start, max(stop, start + 1), MAX_FRAMES)
        return joined([self._reader.frames(call, leg, first, min(MAX_FRAMES, stop - first), form) for first in firsts])

    def summary(self) -> CallSummary:
        """See `StoredCall`."""
        line = {**self._detail.model_dump(include=set(_Line.model_fields)), "engine": str(self.record.engine.get("name", ""))}
        return _Line.model_validate(line).summary()
