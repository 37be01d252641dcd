import struct
from dataclasses import replace

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.errors import SourceError
from monitor.sources.pcap import PcapSource
from tests.sources.rtp.recording import HOME, LINKS, ethernet, frames, pcap, pcapng, save, udp, vlan
from tests.sources.rtp.sender import AGENT, CUSTOMER, PACKET, Sent, audio, gaps, rtp, stream, tone

L16 = ["96=l16/8000"]
REPLY = [(each.at + 0.1, ethernet(udp(HOME, CUSTOMER, each.data))) for each in stream(1.0, ssrc=5, hertz=300.0)]


def heard(source: PcapSource, leg: str = "mixed") -> np.ndarray:
    return audio(list(source.chunks()), leg)


@pytest.fixture
def reference() -> np.ndarray:
    return tone(1.0, 16_000)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("write", [pcap, pcapng])
def test_every_link_layer_and_format_gives_the_same_sound(tmp_path, reference, link, write):
    path = save(tmp_path / "call", write(frames(stream(1.0), link), link))
    np.testing.assert_allclose(heard(PcapSource(path, payload_types=L16))[400:-400], reference[400:-400], atol=2e-3)


@pytest.mark.parametrize(("order", "nano"), [("<", True), (">", False), (">", True)])
def test_either_byte_order_and_nanoseconds_are_read(tmp_path, order, nano):
    path = save(tmp_path / "call.pcap", pcap(frames(stream(1.0)), order=order, nano=nano))
    assert len(heard(PcapSource(path, payload_types=L16))) == 16_000


def test_big_endian_pcapng_is_read(tmp_path):
    path = save(tmp_path / "call.pcapng", pcapng(frames(stream(1.0)), order=">"))
    assert len(heard(PcapSource(path, payload_types=L16))) == 16_000


def test_vlan_tags_and_ipv6_are_seen_through(tmp_path):
    six = [(each.at, vlan(udp(("2001:db8::1", 4_000), ("2001:db8::2", 5_000), each.data))) for each in stream(1.0)]
    assert len(heard(PcapSource(save(tmp_path / "call.pcap", pcap(six)), payload_types=L16))) == 16_000


def test_opposite_streams_are_customer_and_agent_in_the_order_in_which_they_begin(tmp_path):
    both = sorted(frames(stream(2.0)) + REPLY)
    source = PcapSource(save(tmp_path / "call.pcap", pcap(both)), payload_types=L16)
    chunks = list(source.chunks())
    assert source.legs == ("customer", "agent")
    assert len(audio(chunks, "customer")) == len(audio(chunks, "agent")) == 32_000
    assert gaps(chunks, "agent") == [(0, 1_600, "silence"), (17_600, 32_000, "silence")]


@pytest.mark.parametrize("told", [{"ssrc": "0x5"}, {"ssrc": 5}, "ssrc=5", {"port": CUSTOMER[1]}])
def test_legs_may_be_named_by_ssrc_or_port(tmp_path, told):
    path = save(tmp_path / "call.pcap", pcap(sorted(frames(stream(2.0)) + REPLY)))
    source = PcapSource(path, legs={"agent": told}, payload_types=L16)
    assert (source.legs, len(heard(source, "agent"))) == (("agent",), 16_000)


def test_a_single_stream_may_be_said_to_be_the_customer(tmp_path):
    path = save(tmp_path / "call.pcap", pcap(frames(stream(1.0))))
    assert PcapSource(path, leg="customer", payload_types=L16).legs == ("customer",)


def test_a_capture_of_many_calls_asks_which(tmp_path):
    other = frames(stream(1.0, ssrc=77, address=("192.0.2.50", 9_000)))
    path = save(tmp_path / "call.pcap", pcap(sorted(frames(stream(2.0)) + REPLY + other)))
    with pytest.raises(SourceError, match=r"2 calls.* -o call=1.*call 2: 192\.0\.2\.50:9000"):
        PcapSource(path, payload_types=L16)


def test_a_payload_type_that_nothing_explains_is_named_with_the_flag(tmp_path):
    path = save(tmp_path / "call.pcap", pcap(frames(stream(2.0))))
    with pytest.raises(SourceError, match=r"payload type 96 .*8000 Hz.*--pt 96=l16/8000"):
        PcapSource(path)


def test_sip_in_the_capture_explains_payload_types(tmp_path):
    media = f"c=IN IP4 {HOME[0]}\r\nt=0 0\r\nm=audio {HOME[1]} RTP/AVP 96\r\na=rtpmap:96 L16/8000\r\n"
    sdp = "v=0\r\no=- 1 1 IN IP4 x\r\ns=-\r\n" + media
    invite = b"INVITE sip:a@b SIP/2.0\r\nContent-Type: application/sdp\r\n\r\n" + sdp.encode()
    path = save(tmp_path / "call.pcap", pcap([(0.0, ethernet(udp(AGENT, HOME, invite))), *frames(stream(1.0))]))
    assert len(heard(PcapSource(path))) == 16_000


def test_sdp_beside_the_capture_explains_payload_types(tmp_path):
    path = save(tmp_path / "call.pcap", pcap(frames(stream(1.0))))
    source = PcapSource(path, sdp="v=0\ns=-\nm=audio 4000 RTP/AVP 96\na=rtpmap:96 L16/8000\n")
    assert len(heard(source)) == 16_000


def test_loss_and_order_are_reported(tmp_path):
    sent = stream(1.0)
    sent[10], sent[11] = replace(sent[10], at=sent[11].at), replace(sent[11], at=sent[10].at)
    source = PcapSource(save(tmp_path / "call.pcap", pcap(frames(sent[:30] + sent[33:]))), payload_types=L16)
    assert len(heard(source)) == 16_000
    report = source.report()["mixed"]
    assert (report.packets, report.lost, report.reordered, report.codec, report.seconds) == (47, 3, 1, "l16", 1.0)


def test_an_ssrc_that_changes_in_the_capture_is_one_leg(tmp_path):
    after = stream(1.0, start=1.0, sequence=9_000, timestamp=99, ssrc=6)
    source = PcapSource(save(tmp_path / "call.pcap", pcap(frames(stream(1.0) + after))), payload_types=L16)
    assert (source.legs, len(heard(source))) == (("mixed",), 32_000)
    assert [event.leg for event in source.events()] == ["mixed"]


def test_a_capture_whose_clock_leaps_by_years_is_not_filled_with_years_of_silence(tmp_path):
    leaping = [(each.at + (1e9 if index >= 25 else 0), each.data) for index, each in enumerate(stream(1.0))]
    content = pcap([(at, ethernet(udp(CUSTOMER, HOME, data))) for at, data in leaping])
    assert len(heard(PcapSource(save(tmp_path / "call.pcap", content), payload_types=L16))) == 16_000


def test_fragments_and_cut_datagrams_are_counted(tmp_path):
    whole = udp(CUSTOMER, HOME, stream(0.02)[0].data)
    fragment = whole[:6] + b"\x20\x00" + whole[8:]
    odd = [(1.0, ethernet(fragment)), (1.0, ethernet(whole)[:-20])]
    source = PcapSource(save(tmp_path / "call.pcap", pcap(frames(stream(1.0)) + odd)), payload_types=L16)
    list(source.chunks())
    assert source.report()["mixed"].malformed == 2


def test_a_capture_is_heard_the_same_every_time(tmp_path):
    path = save(tmp_path / "call.pcap", pcap(sorted(frames(stream(2.0)) + REPLY)))
    first, second = (heard(PcapSource(path, payload_types=L16), "agent") for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_truncated_file_gives_what_is_good_and_then_says_so(tmp_path):
    source = PcapSource(save(tmp_path / "call.pcap", pcap(frames(stream(1.0)))[:-30]), payload_types=L16)
    taken = []
    with pytest.raises(SourceError, match="truncated"):
        taken.extend(source.chunks())
    assert len(audio(taken)) == 49 * 320


def test_stop_ends_it_cleanly(tmp_path):
    source = PcapSource(save(tmp_path / "call.pcap", pcap(frames(stream(30.0)))), payload_types=L16)
    chunks = source.chunks()
    first = next(chunks)
    source.stop()
    source.stop()
    assert len(audio([first, *chunks])) < 30 * 16_000
    assert source.end_reason() == "stopped"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"RIFF....WAVE", "not a capture file"),
        (pcap([])[:10], "truncated"),
        (pcap([]), "no RTP stream"),
        (pcap([(0.0, b"\xff" * 60)] * 5), "no RTP stream"),
        (pcap(frames(stream(1.0)))[:150], "truncated"),
        (pcap([]) + struct.pack("<IIII", 0, 0, 0x7FFFFFFF, 0), "corrupted"),
        (pcapng([])[:20], "truncated"),
        (pcapng([]) + struct.pack("<II", 6, 3), "corrupted"),
    ],
    ids=["empty", "other", "half header", "no packets", "no RTP", "half packet", "huge record", "half block", "odd block"],
)
def test_what_is_not_a_capture_of_a_call_is_refused_with_the_reason(tmp_path, content, reason):
    with pytest.raises(SourceError, match=reason):
        PcapSource(save(tmp_path / "file", content))


@pytest.mark.parametrize("name", ["missing.pcap", "."])
def test_a_file_that_cannot_be_opened_is_refused(tmp_path, name):
    with pytest.raises(SourceError, match="cannot read"):
        PcapSource(tmp_path / name)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"legs": {"caller": {}}}, "unknown leg 'caller'"),
        ({"legs": {"customer": {"ssrc": 99}}}, "no stream has ssrc=0x63"),
        ({"legs": {"customer": {"port": 99}}}, "no stream has port=99"),
        ({"legs": {"customer": {"colour": "red"}}}, "colour"),
        ({"legs": {"customer": "ssrc=abc"}}, "ssrc"),
        ({"legs": {"mixed": {}, "agent": {}}}, "mixed alone"),
        ({"payload_types": ["96"]}, "not a payload type"),
        ({"payload_types": ["96=amr/8000"]}, "cannot decode amr/8000"),
        ({"sdp": "hello"}, "not SDP"),
    ],
)
def test_wrong_options_are_refused_with_the_reason(tmp_path, options, reason):
    path = save(tmp_path / "call.pcap", pcap(frames(stream(1.0))))
    with pytest.raises(SourceError, match=reason):
        PcapSource(path, **options)


def opened_or_refused(path) -> bool:
    try:
        source = PcapSource(path, payload_types=L16)
        return all(np.isfinite(chunk.samples).all() for chunk in source.chunks())
    except SourceError:
        return True


CLEAN = {write: write(frames(stream(0.2))) for write in (pcap, pcapng)}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.sampled_from([pcap, pcapng]), st.lists(st.tuples(st.integers(0, 3_000), st.integers(0, 255)), max_size=12))
def test_a_damaged_file_is_read_or_refused(tmp_path, write, damage):
    content = bytearray(CLEAN[write])
    for at, value in damage:
        content[at % len(content)] = value
    assert opened_or_refused(save(tmp_path / "damaged", bytes(content)))


def test_g711_needs_no_telling(tmp_path):
    sent = [Sent(index * 0.02, rtp(index, index * PACKET, bytes(160), payload_type=8)) for index in range(50)]
    source = PcapSource(save(tmp_path / "call.pcap", pcap(frames(sent))))
    assert (len(heard(source)), source.report()["mixed"].codec) == (16_000, "pcma")


def test_a_dynamic_type_at_48_khz_whose_packets_vary_is_taken_for_opus(tmp_path):
    encoder = av.CodecContext.create("libopus", "w")
    encoder.rate, encoder.layout, encoder.format, encoder.bit_rate = 48_000, "mono", "s16", 24_000
    voice = np.random.default_rng(1).normal(0, 3_000, 48_000 * 3) * np.repeat(np.linspace(0, 1, 30), 4_800)
    sent = []
    for index in range(150):
        frame = av.AudioFrame.from_ndarray(voice[None, index * 960 : (index + 1) * 960].astype(np.int16), "s16", "mono")
        frame.rate, frame.pts = 48_000, index * 960
        payload = b"".join(map(bytes, encoder.encode(frame)))
        sent.append(Sent(index * 0.02, rtp(index, index * 960, payload, payload_type=111)))
    source = PcapSource(save(tmp_path / "call.pcap", pcap(frames(sent))))
    assert (len(heard(source)), source.report()["mixed"].codec) == (pytest.approx(48_000, abs=320), "opus")
