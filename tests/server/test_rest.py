"""The REST interface: what it answers, and that it answers every wrong request with one clear line."""

import math
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from safetensors.numpy import load

from monitor.config.sections import AnalysisSection, ServerSection, Settings, StaticSource
from monitor.conformance.stored_calls import assert_same_frames
from monitor.frame_format import LegFormat
from monitor.learned.file import write_content
from monitor.pipeline.call import LiveCall
from monitor.server.status import get_config
from monitor.store.frames_file import unpack
from tests.learned.test_template import template
from tests.pipeline.level_engine import LevelEngine
from tests.server.conftest import StartService
from tests.server.service import CALM, LOUD, PATIENCE, TOKEN, Service, of_type, receive_until, wait_until

SHARED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
HARMFUL_IDS = ["..", "%2e%2e", "..%2f..%2fetc%2fpasswd", "a%2fb", "%00", "-x", "a" * 200, "%F0%9F%98%80", "a b", "c1%0a"]


def test_live_and_stored_calls_are_listed_newest_first(service: Service) -> None:
    service.finished_call("old", {"customer": [CALM]})
    service.call({"customer": [CALM] * 2, "agent": [CALM] * 2}, "new", metadata={"queue": "billing"})
    answer = service.http().get("/api/v1/calls").json()
    assert [(call["call"], call["status"]) for call in answer["calls"]] == [("new", "live"), ("old", "complete")]
    assert answer["total"] == 2
    assert answer["calls"][0]["metadata"] == {"queue": "billing"}


def test_calls_are_listed_by_state_and_page(service: Service) -> None:
    service.finished_call("a", {"customer": [CALM]})
    service.finished_call("b", {"customer": [CALM]})
    service.call({"customer": [CALM]}, "c")
    answer = service.http().get("/api/v1/calls?status=complete&limit=1&offset=1").json()
    assert ([call["call"] for call in answer["calls"]], answer["total"]) == (["a"], 2)


def test_a_live_call_shows_the_state_of_its_legs(service: Service) -> None:
    with service.websocket("type=state") as websocket:
        service.call({"customer": [CALM] * 4, "agent": [CALM] * 4}, "c1")
        receive_until(websocket, lambda message: message["type"] == "state" and message["leg"] == "customer")
    call = service.http().get("/api/v1/calls/c1").json()
    assert (call["status"], call["engine"]["name"], call["inferred"]) == ("live", "level", ["customer", "agent"])
    assert call["state"]["customer"]["emotion"] == "neutral"
    assert call["reports"]["agent"]["codec"] == "pcm"


def test_a_stored_call_shows_why_it_ended_and_what_became_of_its_legs(service: Service) -> None:
    service.finished_call("c1", {"customer": [CALM] * 2})
    call = service.http().get("/api/v1/calls/c1").json()
    assert (call["status"], call["reason"], call["seconds"]) == ("complete", "finished", 2.0)
    assert call["reports"]["customer"]["frames"] == 100


def test_ending_a_call_stores_it_and_erases_nothing(service: Service) -> None:
    call = service.call({"customer": [CALM] * 2}, "c1")
    assert service.http().delete("/api/v1/calls/c1").status_code == 202
    assert call.wait(30)
    assert service.http().get("/api/v1/calls/c1").json()["status"] == "complete"


def test_ending_a_call_that_is_over_says_how_to_erase_it(service: Service) -> None:
    service.finished_call("c1", {"customer": [CALM]})
    answer = service.http().delete("/api/v1/calls/c1")
    assert answer.status_code == 404
    assert "DELETE /api/v1/calls/c1/data" in answer.json()["error"]["message"]
    assert service.http().get("/api/v1/calls/c1").status_code == 200


def test_a_live_call_is_not_erased(service: Service) -> None:
    service.call({"customer": [CALM]}, "c1")
    answer = service.http().delete("/api/v1/calls/c1/data")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "config")
    assert "end it first" in answer.json()["error"]["message"]


def test_an_erased_call_leaves_no_trace(service: Service) -> None:
    service.finished_call("c1", {"customer": [CALM]})
    answer = service.http().delete("/api/v1/calls/c1/data").json()
    assert answer == {"call": "c1", "remains": {"templates": [], "heads": [], "in_use": [], "calls": [], "unread": []}}
    with service.http() as http:
        paths = ["", "/events", "/frames?leg=customer"]
        assert {http.get(f"/api/v1/calls/c1{path}").status_code for path in paths} == {404}
        assert http.delete("/api/v1/calls/c1/data").status_code == 404
        assert http.get("/api/v1/calls").json()["total"] == 0


def test_erasing_a_call_names_what_still_holds_something_of_it(start_service: StartService, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    write_content(tmp_path / "kept" / "threat.safetensors", template([[1.0, 0.0]]).content)  # learnt from call-1
    service = start_service(analysis=AnalysisSection(templates=tmp_path / "kept"))
    service.finished_call("call-1", {"customer": [CALM]})
    remains = service.http().delete("/api/v1/calls/call-1/data").json()["remains"]
    assert remains["templates"] == [str(tmp_path / "kept" / "threat.safetensors")]


def test_the_events_of_a_call_come_page_by_page(service: Service) -> None:
    service.finished_call("other", {"customer": [CALM]})
    service.finished_call("c1", {"customer": [CALM] * 4})
    with service.http() as http:
        first = http.get("/api/v1/calls/c1/events?limit=1").json()["events"]
        rest = http.get(f"/api/v1/calls/c1/events?since={first[0]['seq']}").json()["events"]
        ended = http.get("/api/v1/calls/c1/events?type=call_ended").json()["events"]
    assert [event["type"] for event in first] == ["call_started"]
    assert [event["type"] for event in rest] == ["state", "call_ended"]
    assert ended == rest[-1:]


def test_frames_are_thinned_to_the_rate_asked_for(service: Service) -> None:
    service.finished_call("c1", {"customer": [CALM] * 2 + [LOUD] * 2})
    answer = service.http().get("/api/v1/calls/c1/frames?leg=customer&from=1&to=3&rate=2").json()
    assert (answer["time"], answer["rate"], answer["seconds"]) == (1.0, 2, 4.0)
    assert [round(value) for value in answer["posterior"]["angry"]] == [0, 0, 1, 1]
    assert [len(answer[key]) for key in ("speech", "valence", "arousal", "marks")] == [4, 4, 4, 4]


def test_frames_at_every_rate_have_the_same_mean(service: Service) -> None:
    service.finished_call("c1", {"customer": [CALM] * 2 + [LOUD] * 2})
    with service.http() as http:
        answers = [http.get(f"/api/v1/calls/c1/frames?leg=customer&rate={rate}").json() for rate in (50, 25, 10, 5, 2, 1)]
    means = [sum(answer["posterior"]["angry"]) / len(answer["posterior"]["angry"]) for answer in answers]
    assert means == pytest.approx([means[0]] * 6, abs=1e-3)


def test_levels_at_every_rate_have_the_same_power(service: Service) -> None:
    service.finished_call("c1", {"customer": [CALM] * 2 + [LOUD] * 2})
    with service.http() as http:
        levels = [
            http.get(f"/api/v1/calls/c1/frames?leg=customer&rate={rate}").json()["level"] for rate in (50, 25, 10, 5, 2, 1)
        ]
    powers = [sum(10 ** (level / 10) for level in some) / len(some) for some in levels]
    assert [len(some) for some in levels] == [200, 100, 40, 20, 8, 4]
    assert powers == pytest.approx([powers[0]] * 6, rel=0.02)
    assert levels[-1] == pytest.approx([20 * math.log10(level / math.sqrt(3)) for level in (CALM, CALM, LOUD, LOUD)], abs=0.3)


def test_frames_of_a_leg_that_is_not_there_are_not_found(service: Service) -> None:
    service.finished_call("c1", {"customer": [CALM]})
    answer = service.http().get("/api/v1/calls/c1/frames?leg=agent")
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "call c1 has no leg agent; it has customer"


@pytest.mark.parametrize("path", ["", "/events", "/frames?leg=customer"])
@pytest.mark.parametrize("call", HARMFUL_IDS)
def test_an_id_cannot_leave_the_store(shared: Service, call: str, path: str) -> None:
    answer = shared.http().get(f"/api/v1/calls/{call}{path}")
    assert answer.status_code in (404, 422)
    assert set(answer.json()) == {"error"}


@given(query=st.dictionaries(st.sampled_from(["leg", "from", "to", "rate", "x"]), st.text(max_size=12)))
@SHARED
def test_frames_answer_any_query_without_a_defect(shared: Service, query: dict[str, str]) -> None:
    answer = shared.http().get("/api/v1/calls/stored/frames", params={"leg": "customer", **query})
    assert answer.status_code in (200, 404, 422)


@given(begin=st.floats(-1, 20), end=st.floats(-1, 20), rate=st.sampled_from([50, 25, 10, 5, 2, 1]))
@SHARED
def test_frames_answer_any_stretch_with_lists_of_one_length(shared: Service, begin: float, end: float, rate: int) -> None:
    query = {"leg": "customer", "from": begin, "to": end, "rate": rate}
    answer = shared.http().get("/api/v1/calls/stored/frames", params=query)
    body = answer.json()
    assert answer.status_code == (200 if 0 <= begin <= end else 422)
    assert len({len(body[key]) for key in ("speech", "valence", "arousal", "level", "marks") if key in body}) <= 1


@given(query=st.dictionaries(st.sampled_from(["status", "limit", "offset", "since", "type"]), st.text(max_size=12)))
@SHARED
def test_lists_answer_any_query_without_a_defect(shared: Service, query: dict[str, str]) -> None:
    with shared.http() as http:
        statuses = {http.get(path, params=query).status_code for path in ("/api/v1/calls", "/api/v1/calls/stored/events")}
    assert statuses <= {200, 422}


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"", "request"),
        (b"{", "request"),
        (b"[]", "request"),
        (b"{}", "describe the call"),
        (b'{"legs": {"caller": {}}}', "legs.caller"),
        (b'{"legs": {"customer": {"payload_type": 128}}}', "legs.customer.payload_type"),
        (b'{"legs": {"customer": {}}, "more": 1}', "more"),
        (b'{"legs": {"customer": {}}, "metadata": {"x": NaN}}', "metadata"),
        (b'{"legs": {"customer": {}}, "metadata": {"x": "\\ud800"}}', "metadata"),
        (b'{"sdp": "/etc/passwd"}', "sdp"),
        (b'{"legs": {"customer": {}}, "metadata": ' + b'{"x":' * 3000 + b"1" + b"}" * 3001, "request"),
    ],
)
def test_a_wrong_request_for_a_call_is_answered_by_what_is_wrong(shared: Service, body: bytes, where: str) -> None:
    answer = shared.http().post("/api/v1/calls", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert where in answer.json()["error"]["message"] + answer.json()["error"]["code"]


def test_a_body_that_is_too_large_is_refused(shared: Service) -> None:
    assert shared.http().post("/api/v1/calls", content=b"x" * 300_000).status_code == 413


@pytest.mark.parametrize("speed", ["-1", "0.001", "1e9", "NaN", '"fast"', "null"])
def test_a_replay_at_an_impossible_speed_is_refused(shared: Service, speed: str) -> None:
    headers = {"Content-Type": "application/json"}
    answer = shared.http().post("/api/v1/calls/stored/replay", content=f'{{"speed": {speed}}}', headers=headers)
    assert answer.status_code == 422
    assert "speed" in answer.json()["error"]["message"]


def test_a_live_call_is_not_replayed(service: Service) -> None:
    service.call({"customer": [CALM]}, "c1")
    answer = service.http().post("/api/v1/calls/c1/replay")
    assert (answer.status_code, "in progress" in answer.json()["error"]["message"]) == (422, True)


def test_an_open_alert_is_listed_and_acknowledged(service: Service) -> None:
    with service.websocket("type=alert") as websocket:
        service.call({"customer": [CALM] * 4 + [LOUD] * 60, "agent": [0.0] * 10}, "c1", rest={"customer": LOUD})
        alert = receive_until(websocket, of_type("alert"))[-1]
    with service.http() as http:
        answer = http.post(f"/api/v1/alerts/{alert['id']}/acknowledge", json={"by": "R. Mendes"})
        listed = http.get("/api/v1/alerts").json()["alerts"]
    assert (answer.status_code, answer.json()["type"], answer.json()["by"]) == (200, "alert_acknowledged", "R. Mendes")
    assert [item["acknowledged_by"] for item in listed if item["id"] == alert["id"]] == ["R. Mendes"]


def test_an_acknowledgement_is_of_the_moment_at_which_it_came(service: Service) -> None:
    call = service.call({"customer": [CALM] * 4 + [LOUD] * 60, "agent": [0.0] * 10}, "c1", rest={"customer": LOUD})
    wait_until(lambda: call.seconds >= 60)
    service.all_told()
    raised = next(item for item in service.http().get("/api/v1/alerts").json()["alerts"] if item["rule"] == "customer-angry")
    answer = service.http().post(f"/api/v1/alerts/{raised['id']}/acknowledge", json={"by": "R. Mendes"}).json()
    assert (answer["time"], answer["at"] >= 60) == (raised["time"], True)


def test_an_alert_that_there_is_not_is_not_acknowledged(shared: Service) -> None:
    answer = shared.http().post("/api/v1/alerts/no-such-alert/acknowledge", json={"by": "R. Mendes"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_the_status_tells_engine_load_and_clients(shared: Service) -> None:
    with shared.websocket() as websocket:
        receive_until(websocket, of_type("hello"))
        status = shared.http().get("/api/v1/status").json()
    assert status["engine"].keys() == {"name", "model", "version", "licence", "device", "precision"}
    assert (status["engine"]["name"], status["calls"], status["websocket"]["clients"] >= 1) == ("level", 0, True)


def test_secrets_are_masked_in_the_settings() -> None:
    source = StaticSource(kind="rtp", options={"password": "hunter2", "legs": [{"api_key": "hunter3"}], "port": 5004})
    shown = get_config(Settings(server=ServerSection(token=TOKEN), sources=(source,)))
    assert re.search(f"hunter|{TOKEN}", str(shown)) is None
    assert shown["sources"][0]["options"]["port"] == 5004


def test_the_program_is_ready_until_it_stops_taking_calls(service: Service) -> None:
    assert service.http().get("/health/ready").status_code == 200
    service.monitor.close()
    answer = service.http().get("/health/ready")
    assert (answer.status_code, answer.json()["checks"]["accepting"]) == (503, False)
    assert service.http().get("/health/live").status_code == 200


def test_the_program_is_not_ready_while_its_engine_fails(start_service: StartService) -> None:
    service = start_service()
    engine = service.monitor.inference.engine
    assert isinstance(engine, LevelEngine)
    engine.memory = 0
    service.finished_call("c1", {"customer": [CALM] * 20})
    answer = service.http().get("/health/ready")
    assert (answer.status_code, answer.json()["checks"]["engine"]) == (503, False)


def test_the_program_is_not_ready_once_a_defect_has_stopped_the_hearing_of_calls_and_says_where(
    start_service: StartService, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = start_service()
    call = service.monitor.open_call("rtp", {"legs": {"customer": {}}}, call_id="c1")
    monkeypatch.delattr(LiveCall, "take")
    assert call.wait(PATIENCE)
    answer = service.http().get("/health/ready")
    assert (answer.status_code, answer.json()["checks"]["rounds"]) == (503, False)
    assert answer.json()["rounds_stopped"] == ["this process"]
    refused = service.http().post("/api/v1/calls", json={"legs": {"customer": {}}})
    assert (refused.status_code, "restart" in refused.json()["error"]["message"]) == (503, True)


def test_a_call_that_somebody_asks_for_or_follows_is_looked_at(service: Service) -> None:
    for name in ("asked", "followed", "neither"):
        service.call({"customer": [CALM] * 2}, name)
    service.http().get("/api/v1/calls/asked")
    with service.websocket("call=followed") as websocket:
        receive_until(websocket, of_type("hello"))
        wait_until(lambda: service.monitor.attention.on("followed"))
        assert [service.monitor.attention.on(name) for name in ("asked", "neither")] == [True, False]


def test_metrics_count_calls_frames_events_and_packets(start_service: StartService) -> None:
    service = start_service()
    service.finished_call("c1", {"customer": [CALM] * 2})
    service.call({"customer": [CALM], "agent": [CALM]}, "c2")
    text = service.http().get("/metrics").text
    values = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert values["emotion_monitor_calls_live",] == 1
    assert values["emotion_monitor_legs_live",] == 2
    assert values["emotion_monitor_frames_total",] >= 100
    assert values["emotion_monitor_events_total", "call_started"] == 2
    assert values["emotion_monitor_events_total", "call_ended"] == 1
    assert values["emotion_monitor_rtp_packets_total", "pcm", "customer"] == 100
    assert values["emotion_monitor_rtp_packets_total", "pcm", "agent"] == 50
    assert values["emotion_monitor_rtp_packets_lost_total", "pcm", "agent"] == 0
    assert values["emotion_monitor_descriptors_limit",] > values["emotion_monitor_descriptors_open",] > 0
    assert values["emotion_monitor_inference_windows_total",] > 0
    assert values["emotion_monitor_inference_hop_factor",] == 1
    assert values["emotion_monitor_frames_skipped_total", "overload"] == 0
    assert values["emotion_monitor_frames_skipped_total", "failed"] == 0
    assert values["emotion_monitor_frames_skipped_total", "store"] == 0
    assert ("emotion_monitor_inference_latency_by_urgency_seconds", "urgent") in values
    assert values["emotion_monitor_alerts_open", "critical"] == 0


def test_the_openapi_document_describes_every_route(shared: Service) -> None:
    document = shared.http().get("/api/v1/openapi.json").json()
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert "/api/v1/calls/{call}/frames" in document["paths"]
    assert [operation for operation in operations if not operation.get("summary")] == []


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics", "/api/v1/calls", "/api/v1/calls/stored", "/"])
def test_head_is_answered_as_get_without_a_body(shared: Service, path: str) -> None:
    with shared.http() as http:
        got, head = http.get(path), http.head(path)
    assert (head.status_code, head.headers["content-type"], head.content) == (200, got.headers["content-type"], b"")


def test_head_of_what_is_not_there_is_404(shared: Service) -> None:
    assert shared.http().head("/api/v1/calls/none").status_code == 404


def test_a_call_under_an_id_that_is_taken_is_a_conflict(service: Service) -> None:
    service.finished_call("c1", {"customer": [CALM]})
    answer = service.http().post("/api/v1/calls", json={"call": "c1", "legs": {"customer": {}, "agent": {}}})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "taken")
    assert "a call of this id is in the store; choose another id" in answer.json()["error"]["message"]


@pytest.mark.parametrize("body", [b'{"legs": {"customer": {},}}', b"{", b"legs=customer"])
def test_broken_json_is_said_to_be_so(shared: Service, body: bytes) -> None:
    answer = shared.http().post("/api/v1/calls", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["message"][:21]) == (422, "the body is no JSON: ")


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({}, "the body has no Content-Type: send JSON with the header Content-Type: application/json"),
        ({"Content-Type": "text/plain"}, "the body has the Content-Type 'text/plain': send JSON with the header"),
    ],
)
def test_a_body_that_is_not_said_to_be_json_is_told_the_header(shared: Service, headers: dict[str, str], said: str) -> None:
    answer = shared.http().post("/api/v1/calls", content=b'{"legs": {"customer": {}}}', headers=headers)
    assert (answer.status_code, said in answer.json()["error"]["message"]) == (422, True)


def test_a_call_to_which_no_audio_came_is_stored_as_empty(service: Service) -> None:
    with service.websocket() as websocket, service.http() as http:
        http.post("/api/v1/calls", json={"call": "c1", "legs": {"customer": {}, "agent": {}}})
        http.delete("/api/v1/calls/c1")
        receive_until(websocket, of_type("call_ended"))
        found = http.get("/api/v1/calls?status=empty").json()["calls"]
    assert [(call["call"], call["seconds"]) for call in found] == [("c1", 0.0)]


def test_frames_come_as_they_are_stored(shared: Service) -> None:
    with shared.http() as http:
        form = LegFormat(**http.get("/api/v1/calls/stored").json()["formats"]["customer"])
        answer = http.get("/api/v1/calls/stored/frames.safetensors?leg=customer&first=50&count=20")
    kept = shared.monitor.store.open("stored").read("customer", 50, 70)
    assert_same_frames(unpack(answer.content, "stored", "customer", 50, form), kept)
    assert answer.headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize(("first", "count", "there"), [(190, 100, 10), (200, 10, 0), (100_000, 10, 0), (0, 0, 0)])
def test_of_frames_come_those_that_are_there(shared: Service, first: int, count: int, there: int) -> None:
    query = f"leg=customer&first={first}&count={count}"
    answer = shared.http().get(f"/api/v1/calls/stored/frames.safetensors?{query}")
    assert len(load(answer.content)["speech"]) == there


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "leg"),
        ("leg=caller", "leg"),
        ("leg=mixed", "call stored has no leg mixed; it has"),
        ("leg=customer&first=3", "first"),
        ("leg=customer&first=-5", "first"),
        ("leg=customer&count=1501", "count"),
    ],
)
def test_frames_that_cannot_be_are_refused(shared: Service, query: str, said: str) -> None:
    answer = shared.http().get(f"/api/v1/calls/stored/frames.safetensors?{query}")
    assert answer.status_code in (404, 422)
    assert said in answer.json()["error"]["message"]
