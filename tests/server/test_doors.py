"""Requests that never end, and too many connections, keep nobody from being served."""

import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from threading import Event
from typing import Any

import httpx
import pytest

from monitor.server import serve
from monitor.server.doors import DoorLimits, Doors
from monitor.server.websocket_protocol import MAX_UNREAD, KeepaliveProtocol
from tests.server.service import PATIENCE, Service, wait_until

HEAD = b"GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n"
BODY = b"POST /api/v1/calls HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"


class Caller:
    """A connection that remembers whether it was turned out."""

    def __init__(self, address: str) -> None:
        self.address, self.out = address, False

    def turn_out(self) -> None:
        self.out = True


@pytest.fixture
def connect():
    """Connections to a service, each after it said something."""
    with ExitStack() as stack:

        def connected(service: Service, said: bytes = b"") -> socket.socket:
            opened = stack.enter_context(socket.create_connection(("127.0.0.1", service.running.port), PATIENCE))
            opened.sendall(said)
            return opened

        yield connected


@pytest.fixture
def limited(start_service, monkeypatch) -> Callable[..., Service]:
    """A service behind doors of other limits."""

    def start(**limits: float) -> Service:
        monkeypatch.setattr(serve, "DoorLimits", lambda **given: DoorLimits(**{**given, **limits}))
        return start_service()

    return start


def closed(opened: socket.socket) -> bool:
    """Whether the server has closed a connection; waits for it."""
    try:
        while opened.recv(4_096):
            pass
    except ConnectionResetError:
        pass
    return True


def metric(service: Service, name: str) -> float:
    """A figure of a service, which may turn out who asks, too, where its doors are narrow and the machine is busy."""
    give_up = time.monotonic() + PATIENCE
    while True:
        try:
            lines = service.http().get("/metrics").text.splitlines()
        except httpx.TransportError:
            assert time.monotonic() < give_up
        else:
            return next(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


def test_a_crowd_that_comes_while_the_server_is_busy_takes_no_descriptor_that_is_kept(start_service, connect, monkeypatch):
    accepted: list[socket.socket] = []
    undecided: list[int] = []
    go_on = Event()
    accept, admit = socket.socket.accept, Doors.admit

    def counted_accept(listening: socket.socket) -> Any:
        there = accept(listening)
        accepted.append(listening)
        return there

    def busy_admit(doors: Doors, descriptor: int) -> bool:
        undecided.append(len(accepted) - len(undecided))
        go_on.wait()
        return admit(doors, descriptor)

    service = start_service()
    monkeypatch.setattr(socket.socket, "accept", counted_accept)
    monkeypatch.setattr(Doors, "admit", busy_admit)
    crowd = [connect(service) for _ in range(300)]
    go_on.set()

    assert service.http().get("/health/live").status_code == 200
    assert len(undecided) > len(crowd)
    assert max(undecided) < DoorLimits().kept_descriptors


def test_of_unfinished_requests_of_one_address_the_oldest_go_and_others_are_served(limited, connect):
    service = limited(waiting_of_one=8)
    unfinished = [connect(service, HEAD) for _ in range(20)]
    assert service.http().get("/health/live").status_code == 200
    assert all(closed(each) for each in unfinished[:12])
    wait_until(lambda: metric(service, 'emotion_monitor_connections_refused_total{cause="unfinished_of_one_address"}') >= 12)


def test_one_address_does_not_cost_another_its_place():
    doors = Doors(DoorLimits(waiting=4, waiting_of_one=3))
    quiet = Caller("192.0.2.1")
    doors.wait(quiet)
    storm = [Caller("198.51.100.9") for _ in range(50)]
    for each in storm:
        doors.wait(each)
    assert not quiet.out
    assert [each.out for each in storm] == [True] * 47 + [False] * 3
    for each in (Caller("203.0.113.1"), Caller("203.0.113.2")):
        doors.wait(each)
    assert quiet.out, "of all, the one that has waited longest"
    assert doors.waiting == 4


@pytest.mark.parametrize(
    ("said", "limits", "cause"),
    [
        (b"", {"head": 0.2}, "head_too_slow"),
        (HEAD, {"head": 0.2}, "head_too_slow"),
        (BODY, {"pause": 0.2}, "body_too_slow"),
        (BODY, {"body": 0.2}, "body_too_slow"),
    ],
)
def test_a_request_that_does_not_come_to_its_end_is_closed(limited, connect, said, limits, cause):
    service = limited(**limits)
    opened = connect(service, said)
    assert closed(opened)
    assert metric(service, f'emotion_monitor_connections_refused_total{{cause="{cause}"}}') >= 1


def test_a_second_request_of_a_connection_that_does_not_end_is_closed(limited, connect):
    service = limited(head=2.0)
    opened = connect(service, b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert b"200" in opened.recv(4_096)
    opened.sendall(HEAD)
    assert closed(opened)


def test_a_slow_request_that_goes_on_is_served(service, connect):
    opened = connect(service)
    for byte in HEAD + b"\r\n":
        opened.sendall(bytes([byte]))
    assert opened.recv(4_096).startswith(b"HTTP/1.1 200")


def test_a_websocket_that_says_nothing_is_no_unfinished_request(limited):
    service = limited(waiting_of_one=1)
    with service.websocket() as first, service.websocket() as second:
        service.http().get("/health/live")
        assert first.ping().wait(PATIENCE)
        assert second.ping().wait(PATIENCE)


def test_connections_beyond_the_limit_are_turned_away_and_room_comes_back(start_service, connect):
    service = start_service(max_connections=10)
    with ExitStack() as stack:
        for _ in range(10):
            stack.enter_context(service.websocket())
        assert closed(connect(service, HEAD + b"\r\n"))
    wait_until(partial(_answers, service))
    assert metric(service, 'emotion_monitor_connections_refused_total{cause="connections"}') >= 1


def _answers(service: Service) -> bool:
    try:
        return service.http().get("/health/live").status_code == 200
    except httpx.TransportError:  # turned away once more
        return False


def test_the_last_descriptors_are_not_given_to_connections():
    doors = Doors(DoorLimits())
    assert doors.admit(descriptor=20)
    assert not doors.admit(descriptor=10_000_000)
    assert (doors.refused["descriptors"], doors.open) == (1, 1)


def test_what_is_no_http_is_counted_and_fills_no_log(service, connect, caplog):
    assert b"400" in connect(service, b"\x16\x03\x01 hello\r\n\r\n").recv(4_096)
    wait_until(lambda: metric(service, "emotion_monitor_requests_invalid_total") == 1)
    assert not caplog.records


def test_pings_of_a_client_that_never_reads_are_not_answered_without_end():
    class Wire:
        def __init__(self) -> None:
            self.written = 0

        def get_write_buffer_size(self) -> int:
            return self.written

        def write(self, data: bytes) -> None:
            self.written += len(data)

        def data_to_send(self) -> list[bytes]:
            return [bytes(125)]

    wire = Wire()
    connection = KeepaliveProtocol.__new__(KeepaliveProtocol)
    connection.transport = connection.conn = wire  # type: ignore[assignment]
    for _ in range(10_000):
        connection.handle_ping()
    assert wire.written <= MAX_UNREAD + 125
