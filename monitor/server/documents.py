"""The contracts for programs: JSON Schemas of the websockets' messages, and the AsyncAPI document."""

from functools import cache
from typing import Any

from fastapi import APIRouter

from monitor.server.schemas import asyncapi, ingest_schema, listen_schema, messages_schema

router = APIRouter(prefix="/api/v1", tags=["contracts"])


@router.get("/schema/messages.json", summary="JSON Schema of the websocket's messages")
def get_messages_schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12, of everything that the server says on `/ws/v1/events`."""
    return _messages_schema()


@router.get("/schema/ingest.json", summary="JSON Schema of the messages of a call that comes")
def get_ingest_schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12, of the text messages of `/ws/v1/ingest`, both ways."""
    return _ingest_schema()


@router.get("/schema/listen.json", summary="JSON Schema of what who listens in is told")
def get_listen_schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12, of the text messages of `/ws/v1/listen`."""
    return _listen_schema()


@router.get("/asyncapi.json", summary="AsyncAPI 3 document of the websockets")
def get_asyncapi() -> dict[str, Any]:
    """Channels, operations and messages of `/ws/v1/events` and `/ws/v1/ingest`."""
    return _asyncapi()


_messages_schema = cache(messages_schema)
_ingest_schema = cache(ingest_schema)
_listen_schema = cache(listen_schema)
_asyncapi = cache(asyncapi)
