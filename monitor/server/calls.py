"""`/api/v1/calls`: starting, ending and finding calls."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.status import HTTP_201_CREATED, HTTP_202_ACCEPTED

from monitor.errors import NotFoundError
from monitor.server.audit import audit
from monitor.server.call_request import CallRequest
from monitor.server.call_views import call_detail, call_line
from monitor.server.context import ERRORS, CallId, MonitorOf, SettingsOf
from monitor.server.errors import ErrorBody
from monitor.server.identity import needs
from monitor.sources.registry import open_source
from monitor.store.base import CallStatus

STARTING: dict[int | str, dict[str, object]] = {
    409: {"model": ErrorBody, "description": "A call of this id is in the store."},
    503: {"model": ErrorBody, "description": "No further call is taken now."},
}

router = APIRouter(prefix="/api/v1/calls", tags=["calls"], responses=ERRORS)


@router.get("", summary="Live and stored calls, newest first")
def list_calls(
    monitor: MonitorOf,
    status: Annotated[CallStatus | None, Query(description="Only calls in this state.")] = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> dict[str, Any]:
    """A page of the catalogue, and how many calls there are in all."""
    live = {call.id: call for call in monitor.calls()}
    found = [line for line in monitor.store.catalogue() if status is None or line.status == status]
    page = [call_line(line, live.get(line.id)) for line in found[offset : offset + limit]]
    return {"calls": page, "total": len(found)}


@router.get("/{call}", summary="One call")
def get_call(call: CallId, monitor: MonitorOf) -> dict[str, Any]:
    """What is known of a call: its legs and their audio, engine, labels, and, while it is live, the state of each leg."""
    live = next((item for item in monitor.calls() if item.id == call), None)
    if live is not None:
        monitor.attention.look(call)
    return call_detail(monitor.store.open(call), live)


@router.post(
    "", summary="Start a call over RTP", status_code=HTTP_201_CREATED, responses=STARTING, dependencies=[needs("calls")]
)
def start_call(body: CallRequest, monitor: MonitorOf, settings: SettingsOf) -> dict[str, Any]:
    """Open a port for each leg and take its audio from now on.

    The answer says where to send each leg. The call ends by `DELETE /api/v1/calls/{call}`, or when no packet came for
    `rtp.inactivity` seconds.
    """
    monitor.check_room()
    body.check_ports(settings.rtp.port_low, settings.rtp.port_high)
    source = open_source("rtp", body.options(), settings)
    call = monitor.start_call(source, call_id=body.call, metadata=body.metadata)
    return {"call": call.id, "started_at": call.started_at.isoformat(), "legs": source.endpoints()}


@router.delete("/{call}", summary="End a live call", status_code=HTTP_202_ACCEPTED, dependencies=[needs("calls")])
def end_call(call: CallId, monitor: MonitorOf, request: Request) -> dict[str, Any]:
    """Stop taking audio; what came is analysed and stored, and `call_ended` follows on the websocket.

    Nothing is erased: that is `DELETE /api/v1/calls/{call}/data`.
    """
    try:
        monitor.stop_call(call, "stopped")
    except NotFoundError:
        monitor.store.open(call)  # raises where there is no such call at all
        raise NotFoundError(f"call {call} is over; to erase what is stored: DELETE /api/v1/calls/{call}/data") from None
    audit(request, "end_call", call=call)
    return {"call": call, "status": "ending"}
