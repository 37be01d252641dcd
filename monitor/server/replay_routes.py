"""`/api/v1/calls/{call}/replay` and `/api/v1/replays`: playing stored calls on the websocket."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, field_validator
from starlette.requests import HTTPConnection
from starlette.status import HTTP_202_ACCEPTED, HTTP_204_NO_CONTENT

from monitor.server.audit import address_of
from monitor.server.context import ERRORS, CallId
from monitor.server.identity import Identity, needs
from monitor.server.replays import Replays

router = APIRouter(prefix="/api/v1", tags=["replays"], responses=ERRORS)

SLOWEST = 0.1
"""A replay hears that it is to stop between two messages, so they must not be minutes apart."""


class ReplayRequest(BaseModel):
    """How to play a call."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    speed: float = Field(default=1.0, ge=0, le=1_000, allow_inf_nan=False)
    """Times faster than real time, at least 0.1; 0 is as fast as it goes."""

    @field_validator("speed")
    @classmethod
    def _not_a_standstill(cls, value: float) -> float:
        if 0 < value < SLOWEST:
            raise ValueError(f"must be 0 or at least {SLOWEST}, got {value:g}")
        return value


def _replays(connection: HTTPConnection) -> Replays:
    replays: Replays = connection.app.state.replays
    return replays


ReplaysOf = Annotated[Replays, Depends(_replays)]


@router.post("/calls/{call}/replay", summary="Play a stored call", status_code=HTTP_202_ACCEPTED)
def start_replay(
    call: CallId,
    replays: ReplaysOf,
    connection: HTTPConnection,
    who: Annotated[Identity, needs("act")],
    body: ReplayRequest | None = None,
) -> dict[str, Any]:
    """Send the messages of a call that is over on the websocket again, each tagged with the answer's `replay`. The fifth of one
    client ends the oldest of his."""
    client = who.name or f"at {address_of(connection)}"
    return replays.start(call, (body or ReplayRequest()).speed, client).summary()


@router.get("/replays", summary="Replays in progress")
def list_replays(replays: ReplaysOf) -> dict[str, Any]:
    """Replays in progress, oldest first."""
    return {"replays": [replay.summary() for replay in replays.all()]}


@router.delete("/replays/{replay}", summary="Stop a replay", status_code=HTTP_204_NO_CONTENT, dependencies=[needs("act")])
def stop_replay(replay: str, replays: ReplaysOf) -> None:
    """End a replay soon; `replay_ended` follows on the websocket."""
    replays.stop(replay)
