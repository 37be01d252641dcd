"""The live source on real sockets."""

import socket
import struct
import time
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from monitor.config.sections import RtpSection
from monitor.errors import BusyError, SourceError
from monitor.sources.rtp.datagrams import Received
from monitor.sources.rtp.ports import open_port
from monitor.sources.rtp.receiver import INBOX_LIMIT, Inbox, shared_receiver
from monitor.sources.rtp.source import RtpSource
from tests.sources.rtp.free_ports import free_port
from tests.sources.rtp.listening import Listener, wait_for
from tests.sources.rtp.sender import audio, one_leg, play, rtp, stream

TONE = stream(1.0)
TYPES = ["96=l16/8000"]


@pytest.fixture
def sender():
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as opened:
        opened.bind(("127.0.0.1", 0))
        yield opened


def send(sender: socket.socket, port: int, datagrams: list[bytes]) -> None:
    for datagram in datagrams:
        sender.sendto(datagram, ("127.0.0.1", port))


def goodbye(ssrc: int) -> bytes:
    return struct.pack(">BBHI", 0x81, 203, 1, ssrc)


def test_what_is_sent_to_the_port_is_heard_and_its_end_by_goodbye_is_clean(sender):
    source = RtpSource(legs={"mixed": {}}, payload_types=TYPES)
    listener = Listener(source)
    send(sender, source.ports["mixed"], [each.data for each in TONE])
    send(sender, source.ports["mixed"] + 1, [goodbye(0xC0FFEE)])
    listener.finish(stop=False)
    assert source.end_reason() == "finished"
    assert 1.0 <= len(listener.heard("mixed")) / 16_000 < 1.5
    assert source.report()["mixed"].packets == 50


def test_a_burst_after_a_stall_on_the_network_is_heard_as_a_capture_of_it_would_be(sender):
    source = RtpSource(legs={"mixed": {}}, payload_types=TYPES)
    listener = Listener(source)
    both = stream(2.0)
    send(sender, source.ports["mixed"], [each.data for each in both[:10]])
    wait_for(lambda: source.report()["mixed"].packets == 10)
    time.sleep(1.8)  # more than silence used to be put in after
    send(sender, source.ports["mixed"], [each.data for each in both[10:]])
    wait_for(lambda: source.report()["mixed"].packets == 100)
    listener.finish()
    held_back = [replace(each, at=0.0 if index < 10 else 1.8) for index, each in enumerate(both)]
    np.testing.assert_array_equal(listener.heard("mixed"), audio(play(one_leg(), held_back)))
    assert source.report()["mixed"].late == 0


def test_rtcp_may_come_on_the_rtp_port(sender):
    source = RtpSource(legs={"mixed": {}}, payload_types=TYPES)
    listener = Listener(source)
    send(sender, source.ports["mixed"], [*(each.data for each in TONE), goodbye(0xC0FFEE)])
    listener.finish(stop=False)
    assert source.end_reason() == "finished"


def test_a_call_without_packets_ends_as_inactive():
    source = RtpSource(settings=RtpSection(inactivity=0.3))
    listener = Listener(source)
    listener.finish(stop=False)
    assert source.end_reason() == "inactive"
    assert len(listener.heard("customer")) == len(listener.heard("agent")) == 0


def test_a_call_whose_packets_cease_ends_as_inactive_with_what_was_heard(sender):
    source = RtpSource(legs={"mixed": {}}, payload_types=TYPES, settings=RtpSection(inactivity=1.0))
    listener = Listener(source)
    send(sender, source.ports["mixed"], [each.data for each in TONE])
    listener.finish(stop=False)
    assert source.end_reason() == "inactive"
    assert len(listener.heard("mixed")) >= 16_000


def test_legs_are_given_ports_of_the_range_even_ones_and_freed_at_the_end():
    source = RtpSource(settings=RtpSection(port_low=31_000, port_high=31_099))
    ports = source.ports
    assert all(31_000 <= port <= 31_099 and port % 2 == 0 for port in ports.values())
    assert ports["customer"] != ports["agent"]
    source.stop()
    open_port("127.0.0.1", ports["customer"]).close()
    open_port("127.0.0.1", ports["customer"] + 1).close()


def test_a_port_that_is_taken_is_said_in_one_line(sender):
    port = sender.getsockname()[1]
    with pytest.raises(SourceError, match=f"RTP port 127.0.0.1:{port} is taken"):
        RtpSource(legs={"customer": {"port": port}})


def test_a_failed_opening_frees_what_it_had_opened(sender):
    taken, free = sender.getsockname()[1], free_port()
    with pytest.raises(SourceError):
        RtpSource(legs={"customer": {"port": free}, "agent": {"port": taken}})
    open_port("127.0.0.1", free).close()


def test_a_range_without_a_free_pair_says_so():
    limits = RtpSection(port_low=31_200, port_high=31_202)
    first = RtpSource(legs={"mixed": {}}, settings=limits)
    with pytest.raises(BusyError, match="no free port pair for RTP from 31200 to 31202"):
        RtpSource(legs={"mixed": {}}, settings=limits)
    first.stop()


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(SourceError, match="not an address of this machine"):
        RtpSource(settings=RtpSection(bind="192.0.2.1"))


def test_stop_before_chunks_and_twice_is_clean():
    source = RtpSource()
    source.stop()
    source.stop()
    assert all(len(chunk.samples) == 0 for chunk in source.chunks())
    assert source.end_reason() == "stopped"


def test_what_was_sent_before_the_stop_is_still_heard(sender):
    source = RtpSource(legs={"mixed": {}}, payload_types=TYPES)
    listener = Listener(source)
    wait_for(lambda: len(listener.chunks) >= 2)
    send(sender, source.ports["mixed"], [each.data for each in TONE])
    listener.finish()
    assert len(listener.heard("mixed")) == 16_000


def test_a_live_source_yields_though_nothing_comes():
    source = RtpSource()
    listener = Listener(source)
    wait_for(lambda: len(listener.chunks) >= 5)
    listener.finish()
    assert {len(chunk.samples) for chunk in listener.chunks} == {0}


def test_a_silent_leg_goes_on_beside_one_that_speaks(sender):
    source = RtpSource(legs={"customer": {}, "agent": {}}, payload_types=TYPES)
    listener = Listener(source)
    send(sender, source.ports["customer"], [each.data for each in TONE])
    wait_for(lambda: listener.seconds() >= 1.0)
    listener.finish()
    assert len(listener.heard("agent")) == len(listener.heard("customer")) >= 16_000
    assert not listener.heard("agent").any()


def test_two_legs_on_one_port_are_told_apart_by_ssrc(sender):
    number = free_port()
    source = RtpSource(legs={"customer": {"port": number, "ssrc": 7}, "agent": {"port": number, "ssrc": 8}})
    listener = Listener(source)
    send(sender, number, [rtp(index, index * 160, bytes(160), ssrc=ssrc) for index in range(50) for ssrc in (8, 7, 9)])
    wait_for(lambda: listener.seconds() >= 1.0)
    listener.finish()
    assert [report.packets for report in source.report().values()] == [50, 50]
    assert sum(report.foreign for report in source.report().values()) == 50


def test_the_receive_thread_survives_a_storm_of_anything(sender):
    source = RtpSource(legs={"mixed": {}}, payload_types=TYPES)
    listener = Listener(source)
    send(sender, source.ports["mixed"], [bytes([index & 0xFF]) * (index % 300) for index in range(500)])
    wait_for(lambda: source.report()["mixed"].malformed > 100)  # the kernel may have no room for more
    send(sender, source.ports["mixed"], [each.data for each in TONE])
    wait_for(lambda: listener.seconds() >= 1.0)
    listener.finish()
    assert source.report()["mixed"].packets == 50
    assert source.report()["mixed"].malformed > 100


def test_a_full_inbox_drops_the_oldest_and_counts():
    inbox = Inbox(limit=3)
    for index in range(5):
        inbox.put([Received(0.0, bytes([index]), ("a", 1))])
    assert [received.data[0] for received in inbox.take()] == [2, 3, 4]
    assert (inbox.overflowed, inbox.take()) == (2, [])


def test_audio_that_was_not_taken_in_time_is_reported_and_the_latest_is_kept(sender):
    source = RtpSource(legs={"mixed": {}})
    send(sender, source.ports["mixed"], [rtp(index, index * 160, bytes(160)) for index in range(INBOX_LIMIT + 500)])
    sent = time.monotonic()
    wait_for(lambda: shared_receiver().read_until > sent)
    listener = Listener(source)
    wait_for(lambda: source.report()["mixed"].packets > 0)
    listener.finish()
    report = source.report()["mixed"]
    assert report.packets <= INBOX_LIMIT
    assert report.overflow_seconds >= 500 * 0.02


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"legs": {"customer": {"port": 70_000}}}, "port"),
        ({"legs": {"customer": {"codec": "amr/8000"}}}, "cannot decode"),
        ({"legs": {"customer": {"payload_type": 111}}}, "payload_type needs codec"),
        ({"legs": {"customer": {"peer": "nobody"}}}, "peer"),
        ({"sdp": "v=0\nm=audio 4000 RTP/AVP 0\nm=audio 4002 RTP/AVP 0\nm=audio 4004 RTP/AVP 0"}, "3 audio sections"),
        ({"sdp": "v=0\nm=audio 4000 RTP/AVP 96\na=rtpmap:96 AMR/8000"}, "nothing that is decoded: amr/8000"),
        ({"sdp": "v=0\nm=audio 4000 RTP/AVP 0\na=recvonly"}, "no audio that is sent"),
        ({"sdp": "/nowhere/call.sdp"}, "cannot read the SDP file"),
        ({"payload_types": {"111": "opus/8000"}}, "cannot decode"),
    ],
)
def test_wrong_options_are_refused_with_the_reason(options, reason):
    with pytest.raises(SourceError, match=reason):
        RtpSource(**options)


def test_an_offer_names_payload_types_and_its_ports_are_the_other_sides():
    source = RtpSource(sdp="v=0\nm=audio 4000 RTP/AVP 111\na=rtpmap:111 opus/48000/2\nm=audio 4002 RTP/AVP 0\n")
    assert source.legs == ("customer", "agent")
    assert not {4_000, 4_002} & set(source.ports.values())
    source.stop()


def test_a_section_that_only_receives_is_no_leg():
    source = RtpSource(sdp="v=0\nm=audio 4000 RTP/AVP 0\na=sendonly\nm=audio 4002 RTP/AVP 0\na=recvonly\n")
    assert source.legs == ("mixed",)
    source.stop()


def test_a_session_file_names_the_port_to_listen_on(tmp_path):
    number = free_port()
    path = tmp_path / "call.sdp"
    path.write_text(f"SDP:\nv=0\nc=IN IP4 127.0.0.1\nm=audio {number} RTP/AVP 0\n")
    source = RtpSource(sdp=path)
    assert source.ports == {"mixed": number}
    source.stop()


def test_ipv6_is_received():
    settings = RtpSection(bind="::1")
    try:
        source = RtpSource(legs={"mixed": {}}, settings=settings)
    except SourceError as error:
        pytest.skip(f"no IPv6 here: {error}")
    listener = Listener(source)
    with closing(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)) as sender:
        [sender.sendto(rtp(index, index * 160, bytes(160)), ("::1", source.ports["mixed"])) for index in range(50)]
        wait_for(lambda: source.report()["mixed"].packets == 50)
    listener.finish()
    assert np.isfinite(listener.heard("mixed")).all()
