"""`/api/v1/calls/{call}/...`: what is stored of a call: its events and frames, and erasing it."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

import structlog
from fastapi import APIRouter, Query, Request, Response

from monitor.analysis.erasing import erase_call
from monitor.errors import BusyError, ConfigError
from monitor.events import Leg
from monitor.messages import EVENT_TYPES
from monitor.server.audit import audit
from monitor.server.belief import BeliefsOf
from monitor.server.context import ERRORS, CallId, HistoryOf, HubOf, MonitorOf, SettingsOf
from monitor.server.errors import ErrorBody
from monitor.server.identity import needs
from monitor.server.replay_routes import ReplaysOf
from monitor.server.series import leg_series
from monitor.server.trajectory import WaysOf
from monitor.store.base import no_such_leg
from monitor.store.frames_file import MAX_FRAMES, MEDIA_TYPE, pack
from monitor.timeline import TICK_FRAMES

ENDING_SECONDS = 10.0
"""For which an erasure waits for a call that is about to end."""
ENDING: dict[int | str, dict[str, object]] = {503: {"model": ErrorBody, "description": "The call is about to end; ask again."}}

log = structlog.get_logger(__name__)
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
        raise no_such_leg(call, leg, stored.record.legs)
    if end is not None and end < begin:
        raise ConfigError(f"to ({end:g}) must not be below from ({begin:g})")
    return leg_series(stored, leg, begin, end, int(rate))


@router.get(
    "/frames.safetensors",
    summary="A leg's frames as they are stored",
    response_class=Response,
    responses={200: {"content": {MEDIA_TYPE: {}}, "description": "A safetensors file."}},
)
def get_frames_file(
    call: CallId,
    monitor: MonitorOf,
    leg: Annotated[Leg, Query()],
    first: Annotated[int, Query(ge=0, le=2**31, multiple_of=TICK_FRAMES, description="The first frame.")] = 0,
    count: Annotated[int, Query(ge=0, le=MAX_FRAMES, description="Frames, as far as they are there.")] = MAX_FRAMES,
) -> Response:
    """Arrays by name: `embedding`, `logits`, `speech`, `marks`, in the shapes and types that `formats` of the call says.

    A frame without a result (mark 4) is NaN. Of a call in progress, what is committed. Fewer frames than were asked for are
    the last ones. A whole leg is read file by file, so that neither side ever holds more than one.
    """
    stored = monitor.store.open(call)
    if leg not in stored.record.legs:
        raise no_such_leg(call, leg, stored.record.legs)
    first = min(first, -(-stored.committed(leg) // TICK_FRAMES) * TICK_FRAMES)
    return Response(pack(stored.read(leg, first, first + count), stored.record.legs[leg]), media_type=MEDIA_TYPE)


@router.delete("/data", summary="Erase a call", responses=ENDING, dependencies=[needs("erase")])
def erase(
    call: CallId,
    monitor: MonitorOf,
    settings: SettingsOf,
    history: HistoryOf,
    hub: HubOf,
    beliefs: BeliefsOf,
    ways: WaysOf,
    replays: ReplaysOf,
    request: Request,
) -> dict[str, Any]:
    """Remove every trace of a call that is over: frames, snapshots, audio, events. There is no way back.

    Ending a live call is another request (`DELETE /api/v1/calls/{call}`), so that one is never taken for the other. One that is
    about to end is waited for.
    `remains` names what still holds something of the call: files of `templates` and `heads`, those `in_use` by the service,
    other `calls` that keep some; `unread` is what could not be looked into.
    """
    live = next((item for item in monitor.calls() if item.id == call), None)
    if live is not None:
        if not live.ending and monitor.store.open(call).status == "live":
            raise ConfigError(f"call {call} is in progress: end it first (DELETE /api/v1/calls/{call}), then erase it")
        if not live.wait(ENDING_SECONDS):
            raise BusyError(f"call {call} is not stored to its end yet: ask again in a moment")
    remains = erase_call(monitor.store, call, settings.analysis, monitor.rules.learned, history)
    for memory in (hub, beliefs, ways, replays):
        memory.forget(call)
    audit(request, "erase", call=call)
    if remains:
        log.warning("erased_call_remains", call=call, **asdict(remains))
    return {"call": call, "remains": asdict(remains)}
