"""Refuses request bodies that are larger than any honest one."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitor.server.errors import error_response

MAX_BODY = 256 * 1024
"""Bytes: a security limit. An SDP body of two legs has about one thousand."""


class BodyTooLarge(Exception):
    """More bytes came than a request may have."""


class BodyLimit:
    """ASGI middleware: answers 413 once a request's body is larger than `limit` bytes."""

    def __init__(self, app: ASGIApp, limit: int = MAX_BODY) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on, counting its bytes."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        received = 0
        started = False

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._limit:
                raise BodyTooLarge
            return message

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, counted, noted)
        except BodyTooLarge:
            if started:
                raise
            response = error_response(413, "request", f"a request body may have {self._limit} bytes")
            await response(scope, receive, send)
