"""The sender of many calls: packets as RFC 3550 has them, of the right leg at the right place, each to its port."""

import ctypes
import socket
import struct
from collections.abc import Iterator

import numpy as np
import pytest

from lab.experiments.rtp_load import SILENCE, Batch

LIBRARY = ctypes.CDLL(None, use_errno=True)
SOUND = np.stack(
    [np.full((5, 160), 10, np.uint8) + np.arange(5, dtype=np.uint8)[:, None], np.full((5, 160), SILENCE, np.uint8)]
)


@pytest.fixture
def receivers() -> Iterator[list[socket.socket]]:
    opened = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(3)]
    for each in opened:
        each.bind(("127.0.0.1", 0))
        each.settimeout(30)
    yield opened
    for each in opened:
        each.close()


def test_each_port_gets_its_leg_with_headers_that_count_on(receivers: list[socket.socket]) -> None:
    ports = [each.getsockname()[1] for each in receivers]
    batch = Batch(SOUND, legs=[0, 1, 0], begins=[0, 0, 3], ports=ports)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        assert [batch.send(LIBRARY, out.fileno(), number) for number in (1, 65_537)] == [3, 3]
    said = [[each.recv(2_000) for _ in range(2)] for each in receivers]
    assert [struct.unpack("!BBHII", packets[0][:12]) for packets in said] == [(0x80, 0, 1, 160, port) for port in ports]
    assert [struct.unpack("!HI", packets[1][2:8]) for packets in said] == [(1, 65_537 * 160)] * 3
    assert [set(packet[12:]) for packets in said for packet in packets] == [{11}, {12}, {SILENCE}, {SILENCE}, {14}, {10}]
    assert {len(packet) for packets in said for packet in packets} == {172}
