"""Where audio goes on the timeline, seen from outside: datagrams in, samples and gaps out."""

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sources.rtp.sender import (
    L16_8K,
    PACKET,
    Sent,
    audio,
    comfort_noise,
    gaps,
    l16,
    one_leg,
    play,
    rtp,
    stream,
    telephone_event,
    tone,
)

MARGIN = 80
"""Samples at 16 kHz next to an edge, within the resampler's ringing."""


def expected(seconds: float) -> np.ndarray:
    return tone(seconds, rate=16_000)


def test_a_clean_stream_comes_out_at_its_place_sample_for_sample():
    chunks = play(one_leg(), stream(2.0))
    heard = audio(chunks)
    assert len(heard) == 32_000
    np.testing.assert_allclose(heard[400:-400], expected(2.0)[400:-400], atol=2e-3)
    assert gaps(chunks) == []


@given(st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF))
def test_sequence_and_timestamp_may_wrap_anywhere(sequence, timestamp):
    reference = audio(play(one_leg(), stream(0.5)))
    np.testing.assert_array_equal(audio(play(one_leg(), stream(0.5, sequence=sequence, timestamp=timestamp))), reference)


@given(st.integers(0, 2**32), st.lists(st.integers(0, 24), max_size=6))
def test_reordering_within_the_jitter_buffer_and_duplicates_give_the_same_audio(seed, doubled):
    sent, draw = stream(0.5), random.Random(seed)
    jittered = [each.delayed(draw.uniform(0, 0.039)) for each in sent] + [sent[index].delayed(0.03) for index in doubled]
    np.testing.assert_array_equal(audio(play(one_leg(), jittered)), audio(play(one_leg(), sent)))


@given(st.sets(st.integers(1, 48)))
def test_lost_packets_cost_exactly_their_samples_and_are_marked(missing):
    sent = [each for index, each in enumerate(stream(1.0)) if index not in missing]
    session = one_leg()
    chunks = play(session, sent)
    assert len(audio(chunks)) == 16_000
    assert sum(stop - start for start, stop, cause in gaps(chunks) if cause == "lost") == 320 * len(missing)
    assert {index for start, stop, _ in gaps(chunks) for index in range(start // 320, stop // 320)} == missing
    assert session.report()["mixed"].lost == len(missing)


def test_a_single_lost_packet_of_a_tone_is_continued_so_well_that_it_is_hard_to_hear():
    sent = stream(1.0)
    heard = audio(play(one_leg(), sent[:25] + sent[26:]))
    error = heard[8_000:8_320] - expected(1.0)[8_000:8_320]
    assert np.sqrt(np.mean(error**2)) < 0.3 * np.sqrt(np.mean(expected(1.0) ** 2))


def test_a_long_loss_fades_to_silence():
    sent = stream(2.0)
    chunks = play(one_leg(), sent[:25] + sent[31:])
    assert gaps(chunks) == [(8_000, 9_920, "lost")]
    assert np.abs(audio(chunks)[8_000 + 16 * 65 : 9_920 - MARGIN]).max() < 1e-3


def test_an_outage_of_the_only_leg_is_waited_for_and_is_loss():
    sent = stream(2.0)
    assert gaps(play(one_leg(), sent[:25] + sent[75:])) == [(8_000, 24_000, "lost")]


def test_an_outage_longer_than_is_waited_for_is_silence_until_it_proves_to_be_loss():
    sent = stream(25.0)
    session = one_leg()
    chunks = play(session, sent[:25] + sent[1_225:])
    assert [cause for _, _, cause in gaps(chunks)] == ["silence", "lost"]
    assert (gaps(chunks)[0][0], gaps(chunks)[-1][1], session.report()["mixed"].lost) == (8_000, 24.5 * 16_000, 1_200)


def test_a_pause_of_the_timestamp_is_silence_of_its_length():
    sent = stream(0.5) + stream(0.5, start=3.5, sequence=26, timestamp=8_000 * 7 // 2)
    chunks = play(one_leg(), sent)
    heard = audio(chunks)
    assert gaps(chunks) == [(8_000, 56_000, "silence")]
    assert np.abs(heard[8_000 + MARGIN : 56_000 - MARGIN]).max() < 1e-3
    np.testing.assert_allclose(heard[56_400:63_600], expected(4.0)[56_400:63_600], atol=2e-3)


def test_ten_minutes_of_dtx_are_ten_minutes_of_silence_in_small_pieces():
    sent = stream(0.5) + stream(0.5, start=600.5, sequence=26, timestamp=8_000 * 1201 // 2)
    chunks = play(one_leg(), sent)
    assert len(audio(chunks)) == 601 * 16_000
    assert gaps(chunks) == [(8_000, 8_000 + 600 * 16_000, "silence")]
    assert max(len(chunk.samples) for chunk in chunks) <= 16_000


@pytest.mark.parametrize("jump", [1.0, 60.0, 2_500.0])
def test_a_pause_that_no_time_on_the_clock_bears_out_is_no_silence(jump):
    sent = stream(0.5) + stream(0.5, start=0.5, sequence=26, timestamp=4_000 + round(jump * 8_000))
    session = one_leg()
    chunks = play(session, sent)
    assert (len(audio(chunks)), gaps(chunks), session.report()["mixed"].reanchored) == (16_000, [], 1)


def test_a_pause_of_which_the_clock_bears_out_a_part_is_that_part():
    sent = stream(0.5) + stream(2.0, start=5.5, sequence=26, timestamp=8_000 * 60)
    assert gaps(play(one_leg(), sent)) == [(8_000, 88_000, "silence")]


def test_a_jump_of_the_timestamp_within_a_burst_costs_nothing_and_adds_nothing():
    sent = stream(2.0) + stream(4.0, start=2.0, sequence=101, timestamp=8_000 * 90)
    stalled = [replace(each, at=max(each.at, 4.0)) if each.at > 1.0 else each for each in sent]
    session = one_leg()
    chunks = play(session, stalled)
    assert (session.report()["mixed"].late, len(audio(chunks)), gaps(chunks)) == (0, 96_000, [])


JUMPS = st.one_of(st.integers(-(2**31), 0), st.integers(PACKET + 1, 2**31 - 1))
"""What is no more than a packet (20 ms) ahead is no jump: a clock that runs fast, packets of unequal length."""


@given(st.lists(JUMPS, min_size=1, max_size=100))
def test_wild_timestamps_cost_no_audio_and_make_next_to_no_silence(jumps):
    offsets = [sum(jumps[: index + 1]) for index in range(len(jumps))]
    wild = [packet for index, offset in enumerate(offsets) for packet in wild_packet(index, offset)]
    session = one_leg()
    heard = audio(play(session, stream(0.5) + wild))
    assert (session.report()["mixed"].late, session.report()["mixed"].lost) == (0, 0)
    assert 8_000 + 320 * len(jumps) <= len(heard) <= 8_000 + 320 * len(jumps) + 0.2 * 16_000


def wild_packet(index: int, offset: int) -> list[Sent]:
    return stream(0.02, start=0.5 + index * 0.02, sequence=26 + index, timestamp=4_000 + index * PACKET + offset)


def test_loss_within_a_pause_is_told_from_the_pause():
    sent = stream(0.46) + stream(0.5, start=0.6, sequence=26, timestamp=4_800)
    assert gaps(play(one_leg(), sent)) == [(7_360, 8_000, "lost"), (8_000, 9_600, "silence")]


def test_comfort_noise_is_silence():
    sent = [*stream(0.5), comfort_noise(26, 4_000, 0.5), *stream(0.5, start=1.0, sequence=27, timestamp=8_000)]
    chunks = play(one_leg(), sent)
    assert gaps(chunks) == [(8_000, 16_000, "silence")]


def test_g729_comfort_noise_is_silence_and_no_fault():
    speech = [Sent(index * 0.02, rtp(1 + index, index * PACKET, bytes(20), payload_type=18)) for index in range(50)]
    silence = Sent(1.0, rtp(51, 50 * PACKET, bytes(2), payload_type=18))
    more = [
        Sent(3.0 + index * 0.02, rtp(52 + index, (150 + index) * PACKET, bytes(20), payload_type=18)) for index in range(50)
    ]
    session = one_leg()
    chunks = play(session, [*speech, silence, *more])
    report = session.report()["mixed"]
    assert (report.malformed, report.late, report.lost, gaps(chunks)) == (0, 0, 0, [(16_000, 48_000, "silence")])


def test_keys_are_counted_and_take_the_time_that_they_last():
    keys = [telephone_event(26 + index, 4_000, 0.5 + index * 0.02) for index in range(10)]
    session = one_leg()
    chunks = play(session, [*stream(0.5), *keys, *stream(0.5, start=0.7, sequence=36, timestamp=5_600)])
    report = session.report()["mixed"]
    assert (report.skipped_events, report.lost, report.malformed) == (10, 0, 0)
    assert gaps(chunks) == [(8_000, 11_200, "silence")]


def test_keys_beside_audio_take_no_time():
    sent = [*stream(0.5), telephone_event(26, 0, 0.5), *stream(0.5, start=0.5, sequence=27, timestamp=4_000)]
    chunks = play(one_leg(), sent)
    assert (len(audio(chunks)), gaps(chunks)) == (16_000, [])


@pytest.mark.parametrize("jump", [-8_000 * 5, 8_000 * 3600 * 30, -(2**31) + 1])
def test_an_absurd_jump_of_the_timestamp_is_not_believed(jump):
    sent = stream(0.5) + stream(0.5, start=0.5, sequence=26, timestamp=4_000 + jump)
    session = one_leg()
    chunks = play(session, sent)
    assert (len(audio(chunks)), gaps(chunks), session.report()["mixed"].reanchored) == (16_000, [], 1)


def test_a_sender_that_restarts_goes_on_where_its_packets_arrive():
    sent = stream(0.5) + stream(0.5, start=2.5, sequence=30_000, timestamp=123_456_789)
    session = one_leg()
    chunks = play(session, sent)
    assert gaps(chunks) == [(8_000, 40_000, "silence")]
    assert session.report()["mixed"].lost == 0


def test_a_sender_that_restarts_with_a_key_goes_on_where_its_packets_arrive():
    keys = [telephone_event(30_000 + index, 100_000_000, 0.5 + index * 0.02) for index in range(5)]
    chunks = play(one_leg(), [*stream(0.5), *keys, *stream(0.5, start=0.6, sequence=30_005, timestamp=100_000_800)])
    assert len(audio(chunks)) == 16_000 * 11 // 10


def test_a_hold_during_which_the_timestamp_stands_still_ends_where_its_packets_arrive():
    sent = stream(0.5) + stream(2.0, start=10.5, sequence=26, timestamp=4_000)
    session = one_leg()
    chunks = play(session, sent)
    report = session.report()["mixed"]
    assert len(audio(chunks)) == pytest.approx(16_000 * 12.5, abs=320)
    assert (report.late, report.reanchored, gaps(chunks)) == (0, 1, [(8_000, 168_000, "silence")])


def test_a_hold_longer_than_is_waited_for_loses_no_sound_either():
    sent = stream(0.5) + stream(2.0, start=60.5, sequence=26, timestamp=4_000)
    session = one_leg()
    chunks = play(session, sent)
    assert gaps(chunks) == [(8_000, 968_000, "silence")]
    assert session.report()["mixed"].late == 0
    np.testing.assert_allclose(audio(chunks)[968_400:999_600], expected(2.5)[8_400:39_600], atol=2e-3)


def test_what_a_stalled_network_holds_back_for_longer_than_is_waited_for_is_late():
    sent = stream(40.0)
    stalled = [replace(each, at=max(each.at, 31.0)) if each.at > 10.0 else each for each in sent]
    session = one_leg()
    chunks = play(session, stalled)
    assert (len(audio(chunks)), session.report()["mixed"].packets) == (40 * 16_000, 2_000)
    assert session.report()["mixed"].late == pytest.approx(6.0 * 50, abs=10)


def test_what_comes_late_is_heard_at_its_place_and_says_how_late_it_was():
    sent = stream(12.0)
    stalled = [replace(each, at=max(each.at, 6.0)) if each.at > 2.0 else each for each in sent]
    chunks = play(one_leg(), stalled)
    late = [late for chunk in chunks for late in chunk.late]
    assert (late[0].start, late[0].seconds) == (pytest.approx(32_000, abs=640), 3)
    assert (late[-1].start + late[-1].length, late[-1].seconds) == (pytest.approx(80_000, abs=640), 1)


def test_a_stall_of_two_seconds_loses_nothing():
    sent = stream(6.0)
    stalled = [replace(each, at=max(each.at, 4.0)) if each.at > 2.0 else each for each in sent]
    session = one_leg()
    np.testing.assert_array_equal(audio(play(session, stalled)), audio(play(one_leg(), sent)))
    assert session.report()["mixed"].late == 0


def test_a_burst_after_a_stall_does_not_shift_what_follows():
    sent = stream(6.0)
    stalled = [replace(each, at=max(each.at, 5.0)) if each.at > 2.0 else each for each in sent]
    heard = audio(play(one_leg(), stalled))
    np.testing.assert_allclose(heard[16 * 5_200 : 16 * 5_900], expected(6.0)[16 * 5_200 : 16 * 5_900], atol=2e-3)


def test_another_codec_in_mid_call_goes_on_without_a_hole():
    wide = [Sent(0.5 + index * 0.02, rtp(26 + index, 4_000 + index * 160, bytes(160), payload_type=0)) for index in range(25)]
    session = one_leg()
    chunks = play(session, stream(0.5) + wide)
    assert (len(audio(chunks)), gaps(chunks)) == (16_000, [])
    assert session.report()["mixed"].codec == "pcmu"


def test_packets_of_uneven_length_follow_each_other():
    lengths = [48, 160, 80, 240, 56, 160, 96, 120] * 5
    starts = [sum(lengths[:index]) for index in range(len(lengths))]
    samples = tone(1.0)
    sent = [
        Sent(start / 8_000, rtp(index, start, l16(samples[start : start + length]), payload_type=L16_8K))
        for index, (start, length) in enumerate(zip(starts, lengths, strict=True))
    ]
    heard = audio(play(one_leg(), sent))
    assert len(heard) == 2 * sum(lengths)
    np.testing.assert_allclose(heard[400:-400], expected(1.0)[400 : 2 * sum(lengths) - 400], atol=2e-3)


def test_a_payload_that_does_not_decode_is_counted_and_its_time_is_kept():
    sent = stream(1.0)
    broken = replace(sent[25], data=sent[25].data[:-1])
    session = one_leg()
    chunks = play(session, [*sent[:25], broken, *sent[26:]])
    assert session.report()["mixed"].malformed == 1
    assert gaps(chunks) == [(8_000, 8_320, "lost")]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF), st.floats(0, 1), st.sampled_from([0, 8, 13, 96, 101, 77])
        ),
        max_size=60,
    )
)
def test_whatever_sequence_numbers_and_timestamps_say_the_timeline_is_gapless(headers):
    wild = [
        Sent(index * 0.02 + delay, rtp(sequence, timestamp % 800_000, bytes(80), payload_type=payload_type))
        for index, (sequence, timestamp, delay, payload_type) in enumerate(headers)
    ]
    session = one_leg()
    heard = audio(play(session, stream(0.1) + wild, until=2.0))
    assert np.isfinite(heard).all()
    assert len(heard) == pytest.approx(session.report()["mixed"].seconds * 16_000, abs=16)
