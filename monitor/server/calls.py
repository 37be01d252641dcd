"""`/api/v1/calls`: starting, ending and finding calls."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.status import HTTP_201_CREATED, HTTP_202_ACCEPTED

from monitor.errors import NotFoundError
from monitor.history.listing import Page
from monitor.history.listing import list_calls as listed_calls
from monitor.server.audit import audit
from monitor.server.call_request import CallRequest
from monitor.server.call_views import call_detail
from monitor.server.context import ERRORS, CallId, HistoryOf, MonitorOf, SettingsOf
from monitor.server.errors import ErrorBody
from monitor.server.identity import needs
from monitor.server.wanted import CallsWanted

STARTING: dict[int | str, dict[str, object]] = {
    409: {"model": ErrorBody, "description": "A call of this id is in the store."},
    503: {"model": ErrorBody, "description": "No further call is taken now."},
}

router = APIRouter(prefix="/api/v1/calls", tags=["calls"], responses=ERRORS)


@router.get("", summary="Live and stored calls, newest first")
def list_calls(
    history: HistoryOf,
    wanted: CallsWanted,
    sort: Annotated[str, Query(max_length=40, description="started_at, seconds, alerts, share or call; - before it: down.")] = (
        "-started_at"
    ),
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> dict[str, Any]:
    """A page of the calls that meet every condition, how many there are in all, and the most frequent values of metadata.

    `shares` are of the time in which an emotion was believed, by leg. `indexed` is false while calls or events are still
    taken in, as after an update: what is told then is a part.
    """
    indexed = history.catch_up()
    found = history.read(lambda database: listed_calls(database, wanted, Page(limit, offset, sort)))
    return {**found, "indexed": indexed}


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
    body.check_ports(settings.rtp.port_low, settings.rtp.port_high)
    call = monitor.open_call("rtp", body.options(), call_id=body.call, metadata=body.metadata)
    return {"call": call.id, "started_at": call.started_at.isoformat(), "legs": call.endpoints()}


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
