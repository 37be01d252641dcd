"""Which rules a call is watched with: those that are for its metadata, from its beginning to its end, live and replayed."""

from pathlib import Path

import pytest

from monitor.alerts.rules import load_rules
from monitor.pipeline.monitor import Monitor
from monitor.replay.player import replay_events
from monitor.replay.reevaluate import judge
from tests.pipeline.conftest import StartMonitor
from tests.pipeline.scripted_source import ScriptedSource, tone

ANGRY = """\
rules:
  - name: {name}
    severity: critical
    leg: customer
    where: {where}
    when:
      emotion: {{is: angry}}
    message: "{{leg}} sounds angry"
"""


def rule_file(folder: Path, name: str, where: str) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(ANGRY.format(name=name, where=where))
    return path


@pytest.fixture
def monitor(start_monitor: StartMonitor, tmp_path: Path) -> Monitor:
    """It knows a rule for billing and one for sales."""
    return start_monitor(alerts__rules=[rule_file(tmp_path, queue, f"{{queue: {queue}}}") for queue in ("billing", "sales")])


def heard(monitor: Monitor, queue: str) -> str:
    call = monitor.start_call(ScriptedSource({"customer": tone(6, 0.9)}), metadata={"queue": queue})
    assert call.wait(60)
    return call.id


def alerts(messages: list[dict[str, object]]) -> set[object]:
    return {message["rule"] for message in messages if message["type"] == "alert"}


def test_a_call_is_watched_with_the_rules_for_its_metadata(monitor: Monitor) -> None:
    calls = {queue: heard(monitor, queue) for queue in ("billing", "sales", "returns")}
    raised = {queue: alerts(monitor.journal.read(0, call=call)) for queue, call in calls.items()}
    assert raised == {"billing": {"billing"}, "sales": {"sales"}, "returns": set()}


def test_it_keeps_them_and_its_replay_says_the_same(monitor: Monitor) -> None:
    stored = monitor.store.open(heard(monitor, "billing"))
    kept = stored.record.settings["rules"]
    assert [(rule["name"], rule["where"]) for rule in kept] == [("billing", {"queue": ["billing"]})]
    said = [event.as_message() for event in replay_events(stored)]
    assert [m["id"] for m in said if m["type"] == "alert"] == [
        m["id"] for m in monitor.journal.read(0, call=stored.record.id, types=("alert",))
    ]


def test_other_rules_are_tried_on_the_calls_that_they_are_for(monitor: Monitor, tmp_path: Path) -> None:
    stored = monitor.store.open(heard(monitor, "sales"))
    other = load_rules([rule_file(tmp_path, "no-sales", "{queue: billing}"), rule_file(tmp_path, "mine", "{queue: sales}")])
    assert alerts([event.as_message() for event in judge(stored, other)]) == {"mine"}
