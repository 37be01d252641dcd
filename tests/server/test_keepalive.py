"""Who answers no ping is gone, unless it sends, or is kept waiting by this server, and takes what is sent to it."""

import logging
from typing import Any

import pytest

from monitor.server.websocket_protocol import KeepaliveProtocol


class Wire:
    """Transport, connection and loop of a protocol, as far as the keepalive asks them."""

    def __init__(self, unsent: int) -> None:
        self._unsent = unsent
        self.failed: list[int] = []

    def get_write_buffer_size(self) -> int:
        return self._unsent

    def is_closing(self) -> bool:
        return False

    def write(self, data: bytes) -> None:
        """Goes nowhere."""

    def close(self) -> None:
        """Nothing to close."""

    abort = close

    def fail(self, code: int, reason: str) -> None:
        self.failed.append(code)

    def data_to_send(self) -> list[bytes]:
        return []

    def call_later(self, seconds: float, what: Any) -> None:
        """Never."""


class Connection(KeepaliveProtocol):
    """A connection whose ping was not answered."""

    def __init__(self, wire: Any, *, heard: bool, kept_waiting: bool) -> None:
        self.loop = self.transport = self.conn = wire
        self.heard, self.read_paused = heard, kept_waiting
        self.close_sent = False
        self.client, self.logger = None, logging.getLogger(__name__)
        self.asked_again = False

    def schedule_ping(self) -> None:
        self.asked_again = True


@pytest.mark.parametrize(
    ("heard", "kept_waiting", "unsent", "alive"),
    [
        (False, False, 0, False),
        (True, False, 0, True),
        (False, True, 0, True),
        (True, True, 1, False),
        (False, True, 1, False),
    ],
)
def test_who_answers_no_ping(heard: bool, kept_waiting: bool, unsent: int, alive: bool) -> None:
    wire = Wire(unsent)
    connection = Connection(wire, heard=heard, kept_waiting=kept_waiting)

    connection.keepalive_timeout()

    assert (connection.asked_again, wire.failed) == (alive, [] if alive else [1011])
