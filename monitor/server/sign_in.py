"""Letting in whoever has a right token, and a brake for wrong ones.

An address from which `WRONG_TOKENS` wrong ones came within a minute is answered 429, and its tokens are not looked at, but for
those that were right from there before: behind a proxy all have one address, and nobody who is signed in shall pay for it.
"""

import hashlib
import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from monitor.errors import MonitorError, TooManyError
from monitor.server.allowance import Allowance
from monitor.server.authenticator import Authenticator
from monitor.server.identity import Identity

WRONG_TOKENS = 10
"""Of one address within `WITHIN`."""
WITHIN = 60.0
"""Seconds."""
REMEMBERED = 1_000
"""Pairs of address and right token that are known while an address is braked."""


class WrongTokenError(MonitorError):
    """A token is needed, and what was brought is none of this service's."""

    http_status = 401
    code = "token"


@dataclass(frozen=True, slots=True)
class Failure:
    """A wrong token, for the log."""

    address: str
    braked: bool
    """Whether no further ones are looked at for now."""


class SignIn:
    """Who is who. From the event loop only."""

    def __init__(
        self, authenticator: Authenticator, told: Callable[[Failure], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`told` hears of the first wrong token of an address in a minute, and of its being braked."""
        self._authenticator = authenticator
        self._told = told
        self._wrong = Allowance(WRONG_TOKENS, WITHIN, clock)
        self._first = Allowance(1, WITHIN, clock)
        self._right: OrderedDict[tuple[str, bytes], None] = OrderedDict()

    @property
    def required(self) -> bool:
        """Whether one must sign in."""
        return self._authenticator.required

    def identity(self, address: str, tokens: Sequence[bytes]) -> Identity:
        """Who comes from an address with these tokens. Raises `WrongTokenError`, or `TooManyError` where it is braked."""
        if not self._authenticator.required:
            return self._authenticator.stranger
        if not tokens:
            raise WrongTokenError("a bearer token is needed: Authorization: Bearer TOKEN, or --token of a command")
        origin = network_of(address)
        keys = [(origin, hashlib.sha256(token).digest()) for token in tokens]
        if (wait := self._wrong.wait(origin)) and not any(key in self._right for key in keys):
            raise TooManyError(f"too many wrong tokens from this address: try again in {wait:.0f} s", wait)
        for key, token in zip(keys, tokens, strict=True):
            if (found := self._authenticator.identify(token)) is not None:
                self._remember(key)
                return found
        self._count(origin)
        raise WrongTokenError(
            "this bearer token is not the service's; a bearer token is needed: "
            "Authorization: Bearer TOKEN, or --token of a command"
        )

    def _remember(self, key: tuple[str, bytes]) -> None:
        self._right[key] = None
        self._right.move_to_end(key)
        if len(self._right) > REMEMBERED:
            self._right.popitem(last=False)

    def _count(self, origin: str) -> None:
        self._wrong.spend(origin)
        braked = self._wrong.wait(origin) > 0
        if not self._first.spend(origin) or braked:
            self._told(Failure(origin, braked))


def network_of(address: str) -> str:
    """What counts as one address: of IPv6, the 64 bits that one subscriber has.

    >>> network_of("2001:db8::7"), network_of("192.0.2.1"), network_of("")
    ('2001:db8::/64', '192.0.2.1', 'unknown')
    """
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    return str(known) if known.version == 4 else str(ipaddress.ip_network((known, 64), strict=False))
