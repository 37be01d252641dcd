"""Ids of calls: what may be one, and a new one. An id names files, so nothing that could leave a folder is allowed."""

import re
import secrets
from datetime import UTC, datetime

from monitor.errors import ConfigError

_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)


def check_call_id(text: str) -> str:
    """The id, unchanged; raises `ConfigError` where it cannot be one.

    >>> check_call_id("2026-03-01.queue-7")
    '2026-03-01.queue-7'
    """
    if _PATTERN.fullmatch(text) is None or ".." in text:
        raise ConfigError(
            f"not a call id: {text[:80]!r}; use up to 128 letters, digits, '.', '_' and '-', a letter or digit first, no '..'"
        )
    return text


def new_call_id(started_at: datetime, prefix: str | None = None) -> str:
    """A new id that sorts by start time and names no person, such as `20260301-141502-9f3c1a`; after a prefix and `-`."""
    own = f"{started_at.astimezone(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    return f"{prefix}-{own}" if prefix else own
