"""Alert sinks of a real service: of what it says at its end, and what it leaves unsaid when it is killed, nothing is lost."""

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.conftest import ServeProcess
from tests.server.service import wait_until


@pytest.mark.slow
def test_over_a_stop_and_a_kill_every_event_reaches_the_sink_in_its_order(
    serve: Callable[..., ServeProcess], tmp_path: Path
) -> None:
    (tmp_path / "c.yaml").write_text("sinks: {archive: {kind: jsonl, options: {path: out.jsonl}, events: {types: []}}}")

    def said() -> list[tuple[str, str]]:
        events = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
        return list(dict.fromkeys((event["call"], event["type"]) for event in events))

    first = serve("--config", tmp_path / "c.yaml")
    stopped, _ = first.start_call()
    assert first.stop(signal.SIGTERM) == 0
    second = serve("--config", tmp_path / "c.yaml")
    killed, _ = second.start_call()
    second.stop(signal.SIGKILL)
    serve("--config", tmp_path / "c.yaml")
    wait_until(lambda: (killed, "call_ended") in said())
    assert said() == [(call, kind) for call in (stopped, killed) for kind in ("call_started", "call_ended")]
