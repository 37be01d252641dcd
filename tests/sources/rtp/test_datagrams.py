"""Reading sockets: one by one or many at once, the same comes of it."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from monitor.sources.rtp.datagrams import Reader, _OneByOne, have_stamped, open_reader
from monitor.sources.rtp.ports import open_port

READERS = [open_reader, _OneByOne]


@pytest.fixture(params=["127.0.0.1", "::1"])
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Who sends, and who receives."""
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    with ExitStack() as stack:
        sender = stack.enter_context(closing(socket.socket(family, socket.SOCK_DGRAM)))
        sender.bind((request.param, 0))
        opened = stack.enter_context(closing(open_port(request.param, 0)))
        sender.connect(opened.getsockname()[:2])
        yield sender, opened


@pytest.mark.parametrize("make", READERS)
def test_datagrams_come_whole_in_order_with_their_sender(make: type[Reader], pair: tuple[socket.socket, socket.socket]) -> None:
    sender, opened = pair
    sent = [b"", bytes(range(256)), b"x" * 9_000, *(bytes([number]) for number in range(100))]
    for datagram in sent:
        sender.send(datagram)

    received = make().read(opened, 1_000)

    assert [each.data for each in received] == sent
    assert {each.address for each in received} == {sender.getsockname()[:2]}


@pytest.mark.parametrize("make", READERS)
def test_the_kernel_says_when_they_came(make: type[Reader], pair: tuple[socket.socket, socket.socket]) -> None:
    sender, opened = pair
    have_stamped(opened)
    begun = time.monotonic()
    sender.send(b"first")
    between = time.monotonic()
    time.sleep(0.05)
    sender.send(b"second")
    first, second = make().read(opened, 10)

    assert begun - 0.02 <= first.at <= between + 0.02
    assert second.at - first.at > 0.04


@pytest.mark.parametrize("make", READERS)
def test_what_is_too_much_for_once_waits_in_the_kernel(make: type[Reader], pair: tuple[socket.socket, socket.socket]) -> None:
    sender, opened = pair
    reader = make()
    for number in range(80):
        sender.send(bytes([number]))

    first = reader.read(opened, 40)
    rest = reader.read(opened, 1_000)

    assert 40 <= len(first) < 80
    assert [each.data[0] for each in [*first, *rest]] == list(range(80))
    assert reader.read(opened, 1_000) == []
