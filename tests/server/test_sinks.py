"""Sinks of a whole service: calls do not feel them, and metrics tell of them."""

import json
from pathlib import Path

from monitor.conformance.followed_journal import FOR_HOURS, section
from tests.server.service import CALM, LOUD, Service, wait_until

ANGRY = {"customer": [CALM] * 12 + [LOUD] * 12, "agent": [0.0] * 24}


def metric(service: Service, name: str, sink: str) -> float:
    lines = service.http().get("/metrics").text.splitlines()
    return next(float(line.split()[-1]) for line in lines if line.startswith(f'emotion_monitor_sink_{name}{{sink="{sink}"}}'))


def test_alerts_of_a_call_reach_a_sink_and_one_that_fails_delays_nothing(tmp_path: Path) -> None:
    out = tmp_path / "alerts.jsonl"
    sinks = {
        "archive": section("jsonl", {"path": out}),
        "nowhere": section("jsonl", {"path": tmp_path / "none" / "x"}, FOR_HOURS),
    }
    service = Service(tmp_path, sinks=sinks)
    try:
        service.finished_call("c1", ANGRY)
        alerts = service.monitor.journal.read(0, types=("alert",))
        wait_until(lambda: metric(service, "lag_events", "archive") == 0)
        wait_until(lambda: metric(service, "failed_total", "nowhere") == 1)
        assert len(alerts) > 0
        assert len(out.read_text().splitlines()) == metric(service, "delivered_total", "archive") == len(alerts)
        assert metric(service, "lag_events", "nowhere") > 0
        status = {sink["name"]: sink for sink in service.http().get("/api/v1/status").json()["sinks"]}
        assert (status["archive"]["delivered"], status["nowhere"]["failed"]) == (len(alerts), 1)
        assert metric(service, "dead_lettered_total", "nowhere") == metric(service, "retried_total", "nowhere") == 0
    finally:
        service.stop()


def test_what_people_say_reaches_a_sink_that_asks_for_it(tmp_path: Path) -> None:
    out = tmp_path / "said.jsonl"
    said = section("jsonl", {"path": out}, types=["alert_judged", "note_written"])
    service = Service(tmp_path, sinks={"said": said})
    try:
        service.finished_call("c1", ANGRY)
        alert = service.monitor.journal.read(0, types=("alert",))[0]["id"]
        service.monitor.handling.judge(alert, "Kim", True)
        service.monitor.handling.write_note("c1", "Kim", "listen", 2.0)
        wait_until(lambda: metric(service, "lag_events", "said") == 0)
        told = [json.loads(line) for line in out.read_text().splitlines()]
        assert [(event["type"], event["by"]) for event in told] == [("alert_judged", "Kim"), ("note_written", "Kim")]
    finally:
        service.stop()
