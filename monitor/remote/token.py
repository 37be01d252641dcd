"""The bearer token as programs send it (RFC 6750, section 2.1)."""

from monitor.errors import ConfigError


def authorization(token: str | None) -> dict[str, str]:
    """The header that carries a token; none without one. Raises `ConfigError`, which does not show it, where no header can."""
    if token is None:
        return {}
    if not (token.isascii() and token.isprintable() and token == token.strip() != ""):
        raise ConfigError("--token: a token is one line of ASCII that begins and ends without a space")
    return {"Authorization": f"Bearer {token}"}
