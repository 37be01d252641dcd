"""Strangers on a leg's port, in numbers: its owner is heard as if there were none."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from types import SimpleNamespace

import numpy as np
import pytest

from monitor.config.sections import RtpSection
from monitor.sources.rtp import source as source_of_rtp
from monitor.sources.rtp.datagrams import Received
from monitor.sources.rtp.kernel_filter import admit_all, admit_only, filter_program
from monitor.sources.rtp.ports import kernel_drops, open_port
from monitor.sources.rtp.receiver import Inbox, shared_receiver
from monitor.sources.rtp.source import RtpSource
from tests.sources.rtp.listening import Listener, wait_for
from tests.sources.rtp.sender import audio, one_leg, play, rtp, stream

TYPES = ["96=l16/8000"]
OWNER, STRANGER = ("192.0.2.1", 4_000), ("198.51.100.9", 6_666)


@pytest.fixture
def open_socket():
    with ExitStack() as stack:

        def opened(host: str = "127.0.0.1") -> socket.socket:
            made = stack.enter_context(
                closing(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM))
            )
            made.bind((host, 0))
            return made

        yield opened


def received(opened: socket.socket) -> list[bytes]:
    found = []
    try:
        while True:
            found.append(opened.recv(2_048))
    except BlockingIOError:
        return found


def test_the_owners_datagrams_have_a_place_that_no_stranger_takes():
    inbox = Inbox(limit=3, strangers=2)
    inbox.owners = frozenset({OWNER})
    for number in range(3):
        inbox.put([Received(number, bytes([number]), OWNER)])
        for _ in range(10):
            inbox.put([Received(number + 0.5, b"x", STRANGER)])
    taken = inbox.take()
    assert [each.data[0] for each in taken if each.address == OWNER] == [0, 1, 2]
    assert sum(each.address == STRANGER for each in taken) == 2
    assert (inbox.overflowed, inbox.turned_away) == (0, 28)
    assert [each.at for each in taken] == sorted(each.at for each in taken)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_kernel_keeps_out_whom_a_filter_does_not_name_until_it_is_taken_away(host, open_socket):
    own, strange = open_socket(host), open_socket(host)
    with closing(open_port(host, 0)) as opened:
        there = opened.getsockname()[:2]
        assert admit_only(opened, {own.getsockname()[:2]})
        for each in (own, strange, own, strange):
            each.sendto(b"own" if each is own else b"strange", there)
        assert received(opened) == [b"own", b"own"]
        assert kernel_drops([opened]) == 2
        admit_all(opened)
        strange.sendto(b"strange", there)
        assert received(opened) == [b"strange"]


def test_a_filter_for_nobody_for_too_many_or_for_a_name_is_refused(open_socket):
    with closing(open_port("127.0.0.1", 0)) as opened:
        assert not admit_only(opened, set())
        assert not admit_only(opened, {("192.0.2.1", port) for port in range(9)})
        assert not admit_only(opened, {("customer.example", 4_000)})
        open_socket().sendto(b"x", opened.getsockname())
        assert received(opened) == [b"x"]


def test_a_program_for_many_senders_lets_each_of_them_through(open_socket):
    senders = [open_socket() for _ in range(4)]
    with closing(open_port("127.0.0.1", 0)) as opened:
        assert admit_only(opened, {each.getsockname() for each in senders} | {("::1", 7)})
        for each in [*senders, open_socket()]:
            each.sendto(b"x", opened.getsockname())
        assert len(received(opened)) == 4
    assert len(filter_program([("192.0.2.1", 1)])) < len(filter_program([("192.0.2.1", 1), ("::1", 2)]))


def test_sound_under_a_flood_is_bit_for_bit_that_without_one(open_socket):
    source = RtpSource(legs={"mixed": {}}, payload_types=TYPES)
    listener = Listener(source)
    owner, strangers = open_socket(), [open_socket() for _ in range(3)]
    there = ("127.0.0.1", source.ports["mixed"])
    sent = stream(2.0)
    storm = [rtp(number, number * 160, bytes(160), ssrc=number) for number in range(100)]
    kept_out = 0
    for number, each in enumerate(sent, 1):
        owner.sendto(each.data, there)
        if number % 5 == 0:
            wait_for(lambda number=number: source.report()["mixed"].packets == number)
            for stranger in strangers:
                for datagram in storm:
                    stranger.sendto(datagram, there)
                    kept_out += 1
    wait_for(lambda: source.report()["mixed"].foreign >= kept_out * 0.9)
    listener.finish()
    np.testing.assert_array_equal(listener.heard("mixed"), audio(play(one_leg(), sent)))
    report = source.report()["mixed"]
    assert (report.packets, report.lost, report.late) == (100, 0, 0)


def test_a_program_that_stood_still_hears_what_came_meanwhile_and_takes_nobody_for_silent(tmp_path):
    """A process is stopped for longer than `rtp.inactivity`, as a laptop that sleeps; the sender goes on."""
    script = tmp_path / "hear.py"
    script.write_text(
        "import sys\n"
        "from monitor.config.sections import RtpSection\n"
        "from monitor.sources.rtp.source import RtpSource\n"
        "source = RtpSource(legs={'mixed': {}}, payload_types=['96=l16/8000'], settings=RtpSection(inactivity=3.0))\n"
        "print(source.ports['mixed'], flush=True)\n"
        "said = False\n"
        "for chunk in source.chunks():\n"
        "    if source.report()['mixed'].packets >= 50 and not said:\n"
        "        said = True\n"
        "        print('heard', flush=True)\n"
        "print(source.end_reason(), source.report()['mixed'].packets, flush=True)\n"
    )
    sent = [each.data for each in stream(4.0)]
    command, surroundings = [sys.executable, str(script)], {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=surroundings) as heard,
        closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sender,
    ):
        assert heard.stdout is not None
        there = ("127.0.0.1", int(heard.stdout.readline()))
        for datagram in sent[:50]:
            sender.sendto(datagram, there)
        assert heard.stdout.readline() == "heard\n"
        os.kill(heard.pid, signal.SIGSTOP)
        for datagram in sent[50:100]:
            sender.sendto(datagram, there)
        time.sleep(3.5)
        os.kill(heard.pid, signal.SIGCONT)
        for datagram in sent[100:]:
            sender.sendto(datagram, there)
        assert heard.stdout.read() == "inactive 200\n"


def test_what_the_kernel_dropped_while_nobody_read_is_counted_and_said_once(open_socket, monkeypatch):
    class Standstill(Inbox):
        """Holds up the thread that reads all sockets."""

        begun, over = threading.Event(), threading.Event()

        def put(self, received: Sequence[Received]) -> None:
            self.begun.set()
            self.over.wait(30)

    said: list[str] = []
    monkeypatch.setattr(source_of_rtp, "log", SimpleNamespace(warning=lambda event, **_: said.append(event)))
    source = RtpSource(legs={"mixed": {}})
    listener, owner, there = Listener(source), open_socket(), ("127.0.0.1", source.ports["mixed"])
    held = open_port("127.0.0.1", 0)
    shared_receiver().add(held, Standstill())
    owner.sendto(b"x", held.getsockname())
    assert Standstill.begun.wait(30)
    count = 0
    sockets = [port.rtp for port in source._ports.values()]
    while not kernel_drops(sockets):
        for _ in range(100):
            owner.sendto(rtp(count, count * 160, bytes(160)), there)
            count += 1
    Standstill.over.set()
    wait_for(lambda: source.report()["mixed"].packets + kernel_drops(sockets) == count)
    shared_receiver().remove([held])
    listener.finish()
    report = source.report()["mixed"]
    assert report.overflow_seconds == pytest.approx((count - report.packets) * 0.02)
    assert report.overflow_seconds > 0
    assert said == ["rtp_audio_dropped"]


def test_a_consumer_that_stood_still_hears_what_came_meanwhile(open_socket):
    """As where a disk is frozen: nobody asks for chunks for longer than `rtp.inactivity`."""
    source = RtpSource(legs={"mixed": {}}, payload_types=TYPES, settings=RtpSection(inactivity=1.0))
    owner, there = open_socket(), ("127.0.0.1", source.ports["mixed"])
    sent = [each.data for each in stream(4.0)]
    chunks = source.chunks()
    for datagram in sent[:50]:
        owner.sendto(datagram, there)
    while source.report()["mixed"].packets < 50:
        next(chunks)
    time.sleep(1.5)
    for datagram in sent[50:]:
        owner.sendto(datagram, there)
    for _ in chunks:
        if source.report()["mixed"].packets == 200:
            source.stop()
    assert (source.end_reason(), source.report()["mixed"].packets) == ("stopped", 200)
