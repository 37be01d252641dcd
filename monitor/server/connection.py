"""What all websockets of the server have in common."""

import asyncio
from typing import Any

from fastapi import WebSocket

from monitor.server.auth import SUBPROTOCOL

NORMAL = 1000
GOING_AWAY = 1001
POLICY_VIOLATION = 1008
INTERNAL_ERROR = 1011
TRY_AGAIN_LATER = 1013
"""Close codes: RFC 6455 section 7.4.1, and the registry that it opens."""
MAX_REASON = 120
"""Bytes that a close frame has room for, RFC 6455 section 5.5."""
MAX_MISTAKES = 5
"""Messages that make no sense, after which a client is shown the door."""


async def accept(websocket: WebSocket) -> None:
    """Open the connection, which the gate has let in, by the subprotocol where it is offered."""
    offered = websocket.scope.get("subprotocols", [])
    await websocket.accept(SUBPROTOCOL if SUBPROTOCOL in offered else None)


async def converse(*sides: Any) -> None:
    """Run both directions until one ends; its error is raised."""
    tasks = [asyncio.ensure_future(side) for side in sides]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def reason(text: str) -> str:
    """As much of a text as a close frame has room for."""
    return text.encode()[:MAX_REASON].decode(errors="ignore")
