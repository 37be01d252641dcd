"""One client that acknowledges an alert as often as it can, under other names."""

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.examination.owner import Owner
from tests.examination.row import Row
from tests.examination.service import examined

TRIED = "acknowledgements as fast as they go, under made-up names and again and again under one"
RULES = """
rules:
  - name: quiet
    severity: info
    leg: customer
    when: {silence: {longer_than: 2.0}}
    message: "nobody speaks"
"""
SILENCE = (bytes([0xFF]) * 160,)


def examine(tree: Path, short: bool) -> list[Row]:
    """The alert is raised by silence."""
    seconds = 4.0 if short else 10.0
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as rules, ExitStack() as stack:
        rules.write(RULES)
        rules.flush()
        service = stack.enter_context(examined(tree, f"alerts: {{rules: [{rules.name}]}}\n"))
        owner = Owner(service.call("quiet", "customer")["customer"], SILENCE)
        alerts: list[dict[str, object]] = []
        began = time.monotonic()
        while not alerts and time.monotonic() - began < 60:
            alerts = service.ask("GET", "/api/v1/alerts").json()["alerts"]
            time.sleep(0.1)
        if not alerts:
            return []
        path = f"/api/v1/alerts/{alerts[0]['id']}/acknowledge"
        taken = asked = 0
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            name = "The CEO" if asked % 2 else f"Nobody {asked}"
            taken += service.ask("POST", path, json={"by": name}).is_success
            asked += 1
        events = service.events("quiet")
        owner.stop()
    said = [event for event in events if event["type"] == "alert_acknowledged"]
    twice = len(said) - len({event["by"] for event in said})
    return [
        Row(
            f"{asked} acknowledgements in {seconds:.0f} s from one client: events",
            str(len(said)),
            "at most 120 a minute",
            len(said) <= 120,
        ),
        Row("events that say again what one person had said", str(twice), "0", twice == 0),
    ]
