"""When a call over RTP is to be looked at: once the audio that is wanted may have come, or something else is to be done."""

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from monitor.sources.rtp.source import RtpSource
from tests.sources.rtp.listening import wait_for
from tests.sources.rtp.sender import rtp

HOUR = 3_600 * 16_000
SOME = [rtp(index, index * 160, bytes([0x55 + index % 7]) * 160) for index in range(20)]


@pytest.fixture
def sender() -> Iterator[socket.socket]:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as opened:
        yield opened


@pytest.fixture
def source() -> Iterator[RtpSource]:
    opened = RtpSource(legs={"mixed": {}})
    yield opened
    opened.stop()
    opened.close()


def heard(source: RtpSource, sender: socket.socket) -> None:
    """Have a call begin."""
    for datagram in SOME:
        sender.sendto(datagram, ("127.0.0.1", source.ports["mixed"]))

    def began() -> bool:
        list(source.look())
        return source.report()["mixed"].packets == len(SOME)

    wait_for(began)


def test_a_call_that_has_not_begun_is_looked_at(source: RtpSource) -> None:
    assert source.due(HOUR)


def test_one_that_has_begun_when_the_wanted_audio_may_have_come(source: RtpSource, sender: socket.socket) -> None:
    heard(source, sender)

    assert source.due(0)
    assert not source.due(HOUR)
    wait_for(lambda: source.due(1_600))


def test_one_that_is_stopped_at_once(source: RtpSource, sender: socket.socket) -> None:
    heard(source, sender)
    source.stop()

    assert source.due(HOUR)


def test_one_that_strangers_flood_at_once(source: RtpSource, sender: socket.socket) -> None:
    heard(source, sender)
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as stranger:
        for number in range(400):
            stranger.sendto(rtp(number, 0, bytes(160), ssrc=number), ("127.0.0.1", source.ports["mixed"]))
        wait_for(lambda: source.due(HOUR))

    def looked_after() -> bool:
        list(source.look())
        return not source.due(HOUR)

    wait_for(looked_after)
