import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.sources.rtp.jitter import MAX_HELD, JitterBuffer, Released
from monitor.sources.rtp.packet import RtpPacket


def packet(index: int, first: int = 0) -> RtpPacket:
    return RtpPacket(0, False, first + index & 0xFFFF, (first + index) * 160 & 0xFFFFFFFF, 1, bytes([index & 0xFF]))


def played(released: list[Released]) -> list[int]:
    return [item.packet.payload[0] for item in released]


def run(buffer: JitterBuffer, order: list[int], first: int = 0, spacing: float = 0.02) -> list[Released]:
    released = []
    for place, index in enumerate(order):
        buffer.push(packet(index, first), place * spacing)
        released += buffer.take(place * spacing)
    return released + buffer.flush()


@st.composite
def nearly_sorted(draw: st.DrawFn) -> list[int]:
    """0 to 39, each at most two places from home, some of them twice or three times."""
    keys = [index + draw(st.floats(0, 1.99)) for index in range(40)]
    order = sorted(range(40), key=lambda index: keys[index])
    copies = draw(st.lists(st.integers(0, 39), max_size=8))
    for index in copies:
        order.insert(order.index(index) + 1, index)
    return order


@given(nearly_sorted(), st.integers(0, 0xFFFF), st.sampled_from([0.0, 0.005]))
def test_any_order_within_the_depth_is_put_right_whatever_the_numbers_start_with(order, first, spacing):
    buffer = JitterBuffer(0.06)
    assert played(run(buffer, order, first, spacing)) == list(range(40))
    assert (buffer.lost, buffer.late, buffer.packets, buffer.duplicates) == (0, 0, 40, len(order) - 40)


@given(st.sets(st.integers(1, 38)), st.integers(0, 0xFFFF))
def test_what_never_comes_is_counted_once(missing, first):
    buffer = JitterBuffer(0.06)
    released = run(buffer, [index for index in range(40) if index not in missing], first)
    assert buffer.lost == sum(item.lost for item in released) == len(missing)
    assert played(released) == [index for index in range(40) if index not in missing]


def test_a_packet_that_is_next_does_not_wait():
    buffer = JitterBuffer(0.06)
    run(buffer, [0, 1, 2])
    buffer.push(packet(3), 0.06)
    assert played(buffer.take(0.06)) == [3]


def test_packets_behind_a_hole_wait_for_the_depth_and_no_longer():
    buffer = JitterBuffer(0.06)
    run(buffer, [0, 1])
    buffer.push(packet(3), 1.0)
    assert (buffer.take(1.05), buffer.waiting) == ([], True)
    assert played(buffer.take(1.06)) == [3]


def test_what_waits_is_bounded_where_arrival_times_stand_still():
    buffer = JitterBuffer(0.06)
    released = []
    for index in [0, *range(2, MAX_HELD + 2)]:
        buffer.push(packet(index), 0.0)
        released += buffer.take(0.0)
    assert len(released) == MAX_HELD + 1


def test_a_packet_whose_place_has_been_given_up_is_late_and_a_second_copy_is_a_duplicate():
    buffer = JitterBuffer(0.06)
    released = run(buffer, [0, 1, 3, 4, 5, 6, 7, 2, 2, 6])
    assert (played(released), buffer.late, buffer.duplicates, buffer.lost) == ([0, 1, 3, 4, 5, 6, 7], 1, 2, 1)


def test_reordered_packets_are_counted():
    buffer = JitterBuffer(0.06)
    run(buffer, [0, 1, 3, 2, 4, 5])
    assert buffer.reordered == 1


def test_a_sender_that_begins_anew_is_followed_after_two_packets_and_nothing_is_called_lost():
    buffer = JitterBuffer(0.06)
    released = run(buffer, [0, 1, 2]) + run(buffer, [100, 101, 102], first=20_000)
    assert played(released) == [0, 1, 2, 100, 101, 102]
    assert [item.restarted for item in released] == [False, False, False, True, False, False]
    assert buffer.lost == 0


def test_one_stray_packet_changes_nothing():
    buffer = JitterBuffer(0.06)
    run(buffer, [0, 1])
    buffer.push(packet(77, first=30_000), 0.05)
    assert played(run(buffer, [2, 3])) == [2, 3]


def test_a_negative_depth_is_refused():
    with pytest.raises(ValueError, match="-1"):
        JitterBuffer(-1)
