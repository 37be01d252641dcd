"""Bearer tokens: what one must be, and those that stand for a person with a role."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic.functional_validators import AfterValidator

from monitor.config.section import Section

Role = Literal["viewer", "supervisor", "engineer"]
"""viewer looks on; supervisor also deals with alerts, notes, replays and rules; engineer may do everything."""


def fit_for_a_header(secret: SecretStr | None) -> SecretStr | None:
    """The token, unchanged; raises `ValueError` where it is too short, or no header can carry it."""
    text = secret.get_secret_value() if secret is not None else None
    if text is not None and len(text) < 16:
        raise ValueError("a token needs at least 16 characters; make one with: openssl rand -hex 32")
    if text is not None and not (text.isascii() and text.isprintable() and text == text.strip()):
        raise ValueError(
            "a token is one line of ASCII that begins and ends without a space; make one with: openssl rand -hex 32"
        )
    return secret


def _hash(secret: SecretStr | None) -> SecretStr | None:
    text = secret.get_secret_value().lower() if secret is not None else None
    if text is not None and not (len(text) == 64 and set(text) <= set("0123456789abcdef")):
        raise ValueError("expected the 64 hexadecimal digits of a SHA-256; `emotion-monitor tokens make NAME` prints them")
    return None if text is None else SecretStr(text)


Token = Annotated[SecretStr | None, AfterValidator(fit_for_a_header)]


def digest_of(token: str) -> bytes:
    """SHA-256 of a token. Tokens are long and random, so that it needs no salt."""
    return hashlib.sha256(token.encode()).digest()


class NamedToken(Section):
    """The token of a person, or of a program, that the service knows by name."""

    name: str = Field(min_length=1, max_length=128)
    """What acknowledgements, notes and rules are signed with."""
    role: Role
    token: Token = None
    token_file: Path | None = None
    """A file that holds it; `load_settings` reads it."""
    token_sha256: Annotated[SecretStr | None, AfterValidator(_hash)] = None
    """Its SHA-256 in its place, so that the configuration does not hold it."""
    listen: bool = False
    """Whether live calls may be listened to, where `privacy.listen_in` allows that at all."""

    @property
    def digest(self) -> bytes:
        """SHA-256 of the token; `load_settings` has read it from its file."""
        if self.token is not None:
            return digest_of(self.token.get_secret_value())
        return bytes.fromhex(self.token_sha256.get_secret_value()) if self.token_sha256 is not None else b""

    @model_validator(mode="after")
    def _one_token(self) -> Self:
        if (self.token is None) == (self.token_sha256 is None):
            raise ValueError("give one of token, token_file and token_sha256; `emotion-monitor tokens make NAME` prints one")
        return self


def check_distinct(tokens: Sequence[NamedToken], unnamed: SecretStr | None) -> None:
    """Raise `ValueError` where two have one name or one token, `server.token` among them."""
    names: set[str] = set()
    owners = {} if unnamed is None else {digest_of(unnamed.get_secret_value()): "server.token"}
    for entry in tokens:
        if (name := entry.name.strip().casefold()) in names:
            raise ValueError(f"tokens: {entry.name!r} is named twice: give each person a name of their own")
        if (owner := owners.get(entry.digest)) is not None:
            raise ValueError(f"tokens: {entry.name!r} has the same token as {owner}: give each a token of its own")
        names.add(name)
        owners[entry.digest] = repr(entry.name)
