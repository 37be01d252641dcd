"""Tells by what a request brings who it is from. Today that is a bearer token; another way is another `Authenticator`."""

import base64
import binascii
import hashlib
import hmac
from typing import Protocol
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.types import Scope

from monitor.config import Settings
from monitor.config.tokens import digest_of
from monitor.server.identity import Identity, identity

TOKEN_SUBPROTOCOL = "emotion-monitor.bearer."
"""Offered by a websocket client with the token in base64url, unpadded: browsers cannot set headers on a websocket."""


class Authenticator(Protocol):
    """One way to know people."""

    required: bool
    """Whether one must bring something to be let in."""
    stranger: Identity
    """Who comes in without, where nothing is required."""

    def identify(self, token: bytes) -> Identity | None:
        """Whose this bearer token is; None where it is nobody's."""


class TokenAuthenticator:
    """By the tokens of the configuration, of which it keeps hashes alone."""

    def __init__(self, settings: Settings) -> None:
        server, listen_in = settings.server, settings.privacy.listen_in
        self._known = [
            (entry.digest, identity(entry.name, entry.role, signed_in=True, listen=listen_in and entry.listen))
            for entry in server.tokens
        ]
        if server.token is not None:
            unnamed = identity(None, "engineer", signed_in=True, listen=False)
            self._known.append((digest_of(server.token.get_secret_value()), unnamed))
        self.required = bool(self._known)
        self.stranger = identity(None, "engineer", signed_in=False, listen=listen_in)

    def identify(self, token: bytes) -> Identity | None:
        """See `Authenticator`. All are compared, so that the time tells nothing."""
        given = hashlib.sha256(token).digest()
        right = [who for digest, who in self._known if hmac.compare_digest(digest, given)]
        return right[0] if right else None


def bearer_tokens(scope: Scope, headers: Headers) -> list[bytes]:
    """The tokens that a request brings: in its header (RFC 6750, section 2.1); a websocket also by query or subprotocol."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    found = [given.strip().encode("latin-1")] if scheme.lower() == "bearer" else []
    if scope["type"] == "websocket":
        query = parse_qs(scope["query_string"].decode("latin-1"))
        found += [token.encode() for token in query.get("token", [])]
        found += [_decoded(name) for name in scope.get("subprotocols", []) if name.startswith(TOKEN_SUBPROTOCOL)]
    return [token for token in found if token]


def _decoded(subprotocol: str) -> bytes:
    text = subprotocol.removeprefix(TOKEN_SUBPROTOCOL)
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""
