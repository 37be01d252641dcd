"""Rules over REST: what is in force, whether a text holds, trying it on stored calls, and saving it."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from monitor.config.sections import AlertsSection
from monitor.config.sinks import SinkSection
from monitor.config.tokens import NamedToken
from tests.server.conftest import StartService
from tests.server.service import CALM, LOUD, Service, of_type, receive_until

RULES = """\
rules:
  - name: angry
    severity: critical
    leg: customer
    when:
      emotion: {is: angry}
    message: "{leg} sounds angry"
"""
QUIET = """\
  - name: agent-quiet
    severity: info
    leg: agent
    when:
      silence: {longer_than: 2.0}
    message: "{leg} is quiet"
"""
ANGRY_CALL = {"customer": [CALM] * 4 + [LOUD] * 4, "agent": [CALM] * 4 + [0.0] * 4}
CALM_CALL = {"customer": [CALM] * 4, "agent": [CALM] * 4}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    return path


@pytest.fixture
def service(start_service: StartService, file: Path) -> Service:
    """One whose configuration names `file`."""
    return start_service(alerts=AlertsSection(rules=(file,)))


def rules(service: Service) -> dict[str, Any]:
    return service.http().get("/api/v1/rules").json()


def save(service: Service, text: str, base: int = 1, **more: Any) -> dict[str, Any]:
    answer = service.http().put("/api/v1/rules", json={"text": text, "base": base, **more})
    answer.raise_for_status()
    return answer.json()


def tried(service: Service, text: str, **more: Any) -> dict[str, Any]:
    """The result of a trial."""
    lines = service.http().post("/api/v1/rules/try", json={"text": text, **more}).raise_for_status().text.splitlines()
    return json.loads(lines[-1])


def test_at_first_the_files_of_the_configuration_are_in_force(service: Service) -> None:
    answer = rules(service)
    assert (answer["version"], answer["by"], answer["origin"], answer["text"]) == (1, None, "configuration", RULES)
    assert [(rule["name"], rule["when"]) for rule in answer["rules"]] == [("angry", {"emotion": {"is": ["angry"]}})]
    assert ([version["version"] for version in answer["versions"]], answer["editable"], answer["why_not"]) == ([1], True, None)


def test_a_text_is_checked_with_a_place_for_every_mistake(service: Service) -> None:
    wrong = RULES.replace("critical", "fatal").replace("is: angry", "is: angrey")
    answer = service.http().post("/api/v1/rules/check", json={"text": wrong}).raise_for_status().json()
    assert (answer["ok"], [(one["line"], one["column"]) for one in answer["errors"]]) == (False, [(3, 5), (6, 7)])
    assert "no engine names the emotion 'angrey'" in answer["errors"][1]["message"]
    good = service.http().post("/api/v1/rules/check", json={"text": RULES}).json()
    assert (good["ok"], good["errors"], good["rules"][0]["name"]) == (True, [], "angry")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("    when: {template: {name: threats}}", "rule x names the template threats; analysis.templates has none"),
        ("    when: {label: {head: churn, is: threat}}", "rule x names the head churn; analysis.heads has none"),
    ],
)
def test_what_a_rule_names_must_be_there(service: Service, more: str, expected: str) -> None:
    text = f"{RULES}  - name: x\n    severity: info\n    leg: agent\n{more}\n    message: m\n"
    answer = service.http().post("/api/v1/rules/check", json={"text": text}).json()
    assert answer["errors"] == [{"line": 8, "column": 3, "message": expected}]


def test_a_rule_that_a_sink_waits_for_must_stay(start_service: StartService, file: Path, tmp_path: Path) -> None:
    desk = {"kind": "jsonl", "options": {"path": str(tmp_path / "x.jsonl")}, "events": {"rules": ["angry"]}}
    sinks = {"desk": SinkSection.model_validate(desk)}
    service = start_service(alerts=AlertsSection(rules=(file,)), sinks=sinks)
    answer = service.http().put("/api/v1/rules", json={"text": "rules: []", "base": 1})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "config")
    assert "sinks.desk.events.rules: there is no rule 'angry'" in answer.json()["error"]["message"]


def test_calls_that_begin_after_a_save_are_watched_with_it_and_those_in_progress_keep_theirs(service: Service) -> None:
    before = service.call(CALM_CALL, "before")
    with service.websocket() as websocket:
        saved = save(service, RULES + QUIET, note="agents, too", by="Ann")
        told = receive_until(websocket, of_type("rules_changed"))[-1]
    assert (saved["version"], saved["by"], saved["note"]) == (2, "Ann", "agents, too")
    assert told == {"type": "rules_changed", "version": 2, "by": "Ann"}
    service.finished_call("after", CALM_CALL)
    service.monitor.stop_call("before")
    assert before.wait(30)
    kept = {call: service.monitor.store.open(call).record.settings["rules"] for call in ("before", "after")}
    assert {call: [rule["name"] for rule in of_call] for call, of_call in kept.items()} == {
        "before": ["angry"],
        "after": ["angry", "agent-quiet"],
    }


def test_each_version_can_be_looked_at(service: Service) -> None:
    save(service, RULES + QUIET, note="agents, too")
    answers = [service.http().get(f"/api/v1/rules/versions/{number}").json() for number in (1, 2)]
    assert [(answer["origin"], answer["note"], answer["text"]) for answer in answers] == [
        ("configuration", "", RULES),
        ("saved", "agents, too", RULES + QUIET),
    ]
    assert service.http().get("/api/v1/rules/versions/3").status_code == 404


def test_what_was_made_from_an_old_version_is_refused(service: Service) -> None:
    save(service, RULES + QUIET, by="Ann")
    answer = service.http().put("/api/v1/rules", json={"text": RULES, "base": 1, "by": "Bob"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")
    assert "version 2 of the rules, by Ann, came after version 1" in answer.json()["error"]["message"]


def test_rules_that_do_not_hold_or_are_in_force_already_are_not_saved(service: Service) -> None:
    wrong = service.http().put("/api/v1/rules", json={"text": RULES.replace("critical", "fatal"), "base": 1})
    same = service.http().put("/api/v1/rules", json={"text": RULES.replace("\n", "\r\n"), "base": 1})
    assert (wrong.status_code, wrong.json()["error"]["message"].split(":")[:2]) == (422, ["rules", "3"])
    assert (same.status_code, "nothing to save" in same.json()["error"]["message"]) == (422, True)
    assert len(rules(service)["versions"]) == 1


def test_what_is_saved_comes_back_with_the_service(start_service: StartService, file: Path) -> None:
    first = start_service(alerts=AlertsSection(rules=(file,)))
    save(first, RULES + QUIET, by="Ann")
    first.stop()
    again = start_service(alerts=AlertsSection(rules=(file,)))
    answer = rules(again)
    assert (answer["version"], answer["by"], again.monitor.rules.names) == (2, "Ann", ("angry", "agent-quiet"))


def test_changed_files_come_after_what_was_saved_before(start_service: StartService, file: Path) -> None:
    first = start_service(alerts=AlertsSection(rules=(file,)))
    save(first, RULES + QUIET)
    first.stop()
    file.write_text(RULES.replace("critical", "warning"))
    again = start_service(alerts=AlertsSection(rules=(file,)))
    answer = rules(again)
    assert (answer["version"], answer["origin"], answer["rules"][0]["severity"]) == (3, "configuration", "warning")
    assert [version["version"] for version in answer["versions"]] == [3, 2, 1]


def test_a_service_without_changes_makes_no_versions(start_service: StartService) -> None:
    for _ in range(2):
        service = start_service()
        assert [version["version"] for version in rules(service)["versions"]] == [1]
        service.stop()


def test_a_store_that_keeps_no_files_keeps_no_versions(start_service: StartService) -> None:
    service = start_service(store="memory")
    answer = rules(service)
    assert (answer["version"], answer["editable"]) == (1, False)
    assert "keeps no files" in answer["why_not"]
    refused = service.http().put("/api/v1/rules", json={"text": RULES, "base": 1})
    assert (refused.status_code, "keeps no files" in refused.json()["error"]["message"]) == (507, True)


def test_a_trial_tells_what_would_have_been_raised_and_what_is_gone(service: Service) -> None:
    service.finished_call("calm", CALM_CALL)
    service.finished_call("angry", ANGRY_CALL)
    more = tried(service, RULES + QUIET)
    assert (more["calls"], more["before"], more["after"], more["new"]) == (2, 1, 2, 1)
    assert [(alert["call"], alert["rule"], alert["leg"], alert["new"]) for alert in more["alerts"]] == [
        ("angry", "angry", "customer", False),
        ("angry", "agent-quiet", "agent", True),
    ]
    less = tried(service, "rules:\n" + QUIET)
    assert (less["before"], less["after"], [alert["rule"] for alert in less["gone"]]) == (1, 1, ["angry"])


def test_a_trial_says_which_alerts_were_judged_right(service: Service) -> None:
    service.finished_call("angry", ANGRY_CALL)
    alert = service.monitor.journal.read(0, types=("alert",))[0]["id"]
    judged = service.http().post(f"/api/v1/alerts/{alert}/judge", json={"right": True, "reason": "", "by": "Ann"})
    judged.raise_for_status()
    changed = tried(service, RULES.replace("sounds", "is"))
    assert (changed["judged_right"], changed["judged_wrong"], changed["alerts"][0]["judged"]) == (1, 0, "right")
    gone = tried(service, "rules: []")
    assert (gone["after"], gone["gone_right"], gone["gone"][0]["judged"]) == (0, 1, "right")


def test_a_trial_can_be_of_one_rule_and_of_some_calls(service: Service) -> None:
    for queue in ("billing", "sales"):
        call = service.call(ANGRY_CALL, queue, metadata={"queue": queue}, endless=False)
        assert call.wait(30)
    result = tried(service, RULES + QUIET, where={"queue": "sales"}, rule="agent-quiet")
    assert (result["calls"], [(alert["call"], alert["rule"]) for alert in result["alerts"]]) == (1, [("sales", "agent-quiet")])
    assert [call["calls"] for call in (tried(service, RULES, calls=1), tried(service, RULES))] == [1, 2]
    assert service.http().post("/api/v1/rules/try", json={"text": RULES, "rule": "none"}).status_code == 404


def test_a_trial_of_rules_that_do_not_hold_is_refused(service: Service) -> None:
    answer = service.http().post("/api/v1/rules/try", json={"text": "rules: 3"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "config")


@contextmanager
def held_up(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Trials stay in their first call until this is over or they are cancelled."""
    monkeypatch.setattr("monitor.server.trials.TELL_EVERY", 0.02)

    def without_end(trial: Any, stored: Any, between: Any) -> None:
        while True:
            between()
            time.sleep(0.01)  # work, which leaves the interpreter to others

    service.finished_call("one", CALM_CALL)
    with monkeypatch.context() as patch:
        patch.setattr("monitor.replay.trial.Trial.take", without_end)
        yield


def test_who_closes_the_connection_ends_the_trial(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        held_up(service, monkeypatch),
        service.http() as http,
        http.stream("POST", "/api/v1/rules/try", json={"text": RULES}) as answer,
    ):
        progress = json.loads(next(answer.iter_lines()))
        assert progress == {"type": "progress", "done": 0, "of": 1, "call": "one", "new": 0, "gone": 0}
    assert tried(service, RULES)["calls"] == 1


def test_a_new_trial_of_a_client_takes_the_place_of_the_one_before(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        held_up(service, monkeypatch),
        service.http() as http,
        http.stream("POST", "/api/v1/rules/try", json={"text": RULES}) as first,
        service.http() as other,
    ):
        lines = first.iter_lines()
        assert json.loads(next(lines))["type"] == "progress"
        with other.stream("POST", "/api/v1/rules/try", json={"text": RULES}) as second:
            assert json.loads(list(lines)[-1])["code"] == "replaced"
            assert json.loads(next(second.iter_lines()))["type"] == "progress"


def test_who_may_not_change_rules_sees_them_and_no_more(start_service: StartService) -> None:
    people = [NamedToken(name="Vera", role="viewer", token="v" * 20), NamedToken(name="Sue", role="supervisor", token="s" * 20)]
    service = start_service(tokens=people)
    vera, sue = ({"Authorization": f"Bearer {letter * 20}"} for letter in "vs")
    seen = service.http(headers=vera).get("/api/v1/rules").json()
    assert (seen["editable"], "lacks the permission 'rules'" in seen["why_not"]) == (False, True)
    body = {"text": RULES, "base": 1, "by": "somebody"}
    assert service.http(headers=vera).put("/api/v1/rules", json=body).json()["error"]["code"] == "permission"
    assert service.http(headers=vera).post("/api/v1/rules/try", json={"text": RULES}).status_code == 403
    assert service.http(headers=sue).put("/api/v1/rules", json=body).json()["by"] == "Sue"
    lines = [json.loads(line) for line in (service.settings.store.path / "audit.jsonl").read_text().splitlines()]
    assert [(line["action"], line["by"], line["version"]) for line in lines if line["action"] == "rules_saved"] == [
        ("rules_saved", "Sue", 2)
    ]
