"""One client that does not read must not be felt by another, nor by the journal."""

import pytest

from monitor.server import serve, websocket_protocol
from monitor.server.hub import Limits
from tests.server.conftest import StartService
from tests.server.events import record
from tests.server.service import of_type, receive, receive_until, wait_until

EVENTS, NOTE = 3_000, "x" * 8_000
"""24 MB: more than the sockets between a server and a client hold."""


def test_a_client_that_does_not_read_delays_nobody_and_later_misses_nothing(
    start_service: StartService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "PING_EVERY", 3_600.0)  # it answers none while it does not read, however long the other takes
    service = start_service(limits=Limits(recent=500_000))
    with service.websocket(max_queue=1, ping_interval=None) as slow, service.websocket() as quick:
        receive(slow), receive(quick)
        record(service.monitor.journal, 1)
        receive(slow)
        record(service.monitor.journal, EVENTS, note=NOTE)
        heard = receive_until(quick, lambda message: message.get("seq") == EVENTS + 1)
        caught_up = receive_until(slow, lambda message: message.get("seq") == EVENTS + 1)
    assert _numbers(heard) == list(range(1, EVENTS + 2))
    assert _numbers(caught_up) == list(range(2, EVENTS + 2))
    assert [message["to"] for message in filter(of_type("lagged"), caught_up)] != []


def test_a_client_whose_socket_is_stuck_is_let_go(start_service: StartService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "PING_EVERY", 0.2)
    monkeypatch.setattr(websocket_protocol, "GRACE", 0.1)
    service = start_service()
    record(service.monitor.journal, EVENTS, note=NOTE)
    with service.deaf_client():
        wait_until(lambda: service.clients() == 0)


def _numbers(messages: list[dict[str, object]]) -> list[object]:
    return [message["seq"] for message in messages if "seq" in message]
