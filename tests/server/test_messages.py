"""The wire's contract holds: every event has a message, and what is really said is what the published schemas say."""

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from monitor.events import (
    AlertAssigned,
    AlertJudged,
    AlertSnoozed,
    Event,
    FramesSkipped,
    HearingChanged,
    NoteErased,
    NoteWritten,
    SourceMoved,
)
from monitor.messages import EVENTS, EventMessage, HelloMessage, StateMessage, recorded
from monitor.server.schemas import asyncapi, ingest_schema, listen_schema, messages_schema
from monitor.server.subscription import Subscription
from tests.server.service import CALM, LOUD, PATIENCE, Service, of_type, receive, receive_until

MESSAGES = {model.model_fields["type"].annotation.__args__[0]: model for model in EventMessage.__subclasses__()}
SAID_BY_PEOPLE: list[Event] = [
    AlertAssigned(call="x", id="x:r:agent:1", by="Kim", to="Ana"),
    AlertSnoozed(call="x", id="x:r:agent:1", by="Kim", until="2026-03-01T14:15:02+00:00"),
    AlertJudged(call="x", id="x:r:agent:1", by="Kim", right=False, reason="a joke"),
    NoteWritten(call="x", leg="agent", time=1.0, id="n1", by="Kim", text="listen", label="calm", end=4.0),
    NoteErased(call="x", id="n1", by="Kim"),
]
ENVELOPE = {"type", "seq", "recorded_at", "replay"}


@pytest.mark.parametrize("event", Event.__subclasses__(), ids=lambda event: event.type)
def test_every_event_class_has_a_message_with_its_fields(event: type[Event]) -> None:
    fields = {field.name for field in dataclasses.fields(event)}
    assert set(MESSAGES[event.type].model_fields) - ENVELOPE == fields


def test_every_message_of_an_event_can_be_subscribed_to() -> None:
    assert set(EVENTS.json_schema()["discriminator"]["mapping"]) == {event.type for event in Event.__subclasses__()}


def test_what_was_read_is_told_to_the_letter() -> None:
    document = {"seq": 7, "recorded_at": "2026-11-29", "type": "state", "call": "c", "leg": "agent", "time": 1, "new": [1]}
    message = recorded(document)
    assert (type(message), message.seq, message.time) == (StateMessage, 7, 1)
    assert list(message.as_message().items()) == list(document.items())


def test_a_type_that_this_version_does_not_know_is_passed_on() -> None:
    document = {"seq": 8, "type": "weather", "call": "c", "sky": "grey"}
    message = recorded(document)
    assert (message.seq, message.as_message()) == (8, document)
    assert (Subscription().wants(message), Subscription(calls=frozenset({"d"})).wants(message)) == (True, False)


@pytest.mark.parametrize("schema", [messages_schema, ingest_schema, listen_schema])
def test_the_schema_of_messages_is_json_schema(schema: Callable[[], dict[str, Any]]) -> None:
    Draft202012Validator.check_schema(schema())


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    document = asyncapi()
    missing = [reference for reference in _references(document) if not _leads(document, reference)]
    assert missing == []


def test_the_asyncapi_document_describes_every_message_of_the_schema() -> None:
    described = set(asyncapi()["components"]["messages"])
    assert set(messages_schema()["discriminator"]["mapping"]) <= described


def test_what_is_said_during_a_call_and_its_replay_is_what_the_schemas_say(service: Service) -> None:
    with service.websocket("frames=1&since=0&board=1") as websocket:
        said = _all_kinds_of_messages(service, websocket)
    schema = Draft202012Validator(messages_schema())
    wrong = [(message, error.message) for message in said for error in schema.iter_errors(message)]
    kinds = {message["type"] for message in said}
    assert wrong == []
    assert kinds == set(messages_schema()["discriminator"]["mapping"]) - {"lagged", "dropped", "damaged"}


def test_each_message_fits_its_own_payload_in_the_asyncapi_document(service: Service) -> None:
    with service.websocket("frames=1&since=0&board=1") as websocket:
        said = _all_kinds_of_messages(service, websocket)
    document = json.loads(json.dumps(asyncapi()))
    wrong = [message for message in said if not _payload(document, message["type"]).is_valid(message)]
    assert wrong == []


def _all_kinds_of_messages(service: Service, websocket: Any) -> list[dict[str, Any]]:
    said = [receive(websocket)]
    service.monitor.journal.append(SourceMoved(call="x", leg="agent", detail="a new sender"))
    service.monitor.journal.append(HearingChanged(call="x", leg="agent", heard=False, detail="not heard: it is encrypted"))
    service.monitor.journal.append(FramesSkipped(call="x", leg="agent", frames=5, cause="overload"))
    for event in SAID_BY_PEOPLE:
        service.monitor.journal.append(event)
    call = service.call({"customer": [CALM] * 12 + [LOUD] * 12, "agent": [0.0] * 24}, "c1", rest={"customer": LOUD})
    said += receive_until(websocket, lambda message: message["type"] == "alert" and message["leg"] == "customer")
    websocket.send(json.dumps({"type": "acknowledge", "id": said[-1]["id"], "by": "tests"}))
    said += receive_until(websocket, of_type("alert_acknowledged"))
    if "change_point" not in {message["type"] for message in said}:
        said += receive_until(websocket, of_type("change_point"))
    said += receive_until(websocket, of_type("board"))
    service.monitor.stop_call("c1")
    assert call.wait(PATIENCE)
    said += receive_until(websocket, of_type("call_ended"))
    service.http().post("/api/v1/calls/c1/replay", json={"speed": 0}).raise_for_status()
    said += receive_until(websocket, of_type("replay_ended"))
    service.http().put("/api/v1/rules", json={"text": "rules: []", "base": 1}).raise_for_status()
    said += receive_until(websocket, of_type("rules_changed"))
    websocket.send('{"type": "ping"}')
    websocket.send('{"type": "no such thing"}')
    said += receive_until(websocket, of_type("error"))
    service.http().delete("/api/v1/calls/c1/data").raise_for_status()
    with service.websocket("since=0") as later:
        said += receive_until(later, of_type("erased"))
    service.begin_stop()
    return said + receive_until(websocket, of_type("server_stopping"))


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [reference for value in node.values() for reference in _references(value)]
    return [reference for value in node for reference in _references(value)] if isinstance(node, list) else []


def _leads(document: Any, reference: str) -> bool:
    for part in reference.removeprefix("#/").split("/"):
        if part not in document:
            return False
        document = document[part]
    return True


def _payload(document: dict[str, Any], kind: str) -> Draft202012Validator:
    payload = document["components"]["messages"][kind]["payload"]
    return Draft202012Validator({**payload, "components": document["components"]})


def test_hello_is_put_together_from_the_texts_of_the_present() -> None:
    state = recorded({"type": "state", "seq": 3, "call": "ü", "leg": "agent", "confidence": 0.5})
    hello = HelloMessage.model_construct(type="hello", version="1", seq=3, present=[state, state])
    assert json.loads(hello.as_text()) == hello.as_message()
    assert hello.as_message()["present"] == [state.as_message()] * 2


def test_a_message_is_made_into_a_frame_once() -> None:
    state = recorded({"type": "state", "seq": 3, "call": "c" * 200, "leg": "agent"})
    assert state.websocket_frame is state.websocket_frame
    assert state.websocket_frame == b"\x81\x7e" + len(state.as_text()).to_bytes(2, "big") + state.as_text().encode()
