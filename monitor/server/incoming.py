"""Calls that come to the server: a websocket route for each source whose calls do, and one connection from hello to goodbye."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

import structlog
from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect, WebSocketState

from monitor.config import Settings
from monitor.errors import BusyError, ConfigError, MonitorError
from monitor.pipeline.in_progress import CallInProgress
from monitor.pipeline.monitor import Monitor
from monitor.server.call_request import check_metadata
from monitor.server.connection import (
    GOING_AWAY,
    INTERNAL_ERROR,
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
from monitor.server.message_pace import MessagePace
from monitor.sources.incoming.bridge import Bridge, OnChange, PushedAudio
from monitor.sources.incoming.call import Begin, End, Heard, IncomingCall, Message, Position, Reply, Sound
from monitor.sources.registry import SOURCES

log = structlog.get_logger(__name__)

PREFIX = "/ws/v1/"
RESERVED = frozenset({"events", "listen"})
"""Routes that are the server's own."""
HELLO_WITHIN = 10.0
"""Seconds that a connection has to say what call it carries."""
MAX_RATE = 1_000
"""Messages a second of one connection; one that sends more is read more slowly."""
LOOK_EVERY = 0.05
"""Seconds between two looks at whether a call whose audio is over is stored."""


def incoming_routes() -> APIRouter:
    """A route for each source whose calls come to the server. Raises `ConfigError` where two want the same."""
    router = APIRouter()
    taken: dict[str, str] = {}
    for name in SOURCES.names():
        kind = SOURCES.load(name, "source")
        if not issubclass(kind, IncomingCall):
            continue
        if kind.route in RESERVED or kind.route in taken:
            raise ConfigError(f"source {name}: its route {PREFIX}{kind.route} is that of {taken.get(kind.route, 'the server')}")
        taken[kind.route] = name
        router.add_api_websocket_route(PREFIX + kind.route, _endpoint(kind))
    return router


def _endpoint(kind: type[IncomingCall]) -> Callable[[WebSocket], Awaitable[None]]:
    async def carry(websocket: WebSocket) -> None:
        senders: set[_Connection] = websocket.app.state.senders
        await accept(websocket)
        senders.add(connection := _Connection(websocket, kind))
        try:
            await connection.run()
        finally:
            senders.discard(connection)

    return carry


class _Connection:
    """One connection, which carries one call."""

    def __init__(self, websocket: WebSocket, kind: type[IncomingCall]) -> None:
        self._websocket = websocket
        self._monitor: Monitor = websocket.app.state.monitor
        self._settings: Settings = websocket.app.state.settings
        self._kind = kind
        self._incoming = kind()
        self._pace = MessagePace(MAX_RATE)
        self._changed = asyncio.Event()
        """Whether the source has room again, or takes no more."""
        self._said_at_once: list[Heard] = []
        """What the message that began the call held beside that."""
        self._bridge: Bridge | None = None
        self._gone = False

    async def run(self) -> None:
        """Take the call, from the first message to the last."""
        try:
            identity_of(self._websocket).require("calls")
            begin = await self._begin()
            audio = self._audio(begin)
            call, bridge = await asyncio.to_thread(self._open, begin, audio, self._change_in(asyncio.get_running_loop()))
            log.info("incoming_call", call=call.id, kind=self._kind.kind, sender=audio.description)
            await self._say(self._incoming.started(call.id))
            for heard in self._said_at_once:
                await self._take(bridge, heard)
            await converse(self._listen(bridge), self._watch(bridge, call))
        except WebSocketDisconnect:
            pass
        except MonitorError as error:
            await self._refuse(error)
        finally:
            self._gone = True
            if self._bridge is not None:
                self._bridge.end("interrupted")

    async def _begin(self) -> Begin:
        """What the call is to be. Raises `ConfigError` where that is not said, or makes no sense."""
        try:
            async with asyncio.timeout(HELLO_WITHIN):
                while True:
                    said = list(self._incoming.hear(await self._receive()))
                    for place, heard in enumerate(said):
                        if isinstance(heard, Begin):
                            self._said_at_once = said[place + 1 :]
                            return heard
                        if isinstance(heard, Reply):
                            await self._say([heard.message])
        except TimeoutError:
            raise ConfigError(f"nothing said within {HELLO_WITHIN:g} s what call this is") from None

    def _audio(self, begin: Begin) -> PushedAudio:
        try:
            check_metadata(begin.metadata)
        except ValueError as error:
            raise ConfigError(f"metadata: {error}") from None
        client = self._websocket.client
        description = f"{self._kind.kind} {client.host}" if client is not None else self._kind.kind
        return PushedAudio(begin.legs, begin.rate, begin.encoding, description)

    def _open(self, begin: Begin, audio: PushedAudio, on_change: OnChange) -> tuple[CallInProgress, Bridge]:
        call, self._bridge = self._monitor.open_pushed(audio, on_change, call_id=begin.call, metadata=dict(begin.metadata))
        if self._gone:  # meanwhile
            self._bridge.end("interrupted")
        return call, self._bridge

    def _change_in(self, loop: asyncio.AbstractEventLoop) -> OnChange:
        def changed() -> None:
            with contextlib.suppress(RuntimeError):  # the server is gone
                loop.call_soon_threadsafe(self._changed.set)

        return changed

    async def _listen(self, bridge: Bridge) -> None:
        mistakes = 0
        while mistakes < MAX_MISTAKES:
            while bridge.full:
                self._changed.clear()
                if bridge.full:
                    await self._changed.wait()
            message = await self._receive()
            try:
                for heard in self._incoming.hear(message):
                    await self._take(bridge, heard)
            except ConfigError as error:
                mistakes += 1
                await self._say(self._incoming.wrong(error_code(error), str(error)))
        await self._websocket.close(POLICY_VIOLATION, f"{mistakes} messages made no sense")

    async def _take(self, bridge: Bridge, heard: Heard) -> None:
        match heard:
            case Sound(leg, data):
                bridge.push(leg, data)
            case Position(leg, seconds, missing):
                await asyncio.to_thread(bridge.position, leg, seconds, missing)
            case Reply(message):
                await self._say([message])
            case End():
                bridge.end()

    async def _watch(self, bridge: Bridge, call: CallInProgress) -> None:
        """Wait until the call is over and stored, and say so."""
        while not bridge.over:
            self._changed.clear()
            if not bridge.over:
                await self._changed.wait()
        while not call.wait(0):
            await asyncio.sleep(LOOK_EVERY)
        await self._say(self._incoming.ended(call.id, call.reason))
        closing = call.reason == "shutdown"
        await self._websocket.close(GOING_AWAY if closing else NORMAL, reason(call.reason))

    async def _receive(self) -> Message:
        await self._pace.next()
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005))
        text: str | None = message.get("text")
        return text if text is not None else bytes(message["bytes"])

    async def _say(self, messages: Sequence[Message]) -> None:
        for message in messages:
            if isinstance(message, str):
                await self._websocket.send_text(message)
            else:
                await self._websocket.send_bytes(message)

    async def _refuse(self, error: MonitorError) -> None:
        log.warning("incoming_call_refused", kind=self._kind.kind, error=str(error))
        if self._websocket.application_state != WebSocketState.CONNECTED:
            return
        with contextlib.suppress(WebSocketDisconnect):
            await self._say(self._incoming.wrong(error_code(error), str(error)))
            await self._websocket.close(_close_code(error), reason(str(error)))


def _close_code(error: MonitorError) -> int:
    if isinstance(error, BusyError):
        return TRY_AGAIN_LATER
    return POLICY_VIOLATION if error.http_status < 500 else INTERNAL_ERROR
