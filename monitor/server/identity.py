"""Who a request is from, and what they may do. The gate finds that out once; routes ask for what they need."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

from fastapi import Depends
from starlette.requests import HTTPConnection

from monitor.config.tokens import Role
from monitor.errors import ConfigError, NotAllowedError

Permission = Literal["read", "act", "rules", "listen", "calls", "erase", "configure"]
"""read: everything that is shown; act: deal with alerts, write notes, replay, hear kept sound; rules: change them; listen: hear
live calls; calls: start and end them; erase: stored ones; configure: see the configuration."""

_OF_ROLE: dict[Role, frozenset[Permission]] = {
    "viewer": frozenset({"read"}),
    "supervisor": frozenset({"read", "act", "rules"}),
    "engineer": frozenset({"read", "act", "rules", "calls", "erase", "configure"}),
}
"""Listening in belongs to no role: a token says it."""

NAME_LENGTH = 128
"""Characters of a person's name."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks."""

    name: str | None
    """None where nobody signed in by name."""
    role: Role
    signed_in: bool
    """Whether a token was needed and right."""
    permissions: frozenset[Permission]

    def require(self, permission: Permission) -> None:
        """Raise `NotAllowedError` where it is missing."""
        if permission not in self.permissions:
            hint = "a token with `listen: true`, and privacy.listen_in" if permission == "listen" else _roles_with(permission)
            who = f"{self.name} ({self.role})" if self.name else self.role
            raise NotAllowedError(f"{who} lacks the permission {permission!r}; it takes {hint}")

    def person(self, given: str | None) -> str:
        """Who signs: whoever is signed in by name, else the name given. Raises `ConfigError` where there is none."""
        if (name := self.name or given) is None:
            raise ConfigError("by: say who does that, or sign in with a token that has a name (server.tokens)")
        return name

    def document(self) -> dict[str, Any]:
        """As the API tells it."""
        held = [permission for permission in get_args(Permission) if permission in self.permissions]
        return {"name": self.name, "role": self.role, "signed_in": self.signed_in, "permissions": held}


def identity(name: str | None, role: Role, *, signed_in: bool, listen: bool) -> Identity:
    """With the permissions of a role; `listen` adds that of hearing live calls."""
    heard: frozenset[Permission] = frozenset({"listen"}) if listen else frozenset()
    return Identity(name, role, signed_in, _OF_ROLE[role] | heard)


def identity_of(connection: HTTPConnection) -> Identity:
    """Who a request or websocket is from, as the gate found."""
    found: Identity = connection.state.identity
    return found


def needs(permission: Permission) -> Any:
    """A dependency of routes: `Identity` of who asks, or 403 where they lack the permission."""

    def allowed(connection: HTTPConnection) -> Identity:
        found = identity_of(connection)
        found.require(permission)
        return found

    return Depends(allowed)


def _roles_with(permission: Permission) -> str:
    return " or ".join(f"the role {role}" for role, held in _OF_ROLE.items() if permission in held)
