"""Dashboards and alerting rules ask for nothing that a running service does not tell, in PromQL that Prometheus takes."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor.config.sinks import SinkSection
from tests.server.service import CALM, LOUD, Service, wait_until

GRAFANA = Path(__file__).parents[2] / "dashboards" / "grafana"
DASHBOARDS = sorted(GRAFANA.glob("*.json"))
RULES = GRAFANA / "alert-rules.yml"

needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")


def dashboard(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8"))


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text("utf-8"))["groups"] for rule in group["rules"]]


def queries(path: Path) -> list[str]:
    """All PromQL of a dashboard or of the rules."""
    if path == RULES:
        return [rule["expr"] for rule in rules()]
    board = dashboard(path)
    variables = [variable["definition"] for variable in board["templating"]["list"] if variable["type"] == "query"]
    asked = [re.fullmatch(r"label_values\((.+), \w+\)", definition) for definition in variables]
    targets = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
    return [*targets, *(match[1] for match in asked if match)]


def named(query: str) -> set[str]:
    """The metrics that a query names: words that are neither labels, functions nor operators."""
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]|\b(by|on|without|ignoring) \([^)]*\)', " ", query)
    words = re.findall(r"[a-zA-Z_:][\w:]*(?!\w*\s*\()", bare)
    return set(words) - {"and", "or", "unless", "by", "on"}


def test_what_a_query_names_is_found() -> None:
    assert named('sum by (leg) (rate(a_total{job=~"$job", x="b_total"}[5m])) / (c > 0) and on () (hour() >= 8)') == {
        "a_total",
        "c",
    }


def labelled(query: str) -> set[tuple[str, str]]:
    """The metrics of a query whose labels are chosen by, each with these labels."""
    return {
        (name, label) for name, chosen in re.findall(r"(\w+)\{([^}]*)\}", query) for label in re.findall(r"(\w+)\s*=", chosen)
    } - {(name, label) for name in re.findall(r"\w+", query) for label in ("job", "instance")}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`/metrics` of a service that heard calls, with an alert that was judged and a sink."""
    folder = tmp_path_factory.mktemp("told")
    sink = SinkSection(kind="jsonl", options={"path": str(folder / "alerts.jsonl")})
    service = Service(folder, sinks={"file": sink})
    try:
        call = service.call({"customer": [CALM] * 4 + [LOUD] * 60, "agent": [0.0] * 64}, "live")
        wait_until(lambda: bool(service.monitor.alerts()))
        with service.http() as http:
            alert = http.get("/api/v1/alerts").json()["alerts"][0]["id"]
            http.post(f"/api/v1/alerts/{alert}/judge", json={"right": True, "reason": "", "by": "Kim"}).raise_for_status()
            service.finished_call("over", {"customer": [CALM] * 3})
            wait_until(lambda: 'alerts_judged_total{rule="' in http.get("/metrics").text)
            assert not call.error
            yield http.get("/metrics").text
    finally:
        service.stop()


def test_there_are_two_dashboards_that_are_imported_into_any_grafana() -> None:
    assert [path.name for path in DASHBOARDS] == ["emotions-and-alerts.json", "operations.json"]
    boards = [dashboard(path) for path in DASHBOARDS]
    assert len({board["uid"] for board in boards}) == len({board["title"] for board in boards}) == 2
    for board in boards:
        panels = [panel for panel in board["panels"] if panel["type"] != "row"]
        assert board["templating"]["list"][0]["type"] == "datasource"
        sources = [part["datasource"]["uid"] for panel in panels for part in (panel, *panel["targets"])]
        assert set(sources) == {"${datasource}"}
        assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
        assert all(place["x"] + place["w"] <= 24 for place in (panel["gridPos"] for panel in board["panels"]))
        taken = [(place["x"] + x, place["y"] + y) for place in (panel["gridPos"] for panel in board["panels"])
                 for x in range(place["w"]) for y in range(place["h"])]  # fmt: skip
        assert len(taken) == len(set(taken)), "panels lie over one another"


@pytest.mark.parametrize("path", [*DASHBOARDS, RULES], ids=lambda path: path.name)
def test_each_query_names_metrics_and_labels_that_a_running_service_tells(path: Path, told: str) -> None:
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", told, re.MULTILINE))
    labels = {
        (name, label)
        for name, inside in re.findall(r"^(\w+)\{(.*)\} ", told, re.MULTILINE)
        for label in re.findall(r'(\w+)="', inside)
    }
    asked = queries(path)
    assert asked
    assert {name for query in asked for name in named(query)} - kinds.keys() <= {"up"}
    assert {pair for query in asked for pair in labelled(query)} <= labels
    counters = {name for query in asked for name in re.findall(r"(?:rate|increase)\((\w+)", query)}
    assert {kinds[name] for name in counters} == {"counter"}


def test_the_metrics_keep_to_the_conventions_of_prometheus(told: str) -> None:
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", told, re.MULTILINE))
    assert all(re.fullmatch(r"emotion_monitor_[a-z][a-z0-9_]*", name) for name in kinds)
    assert {name for name, kind in kinds.items() if name.endswith("_total")} == {
        name for name, kind in kinds.items() if kind == "counter"
    }


@needs_promtool
def test_prometheus_takes_all_of_its_queries(tmp_path: Path) -> None:
    """The dashboards' as well: as rules that record them."""
    asked = [
        query.replace("$__rate_interval", "5m").replace("$__range", "6h") for path in DASHBOARDS for query in queries(path)
    ]
    recorded = [{"record": f"query:number{number}", "expr": query} for number, query in enumerate(asked)]
    file = tmp_path / "queries.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboards", "rules": recorded}]}), "utf-8")
    for path, count in ((RULES, len(rules())), (file, len(recorded))):
        done = subprocess.run(["promtool", "check", "rules", path], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        assert f"{count} rules found" in done.stdout


@needs_promtool
def test_the_rules_warn_when_they_should_and_are_silent_when_all_is_well(tmp_path: Path) -> None:
    """Half an hour of figures: a worker dies, packets are lost, the journal refuses; beside a service where all is well."""
    of = 'instance="{}", job="emotion-monitor"'
    ill, well = of.format("ill"), of.format("well")
    series = {
        f"emotion_monitor_workers_died_total{{{ill}}}": "0x10 1x20",
        f"emotion_monitor_workers_died_total{{{well}}}": "1x30",
        f"emotion_monitor_journal_takes_events{{{ill}}}": "1x10 0x20",
        f"emotion_monitor_journal_takes_events{{{well}}}": "1x30",
        f'emotion_monitor_rtp_packets_total{{leg="agent", codec="pcmu", {ill}}}': "0+3000x30",
        f'emotion_monitor_rtp_packets_lost_total{{leg="agent", codec="pcmu", {ill}}}': "0+300x30",
        f'emotion_monitor_rtp_packets_total{{leg="agent", codec="pcmu", {well}}}': "0+3000x30",
        f'emotion_monitor_rtp_packets_lost_total{{leg="agent", codec="pcmu", {well}}}': "0+30x30",
        f'emotion_monitor_inference_latency_seconds{{quantile="0.95", {well}}}': "0.4x30",
        f"emotion_monitor_calls_live{{{well}}}": "20x30",
        f"emotion_monitor_calls_limit{{{well}}}": "200x30",
        f"up{{{well}}}": "1x30",
    }
    fired = {
        "EmotionMonitorWorkerDied": {"instance": "ill", "job": "emotion-monitor", "severity": "critical"},
        "EmotionMonitorJournalRefuses": {"instance": "ill", "job": "emotion-monitor", "severity": "critical"},
        "EmotionMonitorSourceLoss": {
            "instance": "ill",
            "job": "emotion-monitor",
            "leg": "agent",
            "codec": "pcmu",
            "severity": "warning",
        },
    }
    said = {rule["alert"]: rule["annotations"] for rule in rules()}
    filled = {
        name: {
            key: re.sub(r"\{\{ \$labels\.(\w+) \}\}", lambda match, of=of: of[match[1]], text)
            for key, text in said[name].items()
        }
        for name, of in fired.items()
    }
    expected = [
        {"eval_time": "20m", "alertname": rule["alert"], "exp_alerts": [
            {"exp_labels": fired[rule["alert"]], "exp_annotations": filled[rule["alert"]]}] if rule["alert"] in fired else []}
        for rule in rules() if rule["alert"] != "EmotionMonitorNoCalls"
    ]  # fmt: skip
    file = tmp_path / "tests.yml"
    figures = [{"series": name, "values": values} for name, values in series.items()]
    test = {"interval": "1m", "input_series": figures, "alert_rule_test": expected}
    file.write_text(yaml.safe_dump({"rule_files": [str(RULES)], "tests": [test]}), "utf-8")
    done = subprocess.run(["promtool", "test", "rules", file], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
