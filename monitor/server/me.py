"""`/api/v1/me`: who asks, and what they may do."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import HTTPConnection

from monitor.server.context import ERRORS
from monitor.server.identity import identity_of

router = APIRouter(prefix="/api/v1", tags=["operation"], responses=ERRORS)


@router.get("/me", summary="Who is signed in")
def me(connection: HTTPConnection) -> dict[str, Any]:
    """Name (null without one), role and permissions of whoever asks; `signed_in` is false where no token is needed."""
    return identity_of(connection).document()
