"""`/ws/v1/events`: one client's connection to the hub, both ways. The wire is described in docs/protocol.md."""

import asyncio
import contextlib
from typing import Any

from fastapi import APIRouter, WebSocket
from pydantic import ValidationError
from starlette.websockets import WebSocketDisconnect

from monitor import __version__
from monitor.errors import ConfigError, MonitorError, NotAllowedError
from monitor.messages import (
    FROM_CLIENT,
    AboutAnAlert,
    AcknowledgeMessage,
    AssignMessage,
    ErrorMessage,
    HelloMessage,
    JudgeMessage,
    Message,
    PingMessage,
    PongMessage,
    ServerStoppingMessage,
    SnoozeMessage,
)
from monitor.pipeline.handling import Handling
from monitor.pipeline.monitor import Monitor
from monitor.server.acting import acting
from monitor.server.audit import audit
from monitor.server.connection import GOING_AWAY, INTERNAL_ERROR, MAX_MISTAKES, POLICY_VIOLATION, accept, converse, reason
from monitor.server.errors import error_code
from monitor.server.hub import Client, Hub
from monitor.server.identity import identity_of
from monitor.server.subscription import Subscription, parse_subscription
from monitor.server.told import Told
from monitor.validation import first_sentence

router = APIRouter()

MAX_INBOUND = 16 * 1024
"""Bytes of a client's message: a security limit; the longest that is of use is a quarter of this."""
_AT_A_TIME = 50
"""Messages to a write: what a client that does not read keeps in memory beyond the socket's buffer."""


class UnknownSinceError(ConfigError):
    """The client has seen events that this journal does not have."""


@router.websocket("/ws/v1/events")
async def events(websocket: WebSocket) -> None:
    """Follow the journal from `since` on, then live."""
    hub: Hub = websocket.app.state.hub
    monitor: Monitor = websocket.app.state.monitor
    await accept(websocket)
    try:
        identity_of(websocket).require("read")
        subscription = await _subscribe(websocket, monitor, hub)
    except MonitorError as error:
        wrong = isinstance(error, ConfigError | NotAllowedError)
        await _refuse(websocket, error, POLICY_VIOLATION if wrong else INTERNAL_ERROR)
        return
    client = hub.join(subscription)
    try:
        with monitor.attention.following(subscription.calls, subscription.frames):  # before hello: who has that, has all frames
            present = [message for message in hub.present.messages() if subscription.wants(message)]
            hello = HelloMessage.model_construct(type="hello", version=__version__, seq=hub.last, present=present)
            await _say(websocket, hello)
            await converse(_speak(websocket, client, hub), _listen(websocket, monitor, hub))
    except WebSocketDisconnect:
        pass
    except MonitorError as error:
        await _refuse(websocket, error, INTERNAL_ERROR)
    finally:
        hub.leave(client)


async def _subscribe(websocket: WebSocket, monitor: Monitor, hub: Hub) -> Subscription:
    subscription = parse_subscription(websocket.query_params.multi_items())
    if subscription.since is not None and subscription.since > hub.last:  # whoever asks the API may know more than the hub yet
        last = await asyncio.to_thread(lambda: monitor.journal.last)
        if subscription.since > last:
            raise UnknownSinceError(
                f"since={subscription.since} is beyond the journal, which ends at {last}: "
                "it comes from another store; connect without since"
            )
    return subscription


async def _speak(websocket: WebSocket, client: Client, hub: Hub) -> None:
    while messages := await client.messages():
        for first in range(0, len(messages), _AT_A_TIME):
            await _say(websocket, *messages[first : first + _AT_A_TIME])
        hub.counts.sent += len(messages)
    await _say(websocket, ServerStoppingMessage(type="server_stopping"))
    await websocket.close(GOING_AWAY, "server stopping")


async def _listen(websocket: WebSocket, monitor: Monitor, hub: Hub) -> None:
    mistakes = 0
    while mistakes < MAX_MISTAKES:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005))
        try:
            await _answer(websocket, monitor, hub, message)
        except ConfigError as error:
            mistakes += 1
            await _say(websocket, _error(error))
    await websocket.close(POLICY_VIOLATION, f"{mistakes} messages made no sense")


async def _answer(websocket: WebSocket, monitor: Monitor, hub: Hub, received: Any) -> None:
    if received.get("text") is None:
        raise ConfigError("messages are JSON text, this one is binary")
    try:
        request = FROM_CLIENT.validate_json(received["text"])
    except ValidationError as error:
        raise ConfigError(first_sentence(error.errors(include_url=False, include_input=False), "message")) from None
    if isinstance(request, PingMessage):
        await _say(websocket, PongMessage(type="pong", seq=hub.last))
        return
    try:
        who = acting(websocket)
        await asyncio.to_thread(_do, websocket, monitor.handling, request, who.person(request.by))
    except MonitorError as error:
        await _say(websocket, _error(error))


def _do(websocket: WebSocket, handling: Handling, request: AboutAnAlert, by: str) -> None:
    """Do what a client asks about an alert; the event reaches it as it reaches everybody."""
    match request:
        case AcknowledgeMessage():
            handling.acknowledge(request.id, by, request.note)
        case AssignMessage():
            handling.assign(request.id, by, request.to)
        case SnoozeMessage():
            handling.snooze(request.id, by, request.seconds, request.reason)
        case JudgeMessage():
            handling.judge(request.id, by, request.right, request.reason)
            audit(websocket, "judge", alert=request.id, right=request.right)


async def _refuse(websocket: WebSocket, error: MonitorError, status: int) -> None:
    with contextlib.suppress(WebSocketDisconnect):
        await _say(websocket, _error(error))
        await websocket.close(status, reason(str(error)))


def _error(error: MonitorError) -> ErrorMessage:
    return ErrorMessage(type="error", code=error_code(error), message=str(error))


async def _say(websocket: WebSocket, *messages: Message | Told) -> None:
    """Send messages in one write: `KeepaliveProtocol` takes frames as they are."""
    await websocket.send({"type": "websocket.send", "frames": b"".join([message.websocket_frame for message in messages])})
