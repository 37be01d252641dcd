"""`emotion-monitor sinks`: trying a sink, seeing how far it is, and sending again what it gave up."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.conformance.followed_journal import alert
from monitor.store.sink_state import DeadLetter
from monitor.store.zarr.store import ZarrStore
from tests.cli.conftest import Command
from tests.sinks.receiver import SECRET, Receiver, running_receiver
from tests.store.zarr_folder import store_at


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as receiver:
        yield receiver


@pytest.fixture
def configured(receiver: Receiver, tmp_path: Path) -> Receiver:
    """A receiver that `c.yaml` names as `desk`."""
    text = f"sinks: {{desk: {{kind: webhook, options: {{url: '{receiver.url}', secret: {SECRET}}}}}}}"
    (tmp_path / "c.yaml").write_text(text)
    return receiver


@pytest.fixture
def store(tmp_path: Path) -> ZarrStore:
    """A store of three events, of which `desk` gave up the first two and is at the second."""
    store = store_at(tmp_path / "emotion-store")
    told = [alert(store.journal, call) for call in ("call-1", "call-2", "call-3")]
    state = store.sink_state("desk")
    state.settle(2)
    state.letters.add(DeadLetter(1, "2026-03-01T00:00:00+00:00", 3, "HTTP status 500", told[0]), lambda: True)
    state.letters.add(DeadLetter(2, "2026-03-01T00:00:00+00:00", 3, "HTTP status 500", told[1]), lambda: True)
    return store


def test_a_test_message_is_sent_and_said_to_have_arrived(configured: Receiver, emotion_monitor: Command) -> None:
    done = emotion_monitor("sinks", "test", "desk", "-c", "c.yaml")
    assert (done.returncode, done.stdout.startswith("desk: delivered test_")) == (0, True), done.stderr
    assert [message["type"] for message in configured.received] == ["test"]


def test_a_test_message_that_does_not_arrive_is_one_line_with_the_reason(
    configured: Receiver, emotion_monitor: Command
) -> None:
    configured.status = 401
    done = emotion_monitor("sinks", "test", "desk", "-c", "c.yaml")
    assert done.returncode == 1
    assert done.stderr == "emotion-monitor: sinks.desk: the test was not delivered: HTTP status 401\n"


def test_a_check_of_the_configuration_opens_sinks_and_looks_for_their_rules(emotion_monitor: Command, tmp_path: Path) -> None:
    options = f"url: https://desk.example.com/, secret: {SECRET}, ca_file: none.pem"
    (tmp_path / "c.yaml").write_text(f"sinks: {{desk: {{kind: webhook, options: {{{options}}}}}}}")
    (tmp_path / "d.yaml").write_text("sinks: {log: {kind: jsonl, options: {path: x}, events: {rules: [angre]}}}")
    unopened, unknown = (emotion_monitor("config", "check", "-c", name) for name in ("c.yaml", "d.yaml"))
    assert (unopened.returncode, "sinks.desk: ca_file none.pem: cannot be read" in unopened.stderr) == (2, True)
    assert (unknown.returncode, "sinks.log.events.rules: there is no rule 'angre'" in unknown.stderr) == (2, True)


def test_a_sink_that_is_not_configured_is_told_which_there_are(configured: Receiver, emotion_monitor: Command) -> None:
    done = emotion_monitor("sinks", "test", "dsek", "-c", "c.yaml")
    assert (done.returncode, "no sink is called 'dsek'; the configuration has: desk" in done.stderr) == (2, True)


def test_the_list_tells_position_lag_and_dead_letters(configured: Receiver, store: ZarrStore, emotion_monitor: Command) -> None:
    store.sink_state("former").settle(3)
    done = emotion_monitor("sinks", "list", "-c", "c.yaml", "--json", "-")
    assert json.loads(done.stdout) == [
        {"sink": "desk", "kind": "webhook", "position": 2, "lag": 1, "dead_letters": 2},
        {"sink": "former", "kind": "not configured", "position": 3, "lag": 0, "dead_letters": 0},
    ]


def test_dead_letters_are_sent_again_and_are_none_any_more(
    configured: Receiver, store: ZarrStore, emotion_monitor: Command
) -> None:
    done = emotion_monitor("sinks", "retry", "desk", "-c", "c.yaml")
    assert (done.returncode, done.stdout) == (0, "desk: 2 delivered, 0 dead letters left\n"), done.stderr
    assert [message["call"] for message in configured.received] == ["call-1", "call-2"]
    assert (store.sink_state("desk").letters.read(), store.sink_state("desk").position()) == ([], 2)


def test_dead_letters_that_do_not_arrive_again_stay(configured: Receiver, store: ZarrStore, emotion_monitor: Command) -> None:
    configured.status = 503
    done = emotion_monitor("sinks", "retry", "desk", "-c", "c.yaml")
    assert (done.returncode, len(configured.requests)) == (1, 1)
    assert "desk: 0 delivered, 2 dead letters left: HTTP status 503" in done.stderr
    assert len(store.sink_state("desk").letters.read()) == 2


def test_dead_letters_that_are_refused_for_good_do_not_keep_back_the_next(
    configured: Receiver, store: ZarrStore, emotion_monitor: Command
) -> None:
    configured.status = 410
    done = emotion_monitor("sinks", "retry", "desk", "-c", "c.yaml")
    assert (done.returncode, len(configured.requests)) == (1, 2)
    assert len(store.sink_state("desk").letters.read()) == 2
