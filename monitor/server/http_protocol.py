"""uvicorn's HTTP connection behind doors: it must say what it wants, and be done with it, in time."""

import asyncio
from typing import Any, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from monitor.server.doors import Doors


class _BehindDoors(H11Protocol):
    """A connection that is counted, and closed where its request does not come to its end."""

    doors: ClassVar[Doors]
    address = ""
    _admitted = False
    _deadline: asyncio.TimerHandle | None = None
    _body_ends: float | None = None
    """By the loop's clock; None outside a body."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Let it in, or close it at once."""
        super().connection_made(transport)
        self._admitted = self.doors.admit(transport.get_extra_info("socket").fileno())
        if not self._admitted:
            self.turn_out()
            return
        self.address = self.client[0] if self.client else ""
        self.doors.wait(self)
        self._close_after(self.doors.limits.head, "head_too_slow")

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over, or was that of a websocket."""
        self._calm()
        if self._admitted:
            self._admitted = False
            self.doors.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came, and see what of a request is still to come."""
        super().data_received(data)
        if self.transport.is_closing() or self.transport.get_protocol() is not self:
            self._calm()
            self.doors.served(self)
            return
        state = self.conn.their_state
        if state is h11.SEND_BODY:
            self._body_goes_on()
        elif state is h11.IDLE and (self.conn.trailing_data[0] or self.cycle is None):
            self.doors.wait(self)
            if self._deadline is None:
                self._close_after(self.doors.limits.head, "head_too_slow")
        else:
            self._calm()
            self.doors.served(self)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Hand the connection over; it is still one, until the websocket's end."""
        super().handle_websocket_upgrade(event)
        protocol: Any = self.transport.get_protocol()
        lost = protocol.connection_lost

        def over(exc: Exception | None) -> None:
            self.doors.leave(self)
            lost(exc)

        protocol.connection_lost = over

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP."""
        self.doors.invalid += 1
        super().send_400_response(msg)

    def turn_out(self) -> None:
        """Close it at once."""
        self._calm()
        self.transport.abort()

    def _body_goes_on(self) -> None:
        now, limits = self.loop.time(), self.doors.limits
        if self._body_ends is None:
            self._body_ends = now + limits.body
            self.doors.wait(self)
        self._calm(within_body=True)
        self._close_after(min(limits.pause, max(self._body_ends - now, 0.0)), "body_too_slow")

    def _close_after(self, seconds: float, cause: str) -> None:
        self._deadline = self.loop.call_later(seconds, self.doors.turn_out, self, cause)

    def _calm(self, within_body: bool = False) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        if not within_body:
            self._body_ends = None


def behind(doors: Doors) -> type[asyncio.Protocol]:
    """The class of connections that go through these doors."""
    return type("Connection", (_BehindDoors,), {"doors": doors})
