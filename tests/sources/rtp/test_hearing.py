"""What is let through to the decoder: sound whole and in order, noise never."""

from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.audio.codecs import parse_encoding
from monitor.errors import SourceError
from monitor.events import HearingChanged, Mark
from monitor.pipeline.marks import SourceMarks
from monitor.sources.pcap import PcapSource
from monitor.sources.rtp.hearing import LONGEST_DOUBT, Hearing, Verdict
from monitor.sources.rtp.jitter import Released
from monitor.sources.rtp.packet import parse_packet
from tests.sources.rtp.payloads import PACKET, SOUNDS, encrypted, g711, voice
from tests.sources.rtp.recording import frames, pcap, save
from tests.sources.rtp.sender import AGENT, CUSTOMER, Sent, audio, gaps, one_leg, play, rtp, two_legs

PCMU = parse_encoding("pcmu")
PLAIN = g711(voice(seconds=6), "pcmu")
HISS = g711(SOUNDS["loud noise"], "pcmu")


def released(payloads: list[bytes]) -> list[Released]:
    return [
        Released(parse_packet(rtp(number, number * PACKET, payload)), number * 0.02) for number, payload in enumerate(payloads)
    ]


def sent(
    payloads: list[bytes], start: float = 0.0, ssrc: int = 0xC0FFEE, address: tuple[str, int] = CUSTOMER, port: int = 0
) -> list[Sent]:
    return [
        Sent(start + number * 0.02, rtp(number, number * PACKET, payload, ssrc=ssrc), address, port)
        for number, payload in enumerate(payloads)
    ]


def test_sound_is_let_through_as_it_comes():
    hearing = Hearing(Verdict())
    items = released(g711(SOUNDS["a faint voice"], "pcmu"))
    assert [hearing.admit(item, PCMU) for item in items] == [[item] for item in items]


def test_what_may_be_noise_waits_and_is_let_through_whole_and_in_order_with_the_times_of_its_arrival():
    hearing = Hearing(Verdict())
    items = released(HISS)
    let_through = [hearing.admit(item, PCMU) for item in items]
    assert [] in let_through
    assert [*chain.from_iterable(let_through), *hearing.rest()] == items


def test_what_cannot_be_told_from_noise_for_too_long_is_let_through():
    hearing = Hearing(Verdict())
    [first] = released(encrypted(1))
    assert hearing.admit(first, PCMU) == [] and hearing.waiting
    assert hearing.overdue(LONGEST_DOUBT - 0.01) == []
    assert hearing.overdue(LONGEST_DOUBT) == [first] and not hearing.waiting


def test_nothing_of_an_encrypted_stream_is_let_through_and_that_is_said_once():
    verdict = Verdict()
    hearing = Hearing(verdict)
    assert [each for item in released(encrypted(500, tag=10)) for each in hearing.admit(item, PCMU)] == []
    assert verdict.refused == 500
    [turn] = verdict.turns
    assert (turn.heard, turn.detail.split(":")[0]) == (False, "not heard")


def test_keys_pressed_amid_doubt_keep_their_place():
    hearing = Hearing(Verdict())
    first, key, second = released([encrypted(1)[0], b"\x01\x0a\x00\xa0", PLAIN[100]])
    assert hearing.admit(first, PCMU) == hearing.admit(key, parse_encoding("telephone-event")) == []
    assert hearing.admit(second, PCMU) == [first, key, second]


@given(st.lists(st.binary(max_size=200), max_size=60))
def test_every_packet_is_let_through_once_in_order_or_counted(payloads):
    verdict = Verdict()
    hearing = Hearing(verdict)
    items = released(payloads)
    through = [each for item in items for each in [*hearing.overdue(item.at), *hearing.admit(item, PCMU)]] + hearing.rest()
    numbers = [each.packet.sequence for each in through]
    assert numbers == sorted(set(numbers))
    assert len(through) + verdict.refused == len(items)


def test_an_encrypted_leg_is_silence_and_the_other_is_heard_as_if_alone():
    session = two_legs()
    plain = sent(PLAIN, ssrc=2, address=AGENT, port=1)
    chunks = play(session, sent(encrypted(300, tag=10)) + plain)
    assert not audio(chunks, "customer").any()
    assert gaps(chunks, "customer") == [(0, 96_000, "silence")]
    alone = two_legs()
    np.testing.assert_array_equal(audio(chunks, "agent"), audio(play(alone, plain), "agent"))
    report = session.report()
    assert (report["customer"].packets, report["customer"].refused, report["agent"].refused) == (300, 300, 0)
    assert report["customer"].refused_because.startswith("it is encrypted (SRTP)")
    [event] = session.moves()
    assert isinstance(event, HearingChanged) and (event.leg, event.heard) == ("customer", False)


def test_frames_of_an_encrypted_leg_are_marked_as_not_its_audio():
    marks = SourceMarks()
    chunks = play(two_legs(), sent(encrypted(100)) + sent(PLAIN, ssrc=2, address=AGENT, port=1))
    for chunk in [chunk for chunk in chunks if chunk.leg == "customer"]:
        marks.add(chunk)
    assert (marks.take(0, 300) == Mark.SILENCE).all()


def test_hold_music_in_the_clear_amid_encrypted_audio_is_heard_from_its_first_packets_in_its_place():
    session = one_leg()
    payloads = encrypted(100, tag=10) + PLAIN[100:200] + encrypted(100, tag=10, seed=2)
    heard = audio(play(session, sent(payloads)))
    alone = audio(play(one_leg(), sent(PLAIN)))
    assert not heard[: 2 * 16_000 - 400].any()
    np.testing.assert_allclose(
        heard[2 * 16_000 + 1_600 : 4 * 16_000 - 400], alone[2 * 16_000 + 1_600 : 4 * 16_000 - 400], atol=1e-5
    )
    assert not heard[4 * 16_000 + 400 :].any()
    assert [event.heard for event in session.moves()] == [False, True, False]


def test_a_new_encrypted_stream_of_a_leg_that_is_not_heard_is_not_told_of_again():
    session = one_leg()
    play(session, sent(encrypted(100)) + sent(encrypted(100, seed=2), start=2.0, ssrc=77))
    assert [event.heard for event in session.moves() if isinstance(event, HearingChanged)] == [False]
    assert session.report()["mixed"].refused == 200


def test_doubt_costs_no_sample():
    chunks = play(two_legs(), sent(HISS) + sent(PLAIN, ssrc=2, address=AGENT, port=1))
    assert gaps(chunks, "customer") == gaps(chunks, "agent") == []
    assert len(audio(chunks, "customer")) == len(audio(chunks, "agent")) == 96_000


def test_a_capture_of_encrypted_audio_alone_is_refused_with_the_reason(tmp_path):
    path = save(tmp_path / "srtp.pcap", pcap(frames(sent(encrypted(300, tag=10)))))
    with pytest.raises(SourceError, match=r"encrypted \(SRTP\): its packets are 10 octets longer"):
        PcapSource(path)


def test_a_capture_that_becomes_encrypted_says_that_it_is_no_longer_heard(tmp_path):
    source = PcapSource(save(tmp_path / "half.pcap", pcap(frames(sent(PLAIN[:200] + encrypted(100))))))
    chunks = list(source.chunks())
    assert audio(chunks)[:60_000].any() and not audio(chunks)[64_400:].any()
    assert [event.detail.split(":")[0] for event in source.events()] == ["not heard"]
    assert source.report()["mixed"].refused == 100
