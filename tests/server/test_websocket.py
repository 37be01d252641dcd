"""What a websocket client can rely on: nothing missed, nothing twice, and clear words where it is wrong."""

import json
from types import SimpleNamespace

import pytest
from fastapi import WebSocket
from websockets.exceptions import ConnectionClosed

from monitor.events import HearingChanged
from monitor.messages import EVENT_TYPES, Message
from monitor.server import websocket as websocket_route
from monitor.server.replays import MAX_OF_ONE, MAX_REPLAYS, Replay, Replays
from monitor.server.websocket import MAX_INBOUND
from monitor.store.zarr.journal import FileJournal
from tests.server.events import record
from tests.server.service import CALM, LOUD, PATIENCE, Service, of_type, receive, receive_until


def test_the_first_message_says_where_the_journal_stands(service: Service) -> None:
    record(service.monitor.journal, 3)
    with service.websocket() as websocket:
        hello = receive(websocket)
    assert (hello["type"], hello["seq"], hello["present"]) == ("hello", service.monitor.journal.last, [])


def test_a_client_hears_what_happens_after_it_came(service: Service) -> None:
    record(service.monitor.journal, 3)
    with service.websocket() as websocket:
        hello = receive(websocket)
        record(service.monitor.journal, 2)
        heard = [receive(websocket)["seq"], receive(websocket)["seq"]]
    assert heard == [hello["seq"] + 1, hello["seq"] + 2]


def test_a_client_hears_what_another_process_appends_to_the_same_store(service: Service) -> None:
    with service.websocket() as websocket:
        hello = receive(websocket)
        record(FileJournal(service.monitor.store.layout.journal, fsync=False), 2)
        heard = [receive(websocket)["seq"], receive(websocket)["seq"]]
    assert heard == [hello["seq"] + 1, hello["seq"] + 2]


def test_a_client_that_comes_back_with_since_misses_nothing(service: Service) -> None:
    record(service.monitor.journal, 10)
    with service.websocket("since=4") as websocket:
        receive(websocket)
        heard = [receive(websocket)["seq"] for _ in range(6)]
        record(service.monitor.journal, 1)
        heard.append(receive(websocket)["seq"])
    assert heard == [5, 6, 7, 8, 9, 10, 11]


def test_a_client_that_comes_during_a_call_is_told_the_present(service: Service) -> None:
    with service.websocket("type=alert") as early:
        service.call({"customer": [CALM] * 4 + [LOUD] * 8, "agent": [0.0] * 12}, "c1")
        alert = receive_until(early, of_type("alert"))[-1]
    with service.websocket() as websocket:
        present = receive(websocket)["present"]
    assert [message["type"] for message in present][:2] == ["call_started", "state"]
    assert alert["id"] in [message["id"] for message in present if message["type"] == "alert"]


def test_a_client_that_comes_is_told_which_legs_are_not_heard_at_present(service: Service) -> None:
    service.call({"customer": [CALM], "agent": [CALM]}, "c1")
    with service.websocket("type=hearing") as early:
        for leg, heard in (("customer", False), ("agent", False), ("agent", True)):
            service.monitor.journal.append(HearingChanged(call="c1", leg=leg, heard=heard, detail="encrypted"))
        receive_until(early, lambda message: message.get("heard") is True)
    with service.websocket("type=hearing") as websocket:
        assert [message["leg"] for message in receive(websocket)["present"]] == ["customer"]


def test_the_present_is_told_as_far_as_it_is_wanted(service: Service) -> None:
    service.call({"customer": [CALM]}, "a")
    service.call({"customer": [CALM]}, "b")
    with service.websocket("call=b&type=call_started") as websocket:
        assert [message["call"] for message in receive(websocket)["present"]] == ["b"]


def test_a_call_that_is_over_is_not_of_the_present(service: Service) -> None:
    service.finished_call("c1", {"customer": [CALM] * 2})
    with service.websocket() as websocket:
        assert receive(websocket)["present"] == []


def test_only_the_wanted_call_is_heard(service: Service) -> None:
    with service.websocket("call=b&call=c") as websocket:
        record(service.monitor.journal, 2, call="a")
        record(service.monitor.journal, 1, call="b")
        record(service.monitor.journal, 1, call="c")
        heard = [message["call"] for message in receive_until(websocket, lambda message: message.get("call") == "c")[1:]]
    assert heard == ["b", "c"]


def test_only_the_wanted_types_are_heard(service: Service) -> None:
    with service.websocket("type=call_started&type=call_ended") as websocket:
        service.finished_call("c1", {"customer": [CALM] * 4})
        heard = [message["type"] for message in receive_until(websocket, of_type("call_ended"))]
    assert heard == ["hello", "call_started", "call_ended"]


def test_live_frames_come_to_those_who_ask(service: Service) -> None:
    with service.websocket("frames=1") as websocket, service.websocket() as other:
        receive(websocket)
        service.finished_call("c1", {"customer": [CALM] * 4})
        frames = receive_until(websocket, of_type("frames"))[-1]
        others = receive_until(other, of_type("call_ended"))
    assert (frames["call"], frames["leg"], frames["rate"]) == ("c1", "customer", 10)
    assert "frames" not in {message["type"] for message in others}


def test_whoever_has_been_told_hello_has_live_frames_from_then_on(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    say, made = websocket_route._say, []

    async def noted(websocket: WebSocket, *messages: Message) -> None:
        made.append((messages[0].type, service.monitor.attention.frames_of("c1")))
        await say(websocket, *messages)

    monkeypatch.setattr(websocket_route, "_say", noted)
    with service.websocket("frames=1") as websocket:
        receive(websocket)
    assert made[0] == ("hello", True)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("since=yesterday", "since must be a whole number"),
        ("since=-1", "since must be a whole number"),
        ("since=%F0%9D%9F%9A", "since must be a whole number"),
        ("since=1&since=2", "since is given 2 times"),
        ("type=anger", "no event type 'anger'"),
        ("call=../../etc/passwd", "not a call id"),
        ("frames=perhaps", "frames must be 0 or 1"),
        ("colour=red", "unknown parameter 'colour'"),
    ],
)
def test_a_wrong_parameter_is_named_before_the_connection_ends(shared: Service, query: str, reason: str) -> None:
    with shared.websocket(query) as websocket:
        error = receive(websocket)
        with pytest.raises(ConnectionClosed) as closed:
            websocket.recv(PATIENCE)
    assert (error["type"], error["code"]) == ("error", "config")
    assert reason in error["message"]
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008


def test_since_beyond_the_journal_is_refused_with_the_reason(service: Service) -> None:
    record(service.monitor.journal, 2)
    with service.websocket("since=3") as websocket:
        error = receive(websocket)
    assert error["code"] == "unknown_since"
    assert "ends at 2" in error["message"]


def test_a_client_may_have_seen_what_the_hub_has_not_been_told_yet(service: Service) -> None:
    record(FileJournal(service.monitor.store.layout.journal, fsync=False), 2)
    with service.websocket("since=2") as websocket:
        assert receive(websocket)["type"] == "hello"
        record(service.monitor.journal, 1)
        assert receive(websocket)["seq"] == 3


@pytest.mark.parametrize(
    "text",
    ["", "not json", "[]", "null", "{}", '{"type": 7}', '{"type": "ping", "more": 1}', '{"type": "acknowledge"}', "[" * 9000],
)
def test_a_malformed_message_is_answered_and_the_connection_goes_on(shared: Service, text: str) -> None:
    with shared.websocket() as websocket:
        receive(websocket)
        websocket.send(text)
        error = receive(websocket)
        websocket.send('{"type": "ping"}')
        pong = receive(websocket)
    assert (error["type"], error["code"], pong["type"]) == ("error", "config", "pong")


def test_a_binary_message_is_answered_as_malformed(shared: Service) -> None:
    with shared.websocket() as websocket:
        receive(websocket)
        websocket.send(b"\x00\xff")
        assert "binary" in receive(websocket)["message"]


def test_a_client_that_only_says_nonsense_is_shown_the_door(shared: Service) -> None:
    with shared.websocket() as websocket:
        for _ in range(5):
            websocket.send("nonsense")
        with pytest.raises(ConnectionClosed) as closed:
            receive_until(websocket, of_type("never"))
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008


def test_a_message_that_is_too_large_ends_the_connection(shared: Service) -> None:
    with shared.websocket() as websocket:
        receive(websocket)
        websocket.send("x" * (MAX_INBOUND + 1))
        with pytest.raises(ConnectionClosed) as closed:
            receive_until(websocket, of_type("never"))
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


def test_an_acknowledged_alert_is_told_to_everybody(service: Service) -> None:
    with service.websocket() as one, service.websocket() as other:
        service.call({"customer": [CALM] * 4 + [LOUD] * 8, "agent": [0.0] * 12}, "c1", rest={"customer": LOUD})
        alert = receive_until(one, of_type("alert"))[-1]
        one.send(json.dumps({"type": "acknowledge", "id": alert["id"], "by": "R. Mendes", "note": "calling back"}))
        told = receive_until(other, of_type("alert_acknowledged"))[-1]
    assert (told["id"], told["by"], told["note"]) == (alert["id"], "R. Mendes", "calling back")


def test_acknowledging_an_alert_that_there_is_not_is_answered(shared: Service) -> None:
    with shared.websocket() as websocket:
        receive(websocket)
        websocket.send('{"type": "acknowledge", "id": "no-such-alert", "by": "R. Mendes"}')
        error = receive(websocket)
    assert (error["type"], error["code"]) == ("error", "not_found")


def test_a_replay_says_again_what_was_said_live_and_leaves_since_alone(service: Service) -> None:
    service.finished_call("c1", {"customer": [CALM] * 4 + [LOUD] * 6, "agent": [0.0] * 10})
    live = service.http().get("/api/v1/calls/c1/events").json()["events"]
    with service.websocket() as websocket:
        hello = receive(websocket)
        answer = service.http().post("/api/v1/calls/c1/replay", json={"speed": 0}).json()
        *replayed, ended = receive_until(websocket, of_type("replay_ended"))
    assert [_said(message) for message in replayed] == [_said(message) for message in live]
    assert {message["replay"] for message in [*replayed, ended]} == {answer["replay"]}
    assert [message for message in replayed if "seq" in message] == []
    assert service.monitor.journal.last == hello["seq"]


def test_a_client_may_leave_replays_out(service: Service) -> None:
    service.finished_call("c1", {"customer": [CALM] * 4})
    with service.websocket("replay=0") as websocket, service.websocket() as other:
        receive(websocket)
        service.http().post("/api/v1/calls/c1/replay", json={"speed": 0}).raise_for_status()
        receive_until(other, of_type("replay_ended"))
        websocket.send('{"type": "ping"}')
        assert receive(websocket)["type"] == "pong"


def test_a_slow_replay_can_be_stopped(service: Service) -> None:
    service.finished_call("c1", {"customer": [CALM] * 30})
    with service.websocket() as websocket:
        replay = service.http().post("/api/v1/calls/c1/replay", json={"speed": 1}).json()["replay"]
        assert [item["replay"] for item in service.http().get("/api/v1/replays").json()["replays"]] == [replay]
        service.http().delete(f"/api/v1/replays/{replay}").raise_for_status()
        ended = receive_until(websocket, of_type("replay_ended"))[-1]
    assert (ended["replay"], ended["reason"]) == (replay, "stopped")


def test_slow_replays_of_one_client_end_his_own_and_no_others() -> None:
    hub, stored = SimpleNamespace(publish=lambda _: None), SimpleNamespace()
    replays = Replays(SimpleNamespace(open=lambda _: stored), hub)  # type: ignore[arg-type]

    class Endless(Replay):
        """Goes on until it is stopped, as one that is slow."""

        def start(self) -> None:
            pass

        def stop(self) -> None:
            super().stop()
            self.over.set()

    stored.status, stored.record = "interrupted", SimpleNamespace(id="c1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("monitor.server.replays.Replay", Endless)
        other = replays.start("c1", 0.1, "Li Na")
        greedy = [replays.start("c1", 0.1, "at 192.0.2.1") for _ in range(10)]
        assert replays.all() == [other, *greedy[-MAX_OF_ONE:]]
        crowd = [replays.start("c1", 0.1, f"at 198.51.100.{number}") for number in range(MAX_REPLAYS - 2)]
        assert replays.all() == [other, greedy[-1], *crowd], "whoever has most gives way first"


def test_the_fifth_replay_of_a_client_ends_his_first(service: Service) -> None:
    service.finished_call("c1", {"customer": [CALM] * 30})
    with service.websocket() as websocket:
        ids = [
            service.http().post("/api/v1/calls/c1/replay", json={"speed": 0.1}).raise_for_status().json()["replay"]
            for _ in range(MAX_OF_ONE + 1)
        ]
        ended = receive_until(websocket, of_type("replay_ended"))[-1]
        assert (ended["replay"], ended["reason"]) == (ids[0], "stopped")


def test_event_types_are_those_of_the_journal() -> None:
    assert {"call_started", "call_ended", "alert", "state", "change_point"} < EVENT_TYPES


def _said(message: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in message.items() if key not in ("seq", "recorded_at", "replay")}
