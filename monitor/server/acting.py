"""Who deals with alerts and notes, and how often: every deed is written for good and told to everybody."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from monitor.errors import TooManyError
from monitor.server.allowance import Allowance
from monitor.server.audit import address_of
from monitor.server.identity import Identity, identity_of

DEEDS = 120
"""Of one person within `WITHIN`; of one address, where nobody is signed in by name."""
WITHIN = 60.0
"""Seconds."""


def deeds_allowed() -> Allowance:
    """What is left to each, for `app.state.deeds`."""
    return Allowance(DEEDS, WITHIN)


def acting(connection: HTTPConnection) -> Identity:
    """Who asks to do something about an alert or a call. Raises `NotAllowedError` or `TooManyError`."""
    who = identity_of(connection)
    who.require("act")
    deeds: Allowance = connection.app.state.deeds
    if wait := deeds.spend(who.name or f"at {address_of(connection)}"):
        raise TooManyError(f"more than {DEEDS} deeds in {WITHIN:g} s: try again in {wait:.0f} s", wait)
    return who


Acting = Annotated[Identity, Depends(acting)]
