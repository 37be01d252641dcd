"""uvicorn's websocket, made to let go of a client whose socket is stuck, and to send what was made for all in one write.

Pings travel behind the data, so a client answers one only once it has taken what was sent before it: the keepalive finds
every client that does not read. uvicorn then closes politely, which waits for ever for the unsent bytes to leave.

Answers travel behind the data as well: of a sender that this server makes wait (`/ws/v1/ingest`), one may lie behind minutes of
audio. So whoever sends, or is kept waiting, and takes what is sent to it, is alive without an answer.
"""

from typing import Any

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

GRACE = 2.0
"""Seconds for the close frame, with its reason, to get through."""
MAX_UNREAD = 64 * 1024
"""Bytes that wait to be read by a client whose pings are no longer answered: one that never reads cannot fill the memory."""


class KeepaliveProtocol(WebSocketsSansIOProtocol):
    """A websocket connection that is aborted when its client has not answered a ping in time, and does nothing else either."""

    heard = False
    """Whether anything came since the last ping."""

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        self.heard = True
        super().data_received(data)

    def send_keepalive_ping(self) -> None:
        """Ask whether the client is there."""
        self.heard = False
        super().send_keepalive_ping()

    def keepalive_timeout(self) -> None:
        """Go on with a client that sends or is kept waiting; close with 1011, then abort, where there is none."""
        if (self.heard or self.read_paused) and self.transport.get_write_buffer_size() == 0:
            self.pong_timer = self.pending_ping_payload = None
            self.schedule_ping()
            return
        super().keepalive_timeout()
        self.loop.call_later(GRACE, self.transport.abort)

    def handle_ping(self) -> None:
        """Answer a ping, unless answers to earlier ones still wait to be read (RFC 6455, section 5.5.3, lets them out)."""
        if self.transport.get_write_buffer_size() > MAX_UNREAD:
            self.conn.data_to_send()
            return
        super().handle_ping()

    async def send(self, message: Any) -> None:
        """Send; `frames` of a `websocket.send` are whole websocket frames already.

        A handshake that was refused with an HTTP answer is over, which uvicorn would log as a defect.
        """
        if (frames := message.get("frames")) is not None:
            await self.writable.wait()
            if self.disconnected or self.conn.state is not State.OPEN:
                raise ClientDisconnected
            self.transport.write(frames)
            return
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True
