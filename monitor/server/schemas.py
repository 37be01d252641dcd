"""The messages' JSON Schemas and the AsyncAPI 3 document of the websockets, all made from the models."""

from typing import Any, get_args

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import models_json_schema

from monitor import __version__
from monitor.messages import FROM_SERVER, ClientMessage, EventUnion, ListenMessage, ServerMessage
from monitor.server.subscription import PARAMETERS
from monitor.sources.incoming.ingest import IngestFromSender, IngestFromServer

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_AUDIO = "ingest_audio"
_SOUND = "listen_sound"


def messages_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of everything that the server says on the websocket."""
    return {"$schema": _DIALECT, "title": "Messages of /ws/v1/events", **FROM_SERVER.json_schema()}


def ingest_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of the text messages of `/ws/v1/ingest`, both ways."""
    both: TypeAdapter[Any] = TypeAdapter(IngestFromSender | IngestFromServer)
    return {"$schema": _DIALECT, "title": "Messages of /ws/v1/ingest", **both.json_schema()}


def listen_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of the text messages of `/ws/v1/listen`."""
    return {"$schema": _DIALECT, "title": "Messages of /ws/v1/listen", **TypeAdapter(ListenMessage).json_schema()}


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3 document of the websockets. https://www.asyncapi.com/docs/reference/specification/v3.0.0."""
    said, heard = _members(ServerMessage), _members(ClientMessage)
    answered, sent = _members(IngestFromServer), _members(IngestFromSender)
    told = _members(ListenMessage)
    models = dict.fromkeys((*said, *heard, *answered, *sent, *told))
    _, schema = models_json_schema([(model, "validation") for model in models], ref_template="#/components/schemas/{model}")
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Emotion monitor: live events, and calls that come",
            "version": __version__,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {
            "events": {
                "address": "/ws/v1/events",
                "description": "Every event of the journal from `since` on, then live. One JSON object a text message.",
                "messages": {_name(model): {"$ref": f"#/components/messages/{_name(model)}"} for model in (*said, *heard)},
                "bindings": {"ws": {"method": "GET", "query": {"type": "object", "properties": PARAMETERS}}},
            },
            "ingest": {
                "address": "/ws/v1/ingest",
                "description": "A call that comes to the server: a hello, its audio, an end. Text messages are JSON objects.",
                "messages": {
                    name: {"$ref": f"#/components/messages/{name}"} for name in (*map(_ingested, answered + sent), _AUDIO)
                },
                "bindings": {"ws": {"method": "GET"}},
            },
            "listen": {
                "address": "/ws/v1/listen",
                "description": "A live call as people hear it, for who may listen in. Text messages are JSON objects.",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in (*map(_listened, told), _SOUND)},
                "bindings": {"ws": {"method": "GET", "query": {"type": "object", "properties": {"call": {"type": "string"}}}}},
            },
        },
        "operations": {
            "follow": _operation("events", "send", "What the server says.", [_name(model) for model in said]),
            "speak": _operation("events", "receive", "What a client may say.", [_name(model) for model in heard]),
            "answer": _operation("ingest", "send", "What the server says.", list(map(_ingested, answered))),
            "carry": _operation("ingest", "receive", "What a sender may say.", [*map(_ingested, sent), _AUDIO]),
            "listen": _operation("listen", "send", "What who listens in is sent.", [*map(_listened, told), _SOUND]),
        },
        "components": {
            "messages": {
                **{_name(model): _message(_name(model), model) for model in (*said, *heard)},
                **{_ingested(model): _message(_name(model), model) for model in (*answered, *sent)},
                **{_listened(model): _message(_name(model), model) for model in told},
                _SOUND: {
                    "name": "sound",
                    "title": "Sound",
                    "summary": "A byte, the leg's place in `legs`; the tick, 32 bits, whose first sample is 1600 times that; "
                    "1600 samples of 16 bits. All little-endian.",
                    "contentType": "application/octet-stream",
                },
                _AUDIO: {
                    "name": "audio",
                    "title": "Audio",
                    "summary": "A byte, the leg's place in the hello's list, and whole samples of that leg: at most a second.",
                    "contentType": "application/octet-stream",
                },
            },
            "schemas": schema["$defs"],
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _members(union: Any) -> list[type[BaseModel]]:
    if union in (EventUnion, ServerMessage, ClientMessage, IngestFromSender, IngestFromServer, ListenMessage):
        union = get_args(union)[0]
    found: list[type[BaseModel]] = []
    for member in get_args(union):
        found.extend([member] if isinstance(member, type) else _members(member))
    return found


def _name(model: type[BaseModel]) -> str:
    return str(get_args(model.model_fields["type"].annotation)[0])


def _ingested(model: type[BaseModel]) -> str:
    """What a message of `/ws/v1/ingest` is called among all."""
    return f"ingest_{_name(model)}"


def _listened(model: type[BaseModel]) -> str:
    """What a message of `/ws/v1/listen` is called among all."""
    return f"listen_{_name(model)}"


def _message(name: str, model: type[BaseModel]) -> dict[str, Any]:
    return {
        "name": name,
        "title": model.__name__,
        "summary": (model.__doc__ or "").strip(),
        "payload": {"$ref": f"#/components/schemas/{model.__name__}"},
    }


def _operation(channel: str, action: str, summary: str, messages: list[str]) -> dict[str, Any]:
    return {
        "action": action,
        "summary": summary,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in messages],
    }
