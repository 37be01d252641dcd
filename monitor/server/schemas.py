"""The messages' JSON Schema and the AsyncAPI 3 document of the websocket, both made from the models."""

from typing import Any, get_args

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from monitor import __version__
from monitor.server.messages import FROM_SERVER, ClientMessage, EventUnion, ServerMessage
from monitor.server.subscription import PARAMETERS

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def messages_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of everything that the server says on the websocket."""
    return {"$schema": _DIALECT, "title": "Messages of /ws/v1/events", **FROM_SERVER.json_schema()}


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3 document of `/ws/v1/events`. https://www.asyncapi.com/docs/reference/specification/v3.0.0."""
    said, heard = _members(ServerMessage), _members(ClientMessage)
    _, schema = models_json_schema(
        [(model, "validation") for model in (*said, *heard)], ref_template="#/components/schemas/{model}"
    )
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Emotion monitor: live events", "version": __version__, "license": {"name": "Apache-2.0"}},
        "defaultContentType": "application/json",
        "channels": {
            "events": {
                "address": "/ws/v1/events",
                "description": "Every event of the journal from `since` on, then live. One JSON object a text message.",
                "messages": {_name(model): {"$ref": f"#/components/messages/{_name(model)}"} for model in (*said, *heard)},
                "bindings": {"ws": {"method": "GET", "query": {"type": "object", "properties": PARAMETERS}}},
            }
        },
        "operations": {
            "follow": _operation("send", "What the server says.", said),
            "speak": _operation("receive", "What a client may say.", heard),
        },
        "components": {
            "messages": {_name(model): _message(model) for model in (*said, *heard)},
            "schemas": schema["$defs"],
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _members(union: Any) -> list[type[BaseModel]]:
    if union is EventUnion or union is ServerMessage or union is ClientMessage:
        union = get_args(union)[0]
    found: list[type[BaseModel]] = []
    for member in get_args(union):
        found.extend([member] if isinstance(member, type) else _members(member))
    return found


def _name(model: type[BaseModel]) -> str:
    return str(get_args(model.model_fields["type"].annotation)[0])


def _message(model: type[BaseModel]) -> dict[str, Any]:
    return {
        "name": _name(model),
        "title": model.__name__,
        "summary": (model.__doc__ or "").strip(),
        "payload": {"$ref": f"#/components/schemas/{model.__name__}"},
    }


def _operation(action: str, summary: str, models: list[type[BaseModel]]) -> dict[str, Any]:
    return {
        "action": action,
        "summary": summary,
        "channel": {"$ref": "#/channels/events"},
        "messages": [{"$ref": f"#/channels/events/messages/{_name(model)}"} for model in models],
    }
