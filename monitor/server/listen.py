"""`/ws/v1/listen`: somebody hears a live call. Decoded here, never stored; who listened and for how long is audited."""

import asyncio
import contextlib
import struct
import time
from collections.abc import Sequence

from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect

from monitor.errors import BusyError, ConfigError, MonitorError, NotFoundError
from monitor.events import Leg
from monitor.messages import ErrorMessage, ListenEndedMessage, ListeningMessage
from monitor.pipeline.in_progress import CallInProgress, Listening
from monitor.pipeline.monitor import Monitor
from monitor.pipeline.tap import SoundTick
from monitor.server.audit import audit
from monitor.server.connection import (
    GOING_AWAY,
    MAX_MISTAKES,
    NORMAL,
    POLICY_VIOLATION,
    TRY_AGAIN_LATER,
    accept,
    converse,
    reason,
)
from monitor.server.errors import error_code
from monitor.server.identity import identity_of
from monitor.store.call_id import check_call_id
from monitor.timeline import SAMPLE_RATE

router = APIRouter()

_HEADER = struct.Struct("<BI")
"""The leg's place in the list of `listening`, and the tick."""
LEFT = "left"
"""Why a listening ended that the listener ended."""


@router.websocket("/ws/v1/listen")
async def listen(websocket: WebSocket) -> None:
    """Let a person hear the call that `call=` names, until it or they end it."""
    await accept(websocket)
    try:
        identity_of(websocket).require("listen")
        call = _call(websocket)
        wake, begun = _Wake(), time.monotonic()
        listener = await asyncio.to_thread(call.tap.open, wake)
    except MonitorError as error:
        with contextlib.suppress(WebSocketDisconnect):
            await websocket.send_text(ErrorMessage(type="error", code=error_code(error), message=str(error)).as_text())
            await websocket.close(TRY_AGAIN_LATER if isinstance(error, BusyError) else POLICY_VIOLATION, reason(str(error)))
        return
    senders: set[object] = websocket.app.state.senders
    senders.add(listener)
    try:
        await asyncio.to_thread(audit, websocket, "listen_started", call=call.id)
        await converse(_speak(websocket, call, listener, wake), _hear_nothing(websocket))
    except WebSocketDisconnect:
        pass
    finally:
        await asyncio.shield(asyncio.to_thread(call.tap.close, listener))
        senders.discard(listener)
        seconds = round(time.monotonic() - begun, 1)
        why = listener.reason or LEFT
        await asyncio.shield(asyncio.to_thread(audit, websocket, "listen_ended", call=call.id, seconds=seconds, reason=why))


class _Wake:
    """Wakes the connection from the call's thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.event = asyncio.Event()

    def __call__(self) -> None:
        with contextlib.suppress(RuntimeError):  # the server is gone
            self._loop.call_soon_threadsafe(self.event.set)


def _call(websocket: WebSocket) -> CallInProgress:
    """The call that is to be heard. Raises `ConfigError`, or `NotFoundError` where it is not in progress."""
    query = [(name, value) for name, value in websocket.query_params.multi_items() if name != "token"]
    if [name for name, _ in query] != ["call"]:
        raise ConfigError("say which call is to be heard, and nothing else: /ws/v1/listen?call=ID")
    monitor: Monitor = websocket.app.state.monitor
    call = check_call_id(query[0][1])
    try:
        return monitor.call(call)
    except NotFoundError:
        raise NotFoundError(f"no call {call} is in progress; of one that is over there may be sound in the store") from None


async def _speak(websocket: WebSocket, call: CallInProgress, listener: Listening, wake: _Wake) -> None:
    legs = list(call.legs)
    await websocket.send_text(ListeningMessage(type="listening", call=call.id, rate=SAMPLE_RATE, legs=legs).as_text())
    while True:
        wake.event.clear()
        over = listener.reason
        for tick in listener.take():
            await websocket.send_bytes(_binary(legs, tick))
        if over is not None:
            break
        await wake.event.wait()
    await websocket.send_text(ListenEndedMessage(type="ended", reason=over).as_text())
    await websocket.close(GOING_AWAY if over == "shutdown" else NORMAL, reason(over))


def _binary(legs: Sequence[Leg], tick: SoundTick) -> bytes:
    return _HEADER.pack(legs.index(tick.leg), tick.tick) + tick.samples


async def _hear_nothing(websocket: WebSocket) -> None:
    """A listener has nothing to say; one that does all the same is shown the door."""
    for _ in range(MAX_MISTAKES):
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005))
    await websocket.close(POLICY_VIOLATION, "a listener has nothing to say")
