"""The gate: who may speak to the server. Applied to every request and websocket before anything else looks at it.

Three checks. `Host`, where no token is needed, so that a page elsewhere cannot reach a loopback server through a name that it
controls (DNS rebinding). `Origin`, on websockets and on requests that change something: browsers send both across sites.
The token, on everything but the page itself and the health checks.
"""

import base64
import binascii
import hmac
from urllib.parse import parse_qs, urlsplit

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from monitor.config.sections import ServerSection, Settings
from monitor.errors import ConfigError
from monitor.loopback import is_loopback
from monitor.server.errors import error_response

log = structlog.get_logger(__name__)

SUBPROTOCOL = "emotion-monitor.v1"
"""What a websocket client may offer; chosen where it is."""
TOKEN_SUBPROTOCOL = "emotion-monitor.bearer."
"""And beside it this with the token in base64url, unpadded: browsers cannot set headers on a websocket."""

MAX_TOLD = 100
"""Origins of which the log tells: whoever connects makes them up."""

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_GUARDED = ("/api/", "/ws/", "/metrics")


def check_exposure(server: ServerSection) -> None:
    """Raise `ConfigError` where the server would be open to the network without a token."""
    if server.token is None and not is_loopback(server.host):
        raise ConfigError(
            f"server.host is {server.host}, so others can reach this server, but server.token is not set: "
            "set one (openssl rand -hex 32), or bind to 127.0.0.1"
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
    """ASGI middleware: refuses what may not come in with 401 or 403."""

    def __init__(self, app: ASGIApp, server: ServerSection) -> None:
        self._app = app
        self._token = server.token.get_secret_value().encode() if server.token else None
        self._origins = frozenset(origin.rstrip("/").lower() for origin in server.allowed_origins)
        self._hosts = frozenset(_host(origin) for origin in self._origins)
        self._told: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it with the reason why not."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope, Headers(scope=scope))
        if refusal is None:
            await self._app(scope, receive, send)
            return
        status, code, message = refusal
        challenge = {"www-authenticate": "Bearer"} if status == 401 else None
        response = error_response(status, code, message, challenge)
        await response(scope, receive, send)

    def _refusal(self, scope: Scope, headers: Headers) -> tuple[int, str, str] | None:
        host = headers.get("host", "")
        if self._token is None and not (is_loopback(_host(f"//{host}")) or _host(f"//{host}") in self._hosts):
            return (
                403,
                "host",
                (
                    f"this server answers to localhost only, not to {host[:80]!r}: set server.token, "
                    "or name the address of its page in server.allowed_origins"
                ),
            )
        changes = scope["type"] == "websocket" or scope["method"] not in _READING
        if changes and not self._origin_allowed(headers.get("origin"), host):
            return 403, "origin", self._stranger(headers.get("origin", ""), host)
        if self._token is not None and scope["path"].startswith(_GUARDED) and not self._has_token(scope, headers):
            wrong = "this bearer token is not the service's; " if _tokens(scope, headers) else ""
            return 401, "token", f"{wrong}a bearer token is needed: Authorization: Bearer TOKEN, or --token of a command"
        return None

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

    def _has_token(self, scope: Scope, headers: Headers) -> bool:
        return any(hmac.compare_digest(given, self._token or b"") for given in _tokens(scope, headers))


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _tokens(scope: Scope, headers: Headers) -> list[bytes]:
    scheme, _, given = headers.get("authorization", "").partition(" ")
    found = [given.strip().encode("latin-1")] if scheme.lower() == "bearer" else []
    if scope["type"] == "websocket":
        query = parse_qs(scope["query_string"].decode("latin-1"))
        found += [token.encode() for token in query.get("token", [])]
        found += [_decoded(name) for name in scope.get("subprotocols", []) if name.startswith(TOKEN_SUBPROTOCOL)]
    return found


def _decoded(subprotocol: str) -> bytes:
    text = subprotocol.removeprefix(TOKEN_SUBPROTOCOL)
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""
