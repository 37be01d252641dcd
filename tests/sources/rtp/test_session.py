"""Two legs side by side, whose packets they take, and what they do with everything else."""

import struct
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.audio.codecs import Encoding
from monitor.sources.rtp.session import LegSpec, Session
from monitor.sources.rtp.stream import PayloadTypes
from tests.sources.rtp.sender import (
    AGENT,
    CUSTOMER,
    L16_8K,
    PACKET,
    STRANGER,
    TYPES,
    Sent,
    audio,
    gaps,
    one_leg,
    play,
    rtp,
    stream,
    tone,
    two_legs,
)

SSRC, OTHER = 0xC0FFEE, 0xBEEF


def agent(seconds: float, start: float = 0.0, **options: object) -> list[Sent]:
    return stream(seconds, start=start, ssrc=OTHER, address=AGENT, port=1, hertz=300.0, **options)  # type: ignore[arg-type]


def sender_report(ssrc: int, wall: float, timestamp: int) -> bytes:
    seconds = int(wall)
    return struct.pack(
        ">BBHIIIIII", 0x80, 200, 6, ssrc, seconds + 2_208_988_800, round((wall - seconds) * 2**32), timestamp & 0xFFFFFFFF, 0, 0
    )


def goodbye(ssrc: int) -> bytes:
    return struct.pack(">BBHI", 0x81, 203, 1, ssrc)


def test_legs_are_placed_by_the_arrival_of_their_first_packets():
    chunks = play(two_legs(), stream(2.0) + agent(1.0, start=0.5))
    assert len(audio(chunks, "customer")) == len(audio(chunks, "agent")) == 32_000
    assert gaps(chunks, "agent") == [(0, 8_000, "silence"), (24_000, 32_000, "silence")]
    np.testing.assert_allclose(audio(chunks, "agent")[8_400:23_600], tone(1.0, 16_000, 300.0)[400:15_600], atol=2e-3)


def test_a_leg_that_sends_nothing_is_silence_a_little_behind_the_present():
    session = two_legs()
    sent = stream(3.0)
    for each in sent:
        session.receive(0, each.data, each.address, each.at)
        list(session.advance(each.at))
    assert session.taken("customer") - session.taken("agent") < 0.2 * 16_000
    assert session.taken("agent") > 2.7 * 16_000


def test_a_leg_that_speaks_now_and_then_stays_aligned():
    pauses = [
        packet
        for start in (0, 2, 4, 6)
        for packet in agent(1.0, float(start), sequence=1 + start * 25, timestamp=start * 8_000)
    ]
    chunks = play(two_legs(), stream(7.0) + pauses)
    assert gaps(chunks, "agent") == [(16_000 * second, 16_000 * (second + 1), "silence") for second in (1, 3, 5)]


def test_a_timestamp_that_jumps_on_one_leg_leaves_the_other_as_it_was():
    jumps = stream(1.0) + stream(1.0, start=1.0, sequence=51, timestamp=8_000 * 61)
    chunks = play(two_legs(), jumps + agent(2.0))
    np.testing.assert_array_equal(audio(chunks, "agent"), audio(play(two_legs(), stream(2.0) + agent(2.0)), "agent"))
    assert gaps(chunks, "agent") == gaps(chunks, "customer") == []


def test_a_leg_that_waits_for_what_may_still_come_does_not_hold_up_the_other():
    session = two_legs()
    one_stops = sorted(stream(1.0) + agent(20.0), key=lambda each: each.at)
    for each in one_stops:
        session.receive(each.port, each.data, each.address, each.at)
        list(session.advance(each.at))
    assert session.taken("agent") >= 19.9 * 16_000
    assert session.taken("customer") == pytest.approx(5.0 * 16_000, abs=960)


def test_a_leg_that_said_goodbye_is_waited_for_once():
    session = two_legs()
    ended = [*stream(1.0), Sent(1.0, goodbye(SSRC), CUSTOMER), *agent(20.0)]
    for each in sorted(ended, key=lambda each: each.at):
        session.receive(each.port, each.data, each.address, each.at)
        list(session.advance(each.at))
    assert session.taken("agent") - session.taken("customer") < 0.2 * 16_000


def test_no_leg_stays_further_behind_than_four_stalls_however_little_comes():
    drops = [
        each for index in range(20) for each in stream(0.02, start=index * 10.0, sequence=1 + index, timestamp=index * PACKET)
    ]
    session = two_legs()
    for each in sorted(drops + agent(200.0), key=lambda each: each.at):
        session.receive(each.port, each.data, each.address, each.at)
        list(session.advance(each.at))
    assert session.taken("agent") - session.taken("customer") <= 61 * 16_000


def test_another_sender_cannot_take_a_leg():
    session = one_leg()
    attack = stream(2.0, start=1.0, ssrc=OTHER, address=STRANGER, hertz=1_000.0)
    same_ssrc = stream(2.0, start=1.0, sequence=500, address=STRANGER, hertz=1_000.0)
    heard = audio(play(session, stream(4.0) + attack + same_ssrc))
    np.testing.assert_array_equal(heard, audio(play(one_leg(), stream(4.0))))
    assert session.report()["mixed"].foreign == 200
    assert [event.detail.split(":")[0] for event in session.moves()] == [
        "SSRC 0x0000beef from 198.51.100.9",
        "SSRC 0x00c0ffee from 198.51.100.9",
    ]


def test_a_storm_of_foreign_senders_is_counted_but_told_of_only_a_few_times():
    storm = [each for ssrc in range(100, 150) for each in stream(0.1, start=0.5, ssrc=ssrc, address=STRANGER)]
    session = one_leg()
    play(session, stream(1.0) + storm)
    assert (session.report()["mixed"].foreign, len(session.moves())) == (250, 5)


def test_a_new_ssrc_of_the_same_address_is_followed_without_a_loss():
    session = one_leg()
    chunks = play(session, stream(1.0) + stream(1.0, start=1.0, sequence=9_000, timestamp=77_777, ssrc=OTHER))
    report = session.report()["mixed"]
    assert (report.packets, report.lost, report.foreign) == (100, 0, 0)
    assert (len(audio(chunks)), gaps(chunks)) == (32_000, [])
    [moved] = session.moves()
    assert "0x0000beef" in moved.detail and moved.leg == "mixed"


def test_one_packet_of_a_new_ssrc_is_not_enough():
    session = one_leg()
    play(session, stream(1.0) + stream(0.02, start=1.1, ssrc=OTHER))
    assert (session.report()["mixed"].packets, session.moves()) == (50, [])


def test_a_stream_that_goes_on_from_another_port_of_its_host_is_followed_without_a_loss():
    behind_nat = [replace(each, address=(CUSTOMER[0], 50_123)) for each in stream(1.0, start=1.0, sequence=51, timestamp=8_000)]
    session = one_leg(allow_move=False)
    chunks = play(session, stream(1.0) + behind_nat)
    np.testing.assert_array_equal(audio(chunks), audio(play(one_leg(), stream(2.0))))
    assert (session.report()["mixed"].packets, session.report()["mixed"].foreign, len(session.moves())) == (100, 0, 1)


def test_a_stream_that_goes_on_from_another_port_after_a_stall_is_followed_without_a_loss():
    held_back = [
        replace(each, address=(CUSTOMER[0], 50_123), at=max(each.at, 9.0))
        for each in stream(10.0, start=1.0, sequence=51, timestamp=8_000)
    ]
    session = one_leg()
    chunks = play(session, stream(1.0) + held_back)
    np.testing.assert_array_equal(audio(chunks), audio(play(one_leg(), stream(11.0))))
    assert session.report()["mixed"].packets == 550


def test_another_stream_from_the_owners_host_does_not_go_on_in_its_place():
    beside = [replace(each, address=(CUSTOMER[0], 50_123)) for each in stream(1.0, start=0.5, sequence=9_000)]
    session = one_leg()
    play(session, stream(2.0) + beside)
    assert (session.report()["mixed"].packets, session.report()["mixed"].foreign) == (100, 50)


def test_another_address_takes_over_once_the_owner_has_been_silent():
    session = one_leg()
    chunks = play(session, stream(1.0) + stream(1.0, start=6.0, sequence=1, ssrc=OTHER, address=STRANGER))
    assert gaps(chunks) == [(16_000, 96_000, "silence")]
    assert len(session.moves()) == 1


def test_another_address_never_takes_over_where_moving_is_not_allowed():
    session = one_leg(allow_move=False)
    play(session, stream(1.0) + stream(1.0, start=6.0, ssrc=OTHER, address=STRANGER))
    assert (session.report()["mixed"].packets, session.report()["mixed"].foreign) == (50, 50)


def test_a_leg_with_a_peer_hears_no_other_host():
    session = Session([LegSpec("mixed", 0, TYPES, peer=CUSTOMER[0])], jitter_buffer=0.06)
    play(session, stream(0.5, ssrc=OTHER, address=STRANGER) + stream(1.0, start=0.5))
    report = session.report()["mixed"]
    assert (report.packets, report.foreign, report.seconds) == (50, 25, 1.0)


def test_two_streams_on_one_port_are_two_legs_in_the_order_in_which_they_come():
    session = Session([LegSpec("customer", 0, TYPES), LegSpec("agent", 0, TYPES)], jitter_buffer=0.06)
    second = [replace(each, port=0, address=CUSTOMER) for each in agent(1.0, start=0.1)]
    chunks = play(session, stream(1.0) + second)
    assert gaps(chunks, "agent") == [(0, 1_600, "silence")]
    assert session.report()["customer"].packets == session.report()["agent"].packets == 50


def test_legs_on_one_port_may_name_their_ssrc():
    specs = [LegSpec("customer", 0, TYPES, ssrc=OTHER), LegSpec("agent", 0, TYPES, ssrc=SSRC)]
    session = Session(specs, jitter_buffer=0.06)
    late = [replace(each, port=0, address=CUSTOMER) for each in agent(1.0, start=0.1)]
    chunks = play(session, stream(1.0) + late + stream(1.0, ssrc=3))
    assert gaps(chunks, "customer") == [(0, 1_600, "silence")]
    assert sum(report.foreign for report in session.report().values()) == 50


def test_a_storm_of_random_datagrams_changes_nothing():
    storm = [
        Sent(index * 0.001, bytes((index * 37 + place * place) & 0xFF for place in range(index % 90)))
        for index in range(1, 2_000)
    ]
    session = one_leg()
    np.testing.assert_array_equal(audio(play(session, stream(2.0) + storm)), audio(play(one_leg(), stream(2.0))))
    assert session.report()["mixed"].malformed > 1_000


@given(st.lists(st.binary(max_size=64) | st.binary(max_size=64).map(lambda tail: b"\x80\x00" + tail), max_size=60))
def test_no_bytes_whatever_make_it_raise(datagrams):
    session = two_legs()
    chunks = play(session, [Sent(index * 0.01, data) for index, data in enumerate(datagrams)], until=1.0)
    assert len(audio(chunks, "customer")) == len(audio(chunks, "agent"))


def test_goodbyes_of_all_legs_end_the_call_and_a_packet_revokes_them():
    session = two_legs()
    play(session, stream(0.5) + agent(0.5) + [Sent(0.5, goodbye(SSRC), CUSTOMER)])
    assert not session.ended
    session.receive(1, goodbye(OTHER), AGENT, 0.5)
    assert session.ended
    session.receive(0, rtp(26, 4_000, bytes(160)), CUSTOMER, 0.6)
    assert not session.ended


def test_a_goodbye_from_another_host_is_ignored():
    session = one_leg()
    play(session, [*stream(0.5), Sent(0.5, goodbye(SSRC), STRANGER)])
    assert not session.ended


def test_a_goodbye_counts_from_where_the_owners_rtcp_comes_from_alone():
    from_port = lambda port: (CUSTOMER[0], port)  # noqa: E731
    for port, reports, ended in [
        (CUSTOMER[1], None, True),
        (CUSTOMER[1] + 1, None, True),
        (9_999, None, False),
        (9_999, 9_999, True),
        (9_998, 9_999, False),
    ]:
        session = one_leg()
        play(session, stream(0.5))
        if reports is not None:
            session.receive(0, sender_report(SSRC, 1_700_000_000.0, 0), from_port(reports), 0.5)
        session.receive(0, goodbye(SSRC), from_port(port), 0.5)
        assert session.ended == ended, port


def test_a_stranger_who_sends_a_few_packets_first_does_not_keep_the_call_out():
    early = [Sent(-1.0 + 0.02 * number, rtp(number, number * 160, bytes(160), ssrc=5), STRANGER) for number in range(3)]
    now_and_then = [Sent(number * 0.5, rtp(3 + number, number * 4_000, bytes(160), ssrc=5), STRANGER) for number in range(6)]
    session = one_leg(allow_move=False)
    play(session, [*early, *now_and_then, *stream(3.0)])
    report = session.report()["mixed"]
    assert report.packets >= 150
    assert report.foreign == 5
    assert any("sent next to nothing" in event.detail for event in session.moves() if hasattr(event, "detail"))


def in_bursts(sent: list[Sent]) -> list[Sent]:
    """As `ffmpeg -re` sends a compressed file: half a second at a time, the first at once, and then a second late for good."""
    return [replace(each, at=each.at // 0.5 * 0.5 + (1.0 if each.at >= 0.5 else 0.0)) for each in sent]


def test_legs_that_come_in_bursts_after_a_stall_lose_nothing():
    session = two_legs()
    chunks = play(session, in_bursts(stream(30.0)) + [each.delayed(0.005) for each in in_bursts(agent(30.0))])
    assert [(report.late, report.reanchored) for report in session.report().values()] == [(0, 0), (0, 0)]
    assert gaps(chunks, "customer") == [(480_000, 480_080, "silence")]
    assert gaps(chunks, "agent") == [(0, 80, "silence")]


def test_sender_reports_of_one_host_align_the_starts_of_its_legs():
    same_host = (CUSTOMER[0], 4_010)
    delayed = [replace(each, address=same_host) for each in agent(3.0, start=0.3)]  # sent together with the customer's
    reports = [
        Sent(1.0, sender_report(SSRC, 1_000_001.0, 8_000), (CUSTOMER[0], 4_001)),
        Sent(1.0, sender_report(OTHER, 1_000_001.2, 8_000), same_host, port=1),
    ]
    chunks = play(two_legs(), stream(3.0) + delayed + reports)
    inserted = [(start, stop) for start, stop, _ in gaps(chunks, "customer") if stop < 40_000]
    assert [stop - start for start, stop in inserted] == [1_600]


def test_sender_reports_of_two_hosts_are_not_compared():
    reports = [
        Sent(1.0, sender_report(SSRC, 1_000_001.0, 8_000)),
        Sent(1.0, sender_report(OTHER, 1_000_001.4, 8_000), AGENT, port=1),
    ]
    chunks = play(two_legs(), stream(3.0) + agent(3.0) + reports)
    assert gaps(chunks, "customer") == gaps(chunks, "agent") == []


@pytest.mark.parametrize("parts_per_million", [-300, 300])
def test_a_sender_whose_clock_is_off_stays_within_the_tolerance(parts_per_million):
    pace = 1 + parts_per_million * 1e-6  # of arrivals, by our clock
    sent = [replace(each, at=each.at * pace) for each in stream(400.0)]
    session = one_leg()
    heard = audio(play(session, sent))
    assert len(heard) / 16_000 == pytest.approx(400.0 * pace, abs=0.015)
    assert session.report()["mixed"].late == 0


def unknown_type(number: int, count: int, start: float = 0.0, sequence: int = 1, apart: float = 0.02) -> list[Sent]:
    return [
        Sent(start + index * apart, rtp(sequence + index, index * PACKET, bytes(160), payload_type=number))
        for index in range(count)
    ]


def test_a_payload_type_of_which_nobody_told_is_said_once_with_what_to_do():
    session = one_leg()
    play(session, unknown_type(111, 500))
    [event] = session.moves()
    assert (event.type, event.leg, session.moves()) == ("hearing", "mixed", [])
    assert "nothing tells what payload type 111 carries (payload_types: {111: ENCODING}" in event.detail
    report = session.report()["mixed"]
    assert (report.refused, report.malformed) == (500, 0)


def test_a_payload_type_that_is_known_and_not_decoded_is_named():
    session = Session([LegSpec("mixed", 0, PayloadTypes({97: Encoding("amr", 8_000)}))], jitter_buffer=0.06)
    play(session, unknown_type(97, 50))
    assert [event.detail for event in session.moves()] == ["not heard: payload type 97 is amr/8000, which is not decoded"]


def test_a_leg_that_changes_to_an_unknown_payload_type_says_so_and_is_silent():
    session = one_leg()
    chunks = play(session, stream(1.0) + unknown_type(111, 1_000, start=1.0, sequence=51), until=21.0)
    assert ["111" in event.detail for event in session.moves()] == [True]
    assert (session.report()["mixed"].refused, session.report()["mixed"].malformed) == (1_000, 0)
    assert len(audio(chunks)) >= 5 * 16_000


def test_keep_alives_of_an_unused_payload_type_are_not_told_of():
    session = one_leg()
    play(session, stream(20.0) + unknown_type(20, 10, start=0.5, sequence=5_000, apart=2.0))
    assert session.moves() == []


def test_stun_and_its_like_and_empty_packets_are_known_and_no_faults():
    stun = bytes.fromhex("000100002112a442") + bytes(12)
    zrtp, dtls = b"\x10\x00\x00\x01ZRTP" + bytes(20), b"\x16\xfe\xff" + bytes(20)
    others = [Sent(0.1 * index, data) for index, data in enumerate([stun, zrtp, dtls, b"", b"\r\n", bytes(4)])]
    session = one_leg()
    heard = audio(play(session, [*stream(2.0), *others, Sent(2.0, rtp(101, 16_000, b"", payload_type=L16_8K))]))
    report = session.report()["mixed"]
    np.testing.assert_array_equal(heard, audio(play(one_leg(), stream(2.0))))
    assert (report.keep_alives, report.malformed, report.refused) == (7, 0, 0)


def test_a_leg_that_said_goodbye_and_goes_on_loses_no_sound():
    sent = [*stream(5.0), Sent(2.0, goodbye(SSRC), CUSTOMER), *agent(5.0)]
    session = two_legs()
    np.testing.assert_array_equal(
        audio(play(session, sent), "customer"), audio(play(two_legs(), stream(5.0) + agent(5.0)), "customer")
    )


def test_what_is_still_on_its_way_when_a_leg_says_goodbye_is_heard():
    sent = [*stream(2.0), *(each.delayed(8.0) for each in stream(3.0, start=2.0, sequence=101, timestamp=16_000)), *agent(20.0)]
    session = two_legs()
    chunks = play(session, [*sent, Sent(2.1, goodbye(SSRC), CUSTOMER)])
    assert (session.report()["customer"].packets, session.report()["customer"].late) == (250, 0)
    assert np.abs(audio(chunks, "customer")).sum() == pytest.approx(np.abs(tone(5.0, 16_000)).sum(), rel=0.01)
