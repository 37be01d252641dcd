import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.sources.captures.fragments import MAX_AGE, MAX_HELD, Fragments
from monitor.sources.captures.network import Datagram, NetworkReader, Segment
from tests.sources.captures.wrapping import TUNNELS, fragments_4, fragments_6, framed, ip, tcp, vxlan
from tests.sources.rtp.recording import ethernet, udp

HERE, THERE = ("192.0.2.1", 4_000), ("203.0.113.7", 7_000)
SIX = (("2001:db8::1", 4_000), ("2001:db8::2", 7_000))
PAYLOAD = bytes(range(256)) * 12
WHOLE = Datagram(HERE, THERE, PAYLOAD)


def read(frames, link=1, reader=None):
    reader = reader or NetworkReader()
    return [found for index, frame in enumerate(frames) if (found := reader.read(link, frame, index * 0.001))]


@pytest.mark.parametrize("wrap", TUNNELS)
def test_a_datagram_is_found_in_every_tunnel(wrap):
    assert read([wrap(udp(HERE, THERE, PAYLOAD[:172]))]) == [Datagram(HERE, THERE, PAYLOAD[:172])]


@pytest.mark.parametrize(
    ("link", "head"),
    [
        (9, b"\xff\x03\x00\x21"),
        (9, b"\x21"),
        (50, b"\xff\x03\x00\x21"),
        (51, b"\x11\0\0\x07\0\0\x00\x21"),
        (104, b"\x0f\0\x08\0"),
    ],
    ids=["ppp", "ppp, compressed", "ppp in hdlc", "pppoe", "cisco hdlc"],
)
def test_link_layers_of_serial_and_subscriber_lines_are_read(link, head):
    assert read([head + udp(HERE, THERE, PAYLOAD)], link) == [WHOLE]


def test_ip_version_6_in_version_4_is_read():
    assert read([framed(0x0800, ip(41, udp(*SIX, b"x")))]) == [Datagram(*SIX, b"x")]


def test_a_datagram_to_a_tunnels_port_that_is_no_tunnel_is_itself():
    to = ("203.0.113.7", 4_789)
    assert read([ethernet(udp(HERE, to, b"\x80\x00audio...."))]) == [Datagram(HERE, to, b"\x80\x00audio....")]


def test_tunnels_in_tunnels_without_end_are_given_up():
    frame = udp(HERE, THERE, b"x")
    for _ in range(40):
        frame = vxlan(frame)[14:]
    assert read([ethernet(frame)]) == []


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("cut", [fragments_4, fragments_6])
def test_fragments_in_either_order_are_one_datagram(cut, order):
    ends = (HERE, THERE) if cut is fragments_4 else SIX
    assert read(cut(udp(*ends, PAYLOAD), 1_480)[::order]) == [Datagram(*ends, PAYLOAD)]


def test_fragments_captured_twice_are_one_datagram():
    pieces = fragments_4(udp(HERE, THERE, PAYLOAD), 1_480)
    assert read([pieces[0], pieces[0], pieces[1], pieces[1], pieces[2]]) == [WHOLE]


def test_fragments_of_different_packets_are_not_mixed():
    one, other = (fragments_4(udp(HERE, THERE, PAYLOAD), 1_480, identification) for identification in (1, 2))
    assert read([one[0], other[1], other[2]]) == []


def test_fragments_in_a_tunnel_are_put_together():
    assert read([vxlan(piece[14:]) for piece in fragments_4(udp(HERE, THERE, PAYLOAD), 1_480)]) == [WHOLE]


def test_a_tunnel_in_fragments_is_put_together():
    assert read(fragments_4(vxlan(udp(HERE, THERE, PAYLOAD))[14:], 1_480)) == [WHOLE]


def test_a_fragment_whose_rest_never_comes_is_counted_by_its_hosts():
    reader = NetworkReader()
    assert read(fragments_4(udp(HERE, THERE, PAYLOAD), 1_480)[:1], reader=reader) == []
    assert reader.fragments.incomplete((HERE[0], THERE[0])) == 1
    assert reader.fragments.incomplete((THERE[0], HERE[0])) == 0


def test_old_fragments_are_given_up_and_do_not_meet_the_next_packet_of_their_number():
    fragments = Fragments()
    key = (("a", "b"), 1, 17)
    assert fragments.add(key, 0, True, bytes(8), 0.0) is None
    assert fragments.add(key, 8, False, bytes(8), MAX_AGE + 1) is None
    assert fragments.incomplete(("a", "b")) == 2


def test_a_storm_of_fragments_is_held_within_bounds():
    fragments = Fragments()
    for number in range(10 * MAX_HELD):
        fragments.add((("a", "b"), number, 17), 0, True, bytes(8), 0.0)
    assert len(fragments._held) == MAX_HELD


def test_a_datagram_captured_in_part_says_so():
    assert read([ethernet(udp(HERE, THERE, PAYLOAD))[:-100]]) == [WHOLE._replace(payload=PAYLOAD[:-100], cut=True)]


def test_padding_of_a_short_frame_is_no_part_of_a_segment():
    assert read([tcp(HERE, THERE, 7, b"hi", padding=bytes(10))]) == [Segment(HERE, THERE, 7, b"hi", False)]


def test_a_segment_that_opens_a_connection_counts_as_one_byte():
    assert read([tcp(HERE, THERE, 0xFFFFFFFF, b"", flags=2)]) == [Segment(HERE, THERE, 0, b"", True)]


WRAPPED = [wrap(udp(HERE, THERE, bytes(40))) for wrap in TUNNELS] + fragments_4(udp(HERE, THERE, PAYLOAD), 1_480)


@given(st.sampled_from([0, 1, 9, 51, 101, 113, 276]), st.binary(max_size=200))
def test_any_bytes_are_read_without_an_error(link, frame):
    assert isinstance(NetworkReader().read(link, frame, 0.0), Datagram | Segment | None)


@given(st.sampled_from(WRAPPED), st.integers(0, 2_000), st.integers(0, 2**32))
def test_a_damaged_tunnel_is_read_without_an_error(frame, length, seed):
    chance = random.Random(seed)
    damaged = bytes(byte if chance.random() > 0.05 else chance.randrange(256) for byte in frame[:length])
    found = NetworkReader().read(1, damaged, 0.0)
    assert isinstance(found, Datagram | Segment | None)
