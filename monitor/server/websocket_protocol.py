"""uvicorn's websocket, made to let go of a client whose socket is stuck.

Pings travel behind the data, so a client answers one only once it has taken what was sent before it: the keepalive finds
every client that does not read. uvicorn then closes politely, which waits for ever for the unsent bytes to leave.
"""

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

GRACE = 2.0
"""Seconds for the close frame, with its reason, to get through."""


class KeepaliveProtocol(WebSocketsSansIOProtocol):
    """A websocket connection that is aborted when its client has not answered a ping in time."""

    def keepalive_timeout(self) -> None:
        """Close with 1011, then abort."""
        super().keepalive_timeout()
        self.loop.call_later(GRACE, self.transport.abort)

    async def send(self, message: Any) -> None:
        """Send; a handshake that was refused with an HTTP answer is over, which uvicorn would log as a defect."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True
