"""What people do about alerts and moments: kept with the call, told to everybody, signed, and not without bound."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from monitor.config.tokens import NamedToken
from monitor.errors import NotFoundError
from monitor.events import Event
from tests.server.conftest import StartService
from tests.server.service import CALM, LOUD, PATIENCE, TOKEN, Service, of_type, receive, receive_until

ANGRY = {"customer": [CALM] * 4 + [LOUD] * 8, "agent": [0.0] * 12}
PEOPLE_SAY = {"alert_acknowledged", "alert_assigned", "alert_snoozed", "alert_judged", "note_written", "note_erased"}


def raised(service: Service, **options: Any) -> str:
    """The id of an alert of the call `c1`, which goes on."""
    with service.websocket("type=alert", **options) as websocket:
        service.call(ANGRY, "c1", rest={"customer": LOUD})
        return str(receive_until(websocket, of_type("alert"))[-1]["id"])


def judgeable(service: Service) -> str:
    """The id of an alert of the call `c1`, which is over."""
    service.finished_call("c1", ANGRY)
    events = service.http().get("/api/v1/calls/c1/events?type=alert").json()["events"]
    return str(events[0]["id"])


def deeds(service: Service) -> list[dict[str, Any]]:
    return [event for event in service.monitor.journal.read(0) if event["type"] in PEOPLE_SAY]


def test_an_open_alert_tells_what_people_did_about_it(service: Service) -> None:
    alert = raised(service)
    with service.http() as http:
        answers = [
            http.post(f"/api/v1/alerts/{alert}/{deed}", json=body)
            for deed, body in [
                ("acknowledge", {"by": "Kim", "note": "calling back"}),
                ("acknowledge", {"by": "Ana"}),
                ("assign", {"by": "Kim", "to": "Ana"}),
                ("snooze", {"by": "Ana", "seconds": 600, "reason": "on the phone"}),
                ("judge", {"by": "Ana", "right": True}),
            ]
        ]
        (told,) = [one for one in http.get("/api/v1/alerts").json()["alerts"] if one["id"] == alert]
    assert [answer.json()["type"] for answer in answers] == [
        "alert_acknowledged",
        "alert_acknowledged",
        "alert_assigned",
        "alert_snoozed",
        "alert_judged",
    ]
    assert [(one["by"], one["note"]) for one in told["acknowledged"]] == [("Kim", "calling back"), ("Ana", "")]
    assert told["assigned"] == {"to": "Ana", "by": "Kim"}
    assert (told["snoozed"]["by"], told["snoozed"]["reason"]) == ("Ana", "on the phone")
    assert told["judged"] == [{"by": "Ana", "right": True, "reason": ""}]


@pytest.mark.parametrize(
    ("deed", "body", "other"),
    [
        ("acknowledge", {"note": "mine"}, {"note": "yours"}),
        ("assign", {"to": "Ana"}, {"to": ""}),
        ("judge", {"right": True, "reason": ""}, {"right": False}),
    ],
)
def test_who_says_the_same_again_changes_nothing(
    service: Service, deed: str, body: dict[str, Any], other: dict[str, Any]
) -> None:
    alert = raised(service)
    with service.http() as http:
        first, again, changed = (
            http.post(f"/api/v1/alerts/{alert}/{deed}", json={"by": "Kim", **one}).json() for one in (body, body, other)
        )
    assert again == first
    assert [event["seq"] for event in deeds(service)] == [first["seq"], changed["seq"]]


def test_who_is_signed_in_by_name_signs_with_it(start_service: StartService) -> None:
    service = start_service(tokens=(NamedToken(name="Kim Osei", role="supervisor", token=TOKEN),))
    header = {"Authorization": f"Bearer {TOKEN}"}
    alert = raised(service, additional_headers=header)
    with service.http(headers=header) as http, service.websocket(additional_headers=header) as websocket:
        answer = http.post(f"/api/v1/alerts/{alert}/acknowledge", json={"by": "The CEO"}).json()
        note = http.post("/api/v1/calls/c1/notes", json={"time": 1.0, "text": "here", "by": "The CEO"}).json()
        receive(websocket)
        websocket.send(json.dumps({"type": "judge", "id": alert, "right": False, "by": "The CEO"}))
        judged = receive_until(websocket, of_type("alert_judged"))[-1]
    assert [answer["by"], note["by"], judged["by"]] == ["Kim Osei"] * 3


def test_without_a_name_nobody_does_anything(service: Service) -> None:
    answer = service.http().post(f"/api/v1/alerts/{raised(service)}/acknowledge", json={})
    assert (answer.status_code, answer.json()["error"]["message"].startswith("by: say who")) == (422, True)


def test_one_client_does_so_much_in_a_minute_and_no_more(start_service: StartService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.server.acting.DEEDS", 3)
    monkeypatch.setattr("monitor.server.acting.WITHIN", 3_600.0)
    service = start_service()
    alert = raised(service)
    with service.http() as http, service.websocket() as websocket:
        answers = [http.post(f"/api/v1/alerts/{alert}/acknowledge", json={"by": f"The CEO {number}"}) for number in range(5)]
        receive(websocket)
        websocket.send(json.dumps({"type": "acknowledge", "id": alert, "by": "The CEO"}))
        refused = receive_until(websocket, of_type("error"))[-1]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert (answers[-1].json()["error"]["code"], int(answers[-1].headers["retry-after"]) > 0) == ("too_many", True)
    assert refused["code"] == "too_many"
    assert len(deeds(service)) == 3


@pytest.mark.parametrize(
    ("said", "event", "keys"),
    [
        ({"type": "assign", "to": "Ana"}, "alert_assigned", {"to": "Ana"}),
        ({"type": "snooze", "seconds": 60, "reason": "busy"}, "alert_snoozed", {"reason": "busy"}),
        ({"type": "judge", "right": False, "reason": "a joke"}, "alert_judged", {"right": False, "reason": "a joke"}),
    ],
)
def test_what_one_client_does_is_told_to_everybody(
    service: Service, said: dict[str, Any], event: str, keys: dict[str, Any]
) -> None:
    alert = raised(service)
    with service.websocket() as one, service.websocket() as other:
        receive(one)
        one.send(json.dumps({**said, "id": alert, "by": "Kim"}))
        told = receive_until(other, of_type(event))[-1]
    assert {key: told[key] for key in ("id", "by", *keys)} == {"id": alert, "by": "Kim", **keys}


def test_an_alert_of_a_call_that_is_over_is_judged_after_a_restart_too(tmp_path: Path) -> None:
    first = Service(tmp_path)
    alert = judgeable(first)
    assert first.http().post(f"/api/v1/alerts/{alert}/judge", json={"by": "Kim", "right": True}).status_code == 200
    first.stop()
    second = Service(tmp_path)
    with second.http() as http:
        again = http.post(f"/api/v1/alerts/{alert}/judge", json={"by": "Kim", "right": True}).json()
        other = http.post(f"/api/v1/alerts/{alert}/judge", json={"by": "Ana", "right": False, "reason": "a joke"}).json()
    said = deeds(second)
    second.stop()
    assert [(event["by"], event["right"]) for event in said] == [("Kim", True), ("Ana", False)]
    assert (again["seq"], other["call"], other["leg"]) == (said[0]["seq"], "c1", "customer")


@pytest.mark.parametrize("alert", ["c1:none:customer:1", "gone:r:customer:1", "no-such-alert", "..:x"])
def test_an_alert_that_there_never_was_is_not_judged(service: Service, alert: str) -> None:
    service.finished_call("c1", ANGRY)
    answer = service.http().post(f"/api/v1/alerts/{alert}/judge", json={"by": "Kim", "right": True})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_judging_is_written_to_the_audit_without_the_reason(service: Service) -> None:
    alert = judgeable(service)
    service.http().post(f"/api/v1/alerts/{alert}/judge", json={"by": "Kim", "right": True, "reason": "he shouts"})
    (line,) = (service.settings.store.path / "audit.jsonl").read_text().splitlines()
    assert (json.loads(line)["action"], json.loads(line)["alert"], "shouts" in line) == ("judge", alert, False)


def test_notes_are_written_listed_and_taken_back(service: Service) -> None:
    service.finished_call("c1", ANGRY)
    with service.http() as http:
        body = {"time": 2.0, "end": 5.0, "leg": "customer", "text": "it turns", "label": "churn", "by": "Kim"}
        first = http.post("/api/v1/calls/c1/notes", json=body)
        second = http.post("/api/v1/calls/c1/notes", json={"time": 3.0, "text": "see here", "by": "Ana"}).json()
        both = http.get("/api/v1/calls/c1/notes").json()["notes"]
        http.delete(f"/api/v1/calls/c1/notes/{second['id']}").raise_for_status()
        (left,) = http.get("/api/v1/calls/c1/notes").json()["notes"]
    assert (first.status_code, first.json()["type"]) == (201, "note_written")
    assert [note["text"] for note in both] == ["it turns", "see here"]
    assert {key: left[key] for key in body} == body


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"time": 900.0, "text": "x"}, 422, "call c1 has 12 s"),
        ({"time": 1.0, "end": 900.0, "text": "x"}, 422, "nothing can be written about 900 s"),
        ({"time": 3.0, "end": 2.0, "text": "x"}, 422, "end (2) must be above time (3)"),
        ({"time": 1.0, "leg": "mixed", "text": "x"}, 404, "has no leg mixed"),
        ({"time": 1.0, "text": ""}, 422, "text"),
        ({"time": 1.0, "text": "x" * 2_001}, 422, "text"),
        ({"time": 1.0, "text": "x", "label": "a,b\n"}, 422, "label"),
    ],
)
def test_a_note_that_makes_no_sense_is_refused(service: Service, body: dict[str, Any], status: int, said: str) -> None:
    service.finished_call("c1", ANGRY)
    answer = service.http().post("/api/v1/calls/c1/notes", json={"by": "Kim", **body})
    assert (answer.status_code, said in answer.json()["error"]["message"]) == (status, True), answer.text
    assert deeds(service) == []


def test_notes_of_no_call_and_no_notes_of_a_call_are_not_found(service: Service) -> None:
    service.finished_call("c1", ANGRY)
    with service.http() as http:
        answers = [http.get("/api/v1/calls/none/notes"), http.delete("/api/v1/calls/c1/notes/none")]
    assert [answer.status_code for answer in answers] == [404, 404]


def test_what_people_said_is_erased_with_the_call(service: Service) -> None:
    alert = judgeable(service)
    with service.http() as http:
        http.post(f"/api/v1/alerts/{alert}/judge", json={"by": "Kim", "right": True}).raise_for_status()
        http.post("/api/v1/calls/c1/notes", json={"time": 1.0, "text": "his name is X", "by": "Kim"}).raise_for_status()
        http.delete("/api/v1/calls/c1/data").raise_for_status()
        gone = [
            http.get("/api/v1/calls/c1/notes"),
            http.post(f"/api/v1/alerts/{alert}/judge", json={"by": "Kim", "right": True}),
        ]
    assert deeds(service) == []
    assert [answer.status_code for answer in gone] == [404, 404]


def test_what_is_said_of_a_call_while_it_is_erased_is_not_kept(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    service.finished_call("c1", ANGRY)
    append = service.monitor.journal.append

    def append_and_erase(event: Event) -> dict[str, Any]:
        message = append(event)
        service.monitor.store.delete("c1")
        append(event)  # of one who found the call before that, and writes after it
        return message

    monkeypatch.setattr(service.monitor.journal, "append", append_and_erase)
    with pytest.raises(NotFoundError):
        service.monitor.handling.write_note("c1", "Kim", "late", 1.0)
    assert {event["type"] for event in service.monitor.journal.read(0)} == {"erased"}


def test_a_replay_never_says_again_what_people_said(service: Service) -> None:
    alert = judgeable(service)
    with service.http() as http:
        http.post(f"/api/v1/alerts/{alert}/judge", json={"by": "Kim", "right": True}).raise_for_status()
        http.post("/api/v1/calls/c1/notes", json={"time": 1.0, "text": "x", "by": "Kim"}).raise_for_status()
        service.all_told()
        with service.websocket() as websocket:
            receive(websocket)
            http.post("/api/v1/calls/c1/replay", json={"speed": 0}).raise_for_status()
            replayed = receive_until(websocket, of_type("replay_ended"))
    assert PEOPLE_SAY & {message["type"] for message in replayed} == set()
    assert alert in {message.get("id") for message in replayed}


def test_a_client_that_comes_later_hears_what_people_did(service: Service) -> None:
    alert = raised(service)
    service.http().post(f"/api/v1/alerts/{alert}/assign", json={"by": "Kim", "to": "Ana"}).raise_for_status()
    service.all_told()
    with service.websocket() as websocket:
        present = receive(websocket)["present"]
    assert [(event["id"], event["to"]) for event in present if event["type"] == "alert_assigned"] == [(alert, "Ana")]


def test_while_the_journal_hangs_the_next_deed_is_refused_and_nothing_waits_for_ever(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.pipeline.handling.PATIENCE", 0.05)
    alert = judgeable(service)
    journal, hanging, thawed = service.monitor.journal, threading.Event(), threading.Event()
    append = journal.append

    def frozen(event: Event) -> dict[str, Any]:
        hanging.set()
        thawed.wait(PATIENCE)
        return append(event)

    monkeypatch.setattr(journal, "append", frozen)
    first = threading.Thread(target=service.monitor.handling.judge, args=(alert, "Kim", True))
    first.start()
    assert hanging.wait(PATIENCE)
    answer = service.http().post(f"/api/v1/alerts/{alert}/judge", json={"by": "Ana", "right": True})
    thawed.set()
    first.join(PATIENCE)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "busy")
    assert [event["by"] for event in deeds(service)] == ["Kim"]
