"""Secrets from elsewhere than the configuration: systemd's credentials and files. And how they are kept out of sight."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from monitor.config.keys import Keys, secret_keys
from monitor.errors import ConfigError

MASK = "**********"
"""What is shown in the place of a secret."""
_NAMES = re.compile(r"token|secret|password|passphrase|credential|private|api_?key", re.IGNORECASE)


def credentials(environment: Mapping[str, str], tree: Mapping[str, Any]) -> Iterator[tuple[Keys, str, str]]:
    """Key, secret and origin of each secret of the configuration `tree` that systemd passes on.

    A credential is called like its key: `LoadCredential=server.token:/etc/...`.
    """
    folder = environment.get("CREDENTIALS_DIRECTORY")
    for keys in sorted(secret_keys(tree)) if folder else ():
        path = Path(folder or "", ".".join(keys))
        if path.exists():
            yield keys, read_secret(path, f"credential {path.name}"), f"credential {path.name}"


def read_secret(path: Path, origin: str) -> str:
    """The text of a file but for the end of its line. Raises `ConfigError` that names `origin`, never the text."""
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise ConfigError(f"{origin}: {path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{origin}: {path}: is not text") from None


_MASKED = frozenset({("server", "tokens")})
"""Whose secrets are typed, and so mask themselves."""


def masked(tree: Any, keys: Keys = ()) -> Any:
    """The settings as data, without what sounds like a secret in places that are free in form, such as a source's options.

    >>> masked({"sources": [{"options": {"password": "x"}}], "server": {"token": None, "token_file": "/run/token"}})
    {'sources': [{'options': {'password': '**********'}}], 'server': {'token': None, 'token_file': '/run/token'}}
    """
    if isinstance(tree, dict):
        return {key: _masked(value, (*keys, str(key))) for key, value in tree.items()}
    if isinstance(tree, list):
        return [masked(item, keys) for item in tree]
    return tree


def _masked(value: Any, keys: Keys) -> Any:
    return MASK if value and _sounds_secret(keys[-1]) and keys not in _MASKED else masked(value, keys)


def _sounds_secret(key: str) -> bool:
    return _NAMES.search(key) is not None and not key.lower().endswith("_file")
