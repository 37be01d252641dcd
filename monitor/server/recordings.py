"""`/api/v1/calls/{call}/...`: what is stored of a call: its events and frames, and erasing it."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.status import HTTP_204_NO_CONTENT

from monitor.errors import ConfigError, NotFoundError
from monitor.events import Leg
from monitor.server.context import ERRORS, CallId, HubOf, MonitorOf
from monitor.server.series import leg_series
from monitor.server.subscription import EVENT_TYPES

router = APIRouter(prefix="/api/v1/calls/{call}", tags=["recordings"], responses=ERRORS)


@router.get("/events", summary="A call's events from the journal")
def get_events(
    call: CallId,
    monitor: MonitorOf,
    since: Annotated[int, Query(ge=0, le=2**53, description="Only events after this sequence number.")] = 0,
    kind: Annotated[list[str] | None, Query(alias="type", max_length=20, description="Only these types.")] = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1_000,
) -> dict[str, Any]:
    """The same messages as on the websocket, oldest first. More may follow where `limit` of them came: ask with `since`."""
    types = set(kind or EVENT_TYPES)
    if types - EVENT_TYPES:
        raise ConfigError(f"no event type {min(types - EVENT_TYPES)[:40]!r}; there are {', '.join(sorted(EVENT_TYPES))}")
    events = monitor.store.journal.read(since, call=call, types=types, limit=limit)
    if not events:
        monitor.store.open(call)  # raises where there is no such call
    return {"call": call, "events": events}


@router.get("/frames", summary="A leg's frames, thinned to what a chart needs")
def get_frames(
    call: CallId,
    monitor: MonitorOf,
    leg: Annotated[Leg, Query()],
    begin: Annotated[float, Query(alias="from", ge=0, le=1e6, allow_inf_nan=False, description="Seconds.")] = 0.0,
    end: Annotated[float | None, Query(alias="to", ge=0, le=1e6, allow_inf_nan=False, description="Seconds.")] = None,
    rate: Annotated[Literal["50", "25", "10", "5", "2", "1"], Query(description="Values a second.")] = "10",
) -> dict[str, Any]:
    """Posterior (unsmoothed), speech, valence, arousal and marks; each value is a mean over `50 / rate` frames.

    Values without an engine result are null. At most 36,000 values: one hour at 10 a second.
    """
    stored = monitor.store.open(call)
    if leg not in stored.record.legs:
        raise NotFoundError(f"call {call} has no leg {leg}; it has {', '.join(stored.record.legs)}")
    if end is not None and end < begin:
        raise ConfigError(f"to ({end:g}) must not be below from ({begin:g})")
    return leg_series(stored, leg, begin, end, int(rate))


@router.delete("/data", summary="Erase a call", status_code=HTTP_204_NO_CONTENT)
def erase(call: CallId, monitor: MonitorOf, hub: HubOf) -> None:
    """Remove every trace of a call that is over: frames, snapshots, audio, events. There is no way back.

    Ending a live call is another request (`DELETE /api/v1/calls/{call}`), so that one is never taken for the other.
    """
    if call in {live.id for live in monitor.calls()} and monitor.store.open(call).status == "live":
        raise ConfigError(f"call {call} is in progress: end it first (DELETE /api/v1/calls/{call}), then erase it")
    monitor.store.delete(call)
    hub.forget(call)
