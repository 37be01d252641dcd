"""Follows a server's events and survives everything that happens to the connection: none is missed, none comes twice.

Needs `websockets` alone, so that what only watches does not load the server.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidMessage, InvalidProxy, InvalidStatus, WebSocketException

from monitor.errors import MonitorError, SourceError
from monitor.remote.address import no_proxy_for, not_ours, service_address
from monitor.remote.token import authorization

MAX_MESSAGE = 64 * 1024 * 1024
"""Bytes: `hello` names every live call."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds before the server is tried again; doubled each time."""
_FINAL = frozenset({"config", "unknown_since"})
"""Error codes that say that this request will never be granted."""
_PASSING_STATUS = frozenset({408, 425, 429})


class RefusedError(MonitorError):
    """The server answers, and will not say more: a wrong token, parameter or `since`, or it is another program."""

    exit_code = 2


async def follow(
    url: str,
    since: int | None = None,
    token: str | None = None,
    types: Iterable[str] = (),
    *,
    calls: Iterable[str] = (),
    frames: bool = False,
    present: bool = False,
    patience: float | None = 30.0,
) -> AsyncIterator[dict[str, Any]]:
    """The events of a server, each once and in order, as long as the caller asks for more.

    `url` is the server's address (`http://127.0.0.1:8765`) or that of its websocket. Without `since` it begins with what
    happens next; with `present` it begins with the events that make up the present. `types` and `calls` narrow it down;
    `frames` adds live frames. Replayed messages carry `replay`. A lost connection is made again, after the last event
    seen; `SourceError` is raised where the server is not reached for `patience` seconds (None: never), `RefusedError` where
    it will not have this client.
    """
    filters = [("type", kind) for kind in types] + [("call", call) for call in calls] + [("frames", "1")] * frames
    address, headers = service_address(url), authorization(token)
    loop = asyncio.get_running_loop()
    cursor, pause, reached = since, FIRST_PAUSE, loop.time()
    while True:
        query = filters if cursor is None else [*filters, ("since", str(cursor))]
        reason = "it closed the connection"
        try:
            async with connect(
                f"{address.websocket}?{urlencode(query)}",
                additional_headers=headers,
                max_size=MAX_MESSAGE,
                proxy=None if address.local else True,
            ) as connection:
                async for message in _messages(connection, url):
                    pause, reached = FIRST_PAUSE, loop.time()
                    if message["type"] == "hello":
                        cursor = message["seq"] if cursor is None else cursor
                        for event in message["present"] if present else ():
                            yield event
                        present = False
                    elif "seq" not in message:
                        yield message
                    elif message["seq"] > (cursor or 0):
                        cursor = message["seq"]
                        yield message
        except InvalidStatus as error:
            reason = _refusal(error, url)
        except (ImportError, InvalidProxy) as error:
            raise RefusedError(no_proxy_for(url, error)) from None
        except (OSError, WebSocketException) as error:
            if isinstance(error, InvalidMessage) and not isinstance(error.__cause__, EOFError | OSError):
                raise RefusedError(not_ours(url)) from None
            reason = str(error) or type(error).__name__
        if patience is not None and loop.time() - reached > patience:
            raise SourceError(f"{url}: not reached for {patience:g} s ({reason}); is `emotion-monitor serve` running there?")
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


async def _messages(connection: ClientConnection, url: str) -> AsyncIterator[dict[str, Any]]:
    """Those that a follower needs: `hello`, and what is about a call."""
    async for text in connection:
        message = _decoded(text)
        if message is None:
            raise RefusedError(not_ours(url, HTTPStatus.SWITCHING_PROTOCOLS))
        if message["type"] == "error" and message["code"] in _FINAL:
            raise RefusedError(message["message"])
        if message["type"] == "hello" or "call" in message:
            yield message


def _decoded(text: str | bytes) -> dict[str, Any] | None:
    """A message; None where it is none of this program's."""
    try:
        message = json.loads(text)
    except ValueError:
        return None
    return message if isinstance(message, dict) and isinstance(message.get("type"), str) else None


def _refusal(error: InvalidStatus, url: str) -> str:
    """Raise where trying again is of no use; else why the server said no."""
    answer = error.response
    if answer.status_code < 500 and answer.status_code not in _PASSING_STATUS:
        raise RefusedError(_error_text(answer.body) or not_ours(url, answer.status_code, answer.headers.get("Location")))
    return f"HTTP status {answer.status_code}"


def _error_text(body: bytes | bytearray | None) -> str:
    try:
        return str(json.loads(body or b"")["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return ""
