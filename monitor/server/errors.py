"""Every refusal in one shape: `{"error": {"code", "message"}}`, one clear line a person can act on."""

import math
import re
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from monitor.errors import MonitorError, TooManyError
from monitor.validation import first_sentence


class ErrorDetail(BaseModel):
    """What was wrong."""

    code: str
    """For programs: config, source, engine, store, not_found, request, ..."""
    message: str
    """For people."""


class ErrorBody(BaseModel):
    """The body of every answer that is not a success."""

    error: ErrorDetail


def error_code(error: MonitorError) -> str:
    """The code of an error: its own, or its class's name.

    >>> from monitor.errors import NotFoundError
    >>> error_code(NotFoundError("no such call"))
    'not_found'
    """
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(error).__name__.removesuffix("Error")).lower()
    return error.code or name or "monitor"


def error_response(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """An answer that says what was wrong."""
    return JSONResponse({"error": {"code": code, "message": message}}, status_code=status, headers=headers)


def retry_after(seconds: float) -> dict[str, str]:
    """The header that says when to ask again, RFC 9110 section 10.2.3.

    >>> retry_after(2.1)
    {'retry-after': '3'}
    """
    return {"retry-after": str(math.ceil(seconds))}


def _no_json(request: Request, first: dict[str, Any]) -> str | None:
    """What to say of a body that could not be read as JSON; None where it could."""
    if first.get("type") == "json_invalid":
        return f"the body is no JSON: {first.get('ctx', {}).get('error', 'it ends too early')}, at character {first['loc'][-1]}"
    content = request.headers.get("content-type")
    if content is None or content.partition(";")[0].strip().lower() not in ("application/json", "text/json"):
        given = "no Content-Type" if content is None else f"the Content-Type {content[:80]!r}"
        return f"the body has {given}: send JSON with the header Content-Type: application/json"
    return None


def install_error_handlers(app: FastAPI) -> None:
    """Have every error answered in the one shape."""

    async def known(_: Request, error: Exception) -> JSONResponse:
        if not isinstance(error, MonitorError):
            raise error
        headers = retry_after(error.retry_after) if isinstance(error, TooManyError) else None
        return error_response(error.http_status, error_code(error), str(error), headers)

    async def invalid(request: Request, error: Exception) -> JSONResponse:
        first: dict[str, Any] = error.errors()[0] if isinstance(error, RequestValidationError) else {"loc": (), "msg": ""}
        if first["loc"][:1] == ("body",) and (wrong := _no_json(request, first)) is not None:
            return error_response(422, "request", wrong)
        within = {**first, "loc": first["loc"][1:]}
        return error_response(422, "request", first_sentence([within], "request"))

    async def refused(_: Request, error: Exception) -> JSONResponse:
        if not isinstance(error, HTTPException):
            raise error
        code = {404: "not_found", 405: "method"}.get(error.status_code, "request")
        return error_response(error.status_code, code, str(error.detail), dict(error.headers or {}))

    async def unexpected(_: Request, __: Exception) -> JSONResponse:  # the server logs it
        return error_response(500, "internal", "this request failed inside the server; its log says why")

    app.add_exception_handler(MonitorError, known)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(Exception, unexpected)
