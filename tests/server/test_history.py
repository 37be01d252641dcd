"""What came of all calls, over REST: lists with conditions, alerts as a file, and insights."""

import csv
from io import StringIO
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.config.sections import PrivacySection
from tests.server.conftest import StartService
from tests.server.service import CALM, LOUD, Service, of_type, receive_until

ANGRY = {"customer": [CALM] * 4 + [LOUD] * 8, "agent": [0.0] * 12}
FILTERS = [
    "status", "from", "to", "q", "where", "emotion", "share_min", "leg", "severity", "alerts_min", "min_seconds", "max_seconds",
    "sort", "limit", "offset", "call", "rule", "judged", "acknowledged", "by", "timezone",
]  # fmt: skip

SHARED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def get(service: Service, path: str, **query: Any) -> dict[str, Any]:
    answer = service.http().get(f"/api/v1/{path}", params=query)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def test_calls_are_listed_with_what_they_came_to(service: Service) -> None:
    service.finished_call("calm", {"customer": [CALM] * 4})
    service.finished_call("angry", ANGRY)

    found = get(service, "calls", emotion="angry", leg="customer", severity="critical", limit=1)

    (line,) = found["calls"]
    assert (line["call"], line["status"], found["total"], found["indexed"]) == ("angry", "complete", 1, True)
    assert line["alerts"]["critical"] > 0
    assert line["shares"]["customer"]["angry"] > 0.5
    assert [one["call"] for one in get(service, "calls")["calls"]] == ["angry", "calm"]


def test_a_call_in_progress_is_listed_with_its_alerts(service: Service) -> None:
    with service.websocket("type=alert") as websocket:
        service.call(ANGRY, "goes-on")
        receive_until(websocket, of_type("alert"))

    (line,) = get(service, "calls", status="live", alerts_min=1)["calls"]

    assert (line["call"], line["status"]) == ("goes-on", "live")
    assert line["seconds"] > 0


def test_the_history_of_alerts_tells_what_people_did(service: Service) -> None:
    service.finished_call("c1", ANGRY)
    alert = get(service, "alerts/history")["alerts"][0]
    with service.http() as http:
        http.post(f"/api/v1/alerts/{alert['id']}/judge", json={"by": "Kim", "right": False, "reason": "a joke"})

    found = get(service, "alerts/history", judged="wrong", call="c1")

    assert found["total"] == 1
    assert found["alerts"][0]["judged"] == [{"by": "Kim", "right": False, "reason": "a joke"}]
    assert get(service, "calls")["calls"][0]["judged"] == {"right": 0, "wrong": 1}
    assert [rule["precision"] for rule in get(service, "insights")["rules"] if rule["judged"]] == [0.0]


def test_what_a_spreadsheet_takes_for_a_formula_is_a_text_in_the_file(service: Service) -> None:
    service.finished_call("c1", ANGRY)
    alert = get(service, "alerts/history")["alerts"][0]
    with service.http() as http:
        body = {"by": "=HYPERLINK(1)", "right": True, "reason": '\t@SUM(A1)\r\n"quoted", and more'}
        assert http.post(f"/api/v1/alerts/{alert['id']}/judge", json=body).status_code == 200
        answer = http.get("/api/v1/alerts/history.csv", params={"judged": "right"})

    head, row = csv.reader(StringIO(answer.text, newline=""))
    cells = dict(zip(head, row, strict=True))
    assert answer.headers["content-type"].startswith("text/csv")
    assert cells["judged_right_by"] == "'=HYPERLINK(1)"
    assert cells["reasons"] == '\'\t@SUM(A1)\r\n"quoted", and more'
    assert (cells["id"], float(cells["at"])) == (alert["id"], alert["at"])


def test_insights_group_calls(service: Service) -> None:
    service.finished_call("c1", ANGRY)
    service.finished_call("c2", {"customer": [CALM] * 4})

    (today,) = get(service, "insights", by="day", timezone="Asia/Tokyo")["groups"]

    assert (today["calls"], today["calls_with_alert"]) == (2, 1)
    assert today["recovery_seconds"]["not_recovered"] == 1


def test_insights_by_agent_are_refused_where_the_agent_is_not_analysed(start_service: StartService) -> None:
    service = start_service(privacy=PrivacySection(subjects=("customer",)))

    for query in ({"by": "agent_id"}, {"by": "day", "where": "agent:Kim"}):
        answer = service.http().get("/api/v1/insights", params=query)
        assert (answer.status_code, "not told by agent" in answer.text) == (422, True)


@pytest.mark.parametrize("path", ["calls", "alerts/history", "alerts/history.csv", "insights"])
def test_each_of_these_says_what_is_wrong_with_a_question(path: str, shared: Service) -> None:
    answer = shared.http().get(f"/api/v1/{path}", params={"from": "2026-11-07", "to": "2026-11-01"})

    assert (answer.status_code, answer.json()["error"]["message"]) == (
        422,
        "to (2026-11-01) must not be before from (2026-11-07)",
    )


@given(
    path=st.sampled_from(["calls", "alerts/history", "alerts/history.csv", "insights"]),
    query=st.dictionaries(st.sampled_from(FILTERS), st.text(max_size=12)),
)
@SHARED
def test_these_answer_any_question_without_a_defect(shared: Service, path: str, query: dict[str, str]) -> None:
    assert shared.http().get(f"/api/v1/{path}", params=query).status_code in (200, 422)
