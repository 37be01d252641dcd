"""The gate: who may speak to the server. Applied to every request and websocket before anything else looks at it.

Three checks. `Host`, where no token is needed, so that a page elsewhere cannot reach a loopback server through a name that it
controls (DNS rebinding). `Origin`, on websockets and on requests that change something: browsers send both across sites.
The token, on everything but the page itself and the health checks: it says who asks (`request.state.identity`), and what they
may do is asked by each route.
"""

import asyncio
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from monitor.config.sections import ServerSection, Settings
from monitor.errors import ConfigError, MonitorError, TooManyError
from monitor.loopback import is_loopback
from monitor.server.allowance import Allowance
from monitor.server.audit import Audit
from monitor.server.authenticator import TokenAuthenticator, bearer_tokens
from monitor.server.errors import error_code, error_response, retry_after
from monitor.server.sign_in import Failure, SignIn

log = structlog.get_logger(__name__)

SUBPROTOCOL = "emotion-monitor.v1"
"""What a websocket client may offer; chosen where it is."""

MAX_TOLD = 100
"""Origins of which the log tells: whoever connects makes them up."""
FAILURES_TOLD = 60
"""Wrong tokens of which the log and the audit tell in a minute, of all addresses."""

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_GUARDED = ("/api/", "/ws/", "/metrics")


def check_exposure(server: ServerSection) -> None:
    """Raise `ConfigError` where the server would be open to the network without a token."""
    if server.token is None and not server.tokens and not is_loopback(server.host):
        raise ConfigError(
            f"server.host is {server.host}, so others can reach this server, but server.token is not set, nor server.tokens: "
            "set one (openssl rand -hex 32; emotion-monitor tokens make NAME), or bind to 127.0.0.1"
        )


def check_media(settings: Settings) -> None:
    """Say in the log where callers of the API would be told to send audio to where it cannot come."""
    rtp, server = settings.rtp, settings.server
    if rtp.advertise is not None or is_loopback(server.host):
        return
    if is_loopback(rtp.bind):
        reason = f"this server listens to the network on {server.host}, but to RTP on {rtp.bind}: no audio of others comes"
    elif rtp.bind in ("0.0.0.0", "::"):
        reason = f"rtp.bind is {rtp.bind}, which is what callers of the API are told to send audio to"
    else:
        return
    log.warning("rtp_out_of_reach", reason=reason, do="set rtp.bind, and rtp.advertise to the address that senders can reach")


class Gate:
    """ASGI middleware: says who asks, and refuses what may not come in with 401, 403 or 429."""

    def __init__(self, app: ASGIApp, settings: Settings, audit: Audit) -> None:
        self._app = app
        self._audit = audit
        self._sign_in = SignIn(TokenAuthenticator(settings), self._tell)
        self._failures = Allowance(FAILURES_TOLD, 60.0)
        self._origins = frozenset(origin.rstrip("/").lower() for origin in settings.server.allowed_origins)
        self._hosts = frozenset(_host(origin) for origin in self._origins)
        self._told: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it with the reason why not."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if (refusal := self._refusal(scope, headers)) is not None:
            await error_response(403, *refusal)(scope, receive, send)
            return
        if scope["path"].startswith(_GUARDED):
            address = scope["client"][0] if scope.get("client") else ""
            try:
                identity = self._sign_in.identity(address, bearer_tokens(scope, headers))
            except MonitorError as error:
                await _refused(error)(scope, receive, send)
                return
            scope.setdefault("state", {})["identity"] = identity
        await self._app(scope, receive, send)

    def _refusal(self, scope: Scope, headers: Headers) -> tuple[str, str] | None:
        host = headers.get("host", "")
        if not self._sign_in.required and not (is_loopback(_host(f"//{host}")) or _host(f"//{host}") in self._hosts):
            return (
                "host",
                (
                    f"this server answers to localhost only, not to {host[:80]!r}: set server.token, "
                    "or name the address of its page in server.allowed_origins"
                ),
            )
        changes = scope["type"] == "websocket" or scope["method"] not in _READING
        if changes and not self._origin_allowed(headers.get("origin"), host):
            return "origin", self._stranger(headers.get("origin", ""), host)
        return None

    def _tell(self, failure: Failure) -> None:
        """Write of a wrong token, without waiting for the disk."""
        if self._failures.spend("all"):
            return
        told = {"braked": failure.braked}
        asyncio.get_running_loop().run_in_executor(
            None, lambda: self._audit.write("sign_in_failed", None, failure.address, **told)
        )

    def _stranger(self, origin: str, host: str) -> str:
        """What to say to a page of another origin; in the log too, once, because a browser shows nobody why."""
        message = (
            f"a page at {origin[:80]!r} may not do that, because this server was asked for as {host[:80]!r}: have the proxy "
            "before it pass the Host header on as it came, port and all, or name the origin in server.allowed_origins"
        )
        if origin not in self._told and len(self._told) < MAX_TOLD:
            self._told.add(origin)
            log.warning("origin_refused", reason=message)
        return message

    def _origin_allowed(self, origin: str | None, host: str) -> bool:
        if origin is None:  # not a browser
            return True
        origin = origin.rstrip("/").lower()
        return origin in self._origins or origin.partition("://")[2] == host.lower() != ""


def _refused(error: MonitorError) -> JSONResponse:
    headers = retry_after(error.retry_after) if isinstance(error, TooManyError) else {"www-authenticate": "Bearer"}
    return error_response(error.http_status, error_code(error), str(error), headers)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
