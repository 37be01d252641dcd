import gzip

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from monitor.errors import SourceError
from monitor.sources.captures.contents import read_contents
from monitor.sources.pcap import PcapSource
from tests.sources.captures.scenes import (
    RELAY,
    RELAY_OUT,
    SECOND,
    SECOND_AGENT,
    between,
    carrying,
    delayed,
    packets,
    signal,
    talk,
    with_other_hops,
)
from tests.sources.captures.signals import invite, ok, sdp
from tests.sources.captures.wrapping import TUNNELS, fragments_4, segments
from tests.sources.rtp.payloads import encrypted, g711, voice
from tests.sources.rtp.recording import pcap, pcapng, save, udp
from tests.sources.rtp.sender import AGENT, CUSTOMER, audio

TWO_CALLS = talk() + talk(SECOND, SECOND_AGENT, start=0.5, ssrcs=(0x33, 0x44))
VIDEO = between(("192.0.2.1", 4_100), ("192.0.2.2", 4_102), packets(2.0, payload_type=97, ssrc=0x77, size=900, step=1_800))


@pytest.fixture
def capture(tmp_path):
    def write(frames, name="call.pcap"):
        return save(tmp_path / name, pcap(sorted(frames, key=lambda frame: frame[0])))

    return write


def heard(source):
    """Samples and packets of each leg."""
    chunks = list(source.chunks())
    report = source.report()
    return {leg: (len(audio(chunks, leg)), report[leg].packets) for leg in source.legs}


def counted(source):
    """Packets of each leg."""
    return {leg: packets for leg, (_, packets) in heard(source).items()}


def rows(path, *keys):
    return [tuple(row[key] for key in keys) for row in read_contents(path, {}).rows()]


def test_two_calls_between_the_same_hosts_are_two_calls_not_the_legs_of_one(capture):
    same_way = between(CUSTOMER, AGENT, packets(2.0)) + between((CUSTOMER[0], 4_010), (AGENT[0], 4_012), packets(2.0, ssrc=7))
    with pytest.raises(SourceError, match="holds 2 calls; choose one, for instance -o call=1"):
        PcapSource(capture(same_way))


def test_a_capture_of_two_calls_is_paired_by_opposite_direction(capture):
    assert rows(capture(TWO_CALLS), "stream", "call", "leg", "ssrc") == [
        (1, 1, "customer", "0x00000011"),
        (2, 1, "agent", "0x00000022"),
        (3, 2, "customer", "0x00000033"),
        (4, 2, "agent", "0x00000044"),
    ]


@pytest.mark.parametrize("call", ["2", 2])
def test_a_call_is_chosen_by_its_number(capture, call):
    source = PcapSource(capture(TWO_CALLS), call=call)
    assert heard(source) == {"customer": (32_000, 100), "agent": (32_000, 95)}


@pytest.mark.parametrize(
    ("legs", "expected"),
    [
        ("customer=3,agent=4", {"customer": (32_000, 100), "agent": (32_000, 95)}),
        ("agent=0x44", {"agent": (30_400, 95)}),
        ("customer=:4012", {"customer": (32_000, 100)}),
        ("customer=192.0.2.3", {"customer": (32_000, 100)}),
        ("customer=192.0.2.4+:4012", {"customer": (30_400, 95)}),
        ("mixed=ssrc=0x33+port=4010", {"mixed": (32_000, 100)}),
        ({"customer": {"number": 3}, "agent": "ssrc=0x44,port=4010"}, {"customer": (32_000, 100), "agent": (32_000, 95)}),
    ],
)
def test_streams_are_chosen_by_number_ssrc_port_and_address(capture, legs, expected):
    assert heard(PcapSource(capture(TWO_CALLS), legs=legs)) == expected


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"call": "3"}, "no call is '3'. There are call 1: 192.0.2.1:4000 <> 192.0.2.2:4002, pcmu/8000, 2.0 s"),
        ({"legs": "customer=9"}, "no stream has number=9 .leg customer.. There are stream 1: ssrc=0x11"),
        ({"legs": "customer=0x99"}, "no stream has ssrc=0x99"),
        ({"legs": "customer=:99"}, "no stream has port=99"),
        ({"legs": "customer=198.51.100.1"}, "no stream has address=198.51.100.1"),
        ({"legs": "customer=what"}, "'what' names no stream; write its number"),
        ({"legs": "caller=1"}, "unknown leg 'caller'"),
        ({"legs": "customer=1,agent"}, "leg agent: which stream"),
        ({"legs": "customer=1,agent=0x11"}, "customer and agent cannot both be stream 1"),
        ({"call": "1", "legs": "mixed"}, "mixed cannot be told from a call of 2 streams"),
        ({"call": "1", "legs": "customer=3"}, "no stream has number=3"),
        ({"call": "1", "leg": "agent"}, "agent cannot be told from a call of 2 streams"),
    ],
)
def test_a_wrong_choice_is_refused_with_what_there_is(capture, options, reason):
    with pytest.raises(SourceError, match=reason):
        PcapSource(capture(TWO_CALLS), **options)


def test_streams_that_were_taken_for_one_speakers_can_be_told_apart_by_ssrc(capture):
    path = capture(between(CUSTOMER, AGENT, packets(2.0, ssrc=1) + packets(2.0, ssrc=2, start=2.0)))
    assert counted(PcapSource(path)) == {"mixed": 200}
    assert counted(PcapSource(path, legs="customer=0x1,agent=0x2")) == {"customer": 100, "agent": 100}


def test_names_alone_are_the_legs_in_the_order_of_the_calls_streams(capture):
    path = capture(talk(seconds=2.0))
    assert heard(PcapSource(path, legs="agent,customer")) == {"customer": (32_000, 95), "agent": (32_000, 100)}
    assert heard(PcapSource(path, legs="agent")) == {"agent": (30_400, 95)}


def test_a_burst_beside_a_call_is_left_out_and_told(capture):
    burst = between(SECOND, SECOND_AGENT, packets(0.1, ssrc=9, start=0.5))
    with capture_logs() as logs:
        source = PcapSource(capture(talk() + burst))
    assert (source.legs, logs[0]["event"], logs[0]["streams"]) == (
        ("customer", "agent"),
        "streams_left_out",
        "stream 3: not of this call, 0.1 s",
    )


@pytest.mark.parametrize("later", [0.0, 0.0004, 0.2])
@pytest.mark.parametrize("change", [lambda frame: frame, with_other_hops], ids=["as it was", "other hops and VLAN"])
def test_packets_that_a_mirror_port_doubles_are_heard_once(capture, later, change):
    doubled = [(at + later, change(frame)) for at, frame in talk()]
    source = PcapSource(capture(talk() + doubled))
    assert heard(source) == {"customer": (32_000, 100), "agent": (32_000, 95)}
    assert [source.report()[leg].duplicates for leg in source.legs] == [100, 95]


def test_one_direction_that_is_doubled_is_heard_once(capture):
    source = PcapSource(capture(talk() + delayed(talk()[:100], 0.0001)))
    assert heard(source) == {"customer": (32_000, 100), "agent": (32_000, 95)}
    assert [source.report()[leg].duplicates for leg in source.legs] == [100, 0]


def test_a_sender_that_plays_the_same_packets_again_later_is_no_copy(capture):
    ring = packets(1.5)
    again = between(CUSTOMER, AGENT, [each.delayed(1.5) for each in ring])
    assert rows(capture(between(CUSTOMER, AGENT, ring) + again), "packets", "copies") == [(150, 0)]


def test_video_beside_a_call_is_left_out_and_told(capture):
    with capture_logs() as logs:
        source = PcapSource(capture(talk() + VIDEO))
    assert heard(source) == {"customer": (32_000, 100), "agent": (32_000, 95)}
    assert "stream 2: its timestamps run at 90000 Hz, as video's do" in logs[0]["streams"]


def test_video_that_sdp_announces_is_video_whatever_its_clock(capture):
    offer = sdp(("192.0.2.2", 4_002)) + "m=video 4102 RTP/AVP 97\r\n"
    slow = between(("192.0.2.1", 4_100), ("192.0.2.2", 4_102), packets(0.5, payload_type=97, ssrc=0x77, size=900))
    told = [signal(0.0, AGENT, CUSTOMER, invite(offer))]
    assert ("video", None) in rows(capture(told + talk() + slow), "content", "call")


def test_a_foreign_payload_type_costs_only_its_own_packets(capture):
    foreign = packets(2.0)
    foreign[50] = packets(0.02, payload_type=126, start=1.0, sequence=51)[0]
    with capture_logs() as logs:
        source = PcapSource(capture(between(CUSTOMER, AGENT, foreign)))
    assert heard(source)["mixed"][0] == 32_000
    assert logs[0]["streams"] == "stream 1: 1 packets of payload type 126: nothing tells what it carries"


def test_key_presses_on_a_number_of_their_own_need_no_telling(capture):
    keys = packets(2.0)
    keys[50:58] = packets(0.16, payload_type=100, start=1.0, sequence=51, size=4, step=0)
    source = PcapSource(capture(between(CUSTOMER, AGENT, keys)))
    list(source.chunks())
    assert (source.report()["mixed"].skipped_events, source.report()["mixed"].malformed) == (8, 0)


def test_a_side_that_cannot_be_heard_is_left_out_and_told(capture):
    other = between(AGENT, CUSTOMER, packets(2.0, payload_type=96, ssrc=9, size=33))
    with capture_logs() as logs:
        source = PcapSource(capture(between(CUSTOMER, AGENT, packets(2.0)) + other))
    assert heard(source) == {"customer": (32_000, 100)}
    assert "stream 2: nothing tells what payload type 96 carries" in logs[0]["streams"]


@pytest.mark.parametrize(
    ("number", "size", "step", "advice"),
    [
        (96, 320, 160, "as long as those of l16/8000. Say it: --pt 96=l16/8000"),
        (96, 160, 160, "--pt 96=pcmu or --pt 96=pcma or --pt 96=g722"),
        (96, 33, 160, "run at 8000 Hz. Only the call's SDP can tell: --sdp FILE, or --pt 96=CODEC once you know"),
        (97, 61, 320, "run at 16000 Hz. Only the call's SDP"),
        (15, 20, 160, "g728 is not decoded"),
        (34, 900, 1_800, "it is video"),
    ],
)
def test_a_codec_is_advised_only_where_lengths_and_clock_point_to_it(capture, number, size, step, advice):
    path = capture(between(CUSTOMER, AGENT, packets(2.0, payload_type=number, size=size, step=step)))
    with pytest.raises(SourceError, match=advice):
        PcapSource(path)


def test_what_the_user_says_of_a_payload_type_is_believed(capture):
    path = capture(between(CUSTOMER, AGENT, packets(2.0, payload_type=96, size=160)))
    assert heard(PcapSource(path, payload_types=["96=pcma"])) == {"mixed": (32_000, 100)}
    assert heard(PcapSource(path, legs="agent=1,codec=pcma")) == {"agent": (32_000, 100)}
    assert heard(PcapSource(path, legs={"agent": {"codec": "pcma"}})) == {"agent": (32_000, 100)}


def test_packets_captured_in_part_are_told_with_the_remedy(capture):
    with pytest.raises(SourceError, match="captured in part: capture again with tcpdump -s 0"):
        PcapSource(capture([(at, frame[:96]) for at, frame in talk()]))


RELAYED = (
    between(CUSTOMER, RELAY, packets(2.0, ssrc=0x11))
    + delayed(between(RELAY_OUT, AGENT, packets(2.0, ssrc=0x11)), 0.001)
    + between(AGENT, RELAY_OUT, packets(1.9, ssrc=0x22, start=0.1))
    + delayed(between(RELAY, CUSTOMER, packets(1.9, ssrc=0x22, start=0.1)), 0.001)
)


def test_a_call_seen_on_both_sides_of_a_relay_is_one_call(capture):
    path = capture(RELAYED)
    assert rows(path, "stream", "call", "leg", "note") == [
        (1, 1, "customer", ""),
        (2, None, None, "the same packets as stream 1"),
        (3, None, None, "the same packets as stream 4"),
        (4, 1, "agent", ""),
    ]
    assert counted(PcapSource(path)) == {"customer": 100, "agent": 95}


def test_either_side_of_a_relay_can_be_chosen_though_the_ssrcs_are_the_same(capture):
    path = capture(RELAYED)
    assert heard(PcapSource(path, legs="customer=2,agent=3")) == {"customer": (32_000, 100), "agent": (32_000, 95)}
    assert heard(PcapSource(path, legs="customer=0x11")) == {"customer": (32_000, 100)}
    assert heard(PcapSource(path, legs="customer=0x11+203.0.113.7")) == {"customer": (32_000, 100)}


def test_one_ssrc_in_calls_of_different_sound_is_not_taken_for_a_relay(capture):
    path = capture(between(CUSTOMER, AGENT, packets(2.0)) + between(SECOND, SECOND_AGENT, packets(2.0, sequence=9_000)))
    with pytest.raises(SourceError, match="holds 2 calls"):
        PcapSource(path)
    with pytest.raises(SourceError, match="more than one stream has ssrc=0xc0ffee"):
        PcapSource(path, legs="customer=0xC0FFEE")


NAMED = [
    signal(0.0, CUSTOMER, AGENT, invite(sdp(CUSTOMER))),
    signal(0.1, AGENT, CUSTOMER, ok(sdp(AGENT))),
]


def test_who_called_is_the_customer_though_the_other_side_sounds_first(capture):
    early = between(AGENT, CUSTOMER, packets(2.0, ssrc=0x22)) + between(CUSTOMER, AGENT, packets(1.9, ssrc=0x11, start=0.1))
    assert rows(capture(NAMED + early), "leg", "ssrc", "call_id") == [
        ("agent", "0x00000022", "one@example"),
        ("customer", "0x00000011", "one@example"),
    ]


@pytest.mark.parametrize("call", ["two@example", "two", "2"])
def test_a_call_is_chosen_by_its_call_id(capture, call):
    named = [
        signal(0.5, SECOND, SECOND_AGENT, invite(sdp(SECOND), call_id="two@example")),
        signal(0.6, SECOND_AGENT, SECOND, ok(sdp(SECOND_AGENT), call_id="two@example")),
    ]
    source = PcapSource(capture(NAMED + named + TWO_CALLS), call=call, legs="customer")
    assert heard(source) == {"customer": (32_000, 100)}
    assert read_contents(capture(NAMED + named + TWO_CALLS), {}).calls[1].call_id == "two@example"


def test_media_on_other_ports_each_way_are_paired_by_their_call_id(capture):
    sending, listening = (CUSTOMER[0], 4_500), (AGENT[0], 4_600)
    one_way = between(sending, AGENT, packets(2.0)) + between(listening, CUSTOMER, packets(2.0, ssrc=7))
    assert rows(capture(NAMED + one_way), "call", "leg") == [(1, "customer"), (1, "agent")]


@pytest.mark.parametrize("size", [60, 500])
def test_sip_over_tcp_is_read_though_messages_end_within_segments(capture, size):
    mapped = sdp(AGENT, "96", "a=rtpmap:96 L16/8000\r\n")
    text = invite(sdp(CUSTOMER, "96", "a=rtpmap:96 L16/8000\r\n"))
    asked = segments((CUSTOMER[0], 5_060), (AGENT[0], 5_060), text, size)
    answered = segments((AGENT[0], 5_060), (CUSTOMER[0], 5_060), ok(mapped), size)
    frames = [(index * 0.001, frame) for index, frame in enumerate([*asked[:1], *asked[:0:-1], *answered])]
    sound = between(CUSTOMER, AGENT, packets(2.0, payload_type=96, size=320))
    source = PcapSource(capture(frames + sound))
    assert (heard(source), source.report()["mixed"].codec) == ({"mixed": (32_000, 100)}, "l16")


def test_a_second_call_on_the_same_port_has_the_payload_types_of_its_own_sdp(capture):
    first = [signal(0.0, AGENT, CUSTOMER, invite(sdp(AGENT, "96", "a=rtpmap:96 PCMU/8000\r\n"), call_id="one"))]
    second = [signal(5.0, AGENT, CUSTOMER, invite(sdp(AGENT, "96", "a=rtpmap:96 L16/8000\r\n"), call_id="two"))]
    sound = between(CUSTOMER, AGENT, packets(2.0, payload_type=96, size=320, ssrc=1, start=0.1))
    later = between(CUSTOMER, AGENT, packets(2.0, payload_type=96, size=320, ssrc=2, start=5.1))
    path = capture(first + second + sound + later)
    assert rows(path, "call", "call_id", "content") == [(1, "one", "pcmu/8000"), (2, "two", "l16/8000")]
    assert heard(PcapSource(path, call="two")) == {"mixed": (32_000, 100)}


def test_a_second_sdp_that_means_something_else_by_a_number_is_told(capture):
    first = signal(0.0, AGENT, CUSTOMER, invite(sdp(AGENT, "96", "a=rtpmap:96 L16/8000\r\n")))
    second = signal(1.8, AGENT, CUSTOMER, invite(sdp(AGENT, "96", "a=rtpmap:96 L16/16000\r\n"), to_tag="b"))
    with capture_logs() as logs:
        source = PcapSource(capture([first, second, *between(CUSTOMER, AGENT, packets(2.0, payload_type=96, size=320))]))
    assert heard(source) == {"mixed": (32_000, 100)}
    assert logs[0]["detail"] == "payload type 96 is said to be l16/8000, then l16/16000; taken for l16/8000"


@pytest.mark.parametrize(
    ("later", "sequence", "calls"),
    [(20.0, 9_000, 1), (60.0, 9_000, 2), (60.0, 102, 1)],
    ids=["soon", "later", "later, the numbers go on"],
)
def test_a_new_ssrc_on_the_same_ports_is_another_call_only_after_a_long_pause(capture, later, sequence, calls):
    after = packets(2.0, ssrc=7, start=later, sequence=sequence)
    path = capture(between(CUSTOMER, AGENT, packets(2.0)) + between(CUSTOMER, AGENT, after))
    assert len(read_contents(path, {}).calls) == calls


def test_two_streams_of_a_recording_session_are_the_legs_of_its_call(capture):
    recorder = AGENT[0]
    lines = "m=audio 4004 RTP/AVP 0\r\n"
    asked = signal(0.0, CUSTOMER, AGENT, invite(sdp(CUSTOMER) + "m=audio 4002 RTP/AVP 0\r\n"))
    answered = signal(0.1, AGENT, CUSTOMER, ok(sdp(AGENT) + lines))
    one = between(CUSTOMER, AGENT, packets(2.0, ssrc=1))
    other = between((CUSTOMER[0], 4_002), (recorder, 4_004), packets(2.0, ssrc=2, start=0.1))
    path = capture([asked, answered, *one, *other])
    assert rows(path, "call", "leg", "call_id") == [(1, "customer", "one@example"), (1, "agent", "one@example")]


def test_a_link_layer_that_is_not_read_is_named(tmp_path):
    path = save(tmp_path / "wireless.pcap", pcap(between(CUSTOMER, AGENT, packets(1.0)), link_type=127))
    with pytest.raises(SourceError, match=r"no RTP stream: its link layer .127. is not read"):
        PcapSource(path)


def test_comfort_noise_alone_is_no_call(capture):
    path = capture(between(CUSTOMER, AGENT, packets(2.0, payload_type=13, size=1)))
    with pytest.raises(SourceError, match="it carries no sound, cn/8000 alone"):
        PcapSource(path)


def test_a_call_that_moves_to_another_port_by_a_second_invite_is_one_leg(capture):
    moved = (AGENT[0], 4_900)
    again = [signal(1.9, AGENT, CUSTOMER, invite(sdp(moved), to_tag="a", from_tag="b"))]
    sound = between(CUSTOMER, AGENT, packets(2.0)) + between(CUSTOMER, moved, packets(2.0, ssrc=7, start=2.0))
    assert heard(PcapSource(capture(NAMED + again + sound)))["mixed"] == (64_000, 200)


@pytest.mark.parametrize(
    ("profile", "lines"),
    [("RTP/SAVP", ""), ("UDP/TLS/RTP/SAVPF", ""), ("RTP/AVP", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n")],
)
def test_encrypted_streams_are_told_and_not_heard(capture, profile, lines):
    told = [
        signal(0.0, CUSTOMER, AGENT, invite(sdp(CUSTOMER, "0", lines, profile))),
        signal(0.0, AGENT, CUSTOMER, ok(sdp(AGENT, "0", lines, profile))),
    ]
    path = capture(told + talk())
    assert all("encrypted" in content for (content,) in rows(path, "content"))
    with pytest.raises(SourceError, match=r"nothing that can be heard.*it is encrypted: its SDP says"):
        PcapSource(path)


def test_an_offer_of_keys_that_nobody_takes_is_plain(capture):
    offered = sdp(CUSTOMER, "0", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n")
    told = [signal(0.0, CUSTOMER, AGENT, invite(offered)), signal(0.0, AGENT, CUSTOMER, ok(sdp(AGENT)))]
    assert heard(PcapSource(capture(told + talk()))) == {"customer": (32_000, 100), "agent": (32_000, 95)}


@pytest.mark.parametrize(("tag", "reason"), [(10, "its packets are 10 octets longer"), (0, "its octets are random")])
def test_what_is_encrypted_though_nothing_says_so_is_not_heard(capture, tag, reason):
    path = capture(between(CUSTOMER, AGENT, carrying(encrypted(100, tag=tag))))
    assert rows(path, "content") == [("not pcmu/8000",)]
    with pytest.raises(SourceError, match=f"nothing that can be heard.*it is encrypted.*{reason}"):
        PcapSource(path)


def test_a_voice_beside_what_is_encrypted_is_heard(capture):
    secret = between(SECOND, SECOND_AGENT, carrying(encrypted(250, tag=10), ssrc=5))
    path = capture(secret + between(CUSTOMER, AGENT, carrying(g711(voice()[:40_000], "pcmu"), ssrc=6)))
    assert rows(path, "content") == [("not pcmu/8000",), ("pcmu/8000",)]
    assert heard(PcapSource(path)) == {"mixed": (80_000, 250)}


def test_a_user_who_says_that_a_payload_type_is_plain_is_believed(capture):
    told = [signal(0.0, CUSTOMER, AGENT, invite(sdp(CUSTOMER, "0", "", "RTP/SAVP")))]
    assert heard(PcapSource(capture(told + talk()), payload_types=["0=pcmu"]))["agent"] == (32_000, 95)


@pytest.mark.parametrize("wrap", TUNNELS)
def test_a_call_is_heard_through_every_tunnel(capture, wrap):
    frames = [(each.at, wrap(udp(CUSTOMER, AGENT, each.data))) for each in packets(1.0)]
    assert heard(PcapSource(capture(frames))) == {"mixed": (16_000, 50)}


MIXED = sorted(
    [
        *NAMED,
        *[(at, wrap(frame[14:])) for (at, frame), wrap in zip(talk(seconds=0.3), TUNNELS * 2, strict=False)],
        *RELAYED[:60],
        *VIDEO[:20],
        *[(0.2, frame) for frame in segments((CUSTOMER[0], 5_060), (AGENT[0], 5_060), invite(sdp(CUSTOMER)), 90)],
        *[(0.3, frame) for frame in fragments_4(udp(AGENT, CUSTOMER, invite(sdp(AGENT)) + bytes(600)), 304)],
    ],
    key=lambda frame: frame[0],
)
MIXED_FILE = pcap(MIXED)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(st.integers(24, len(MIXED_FILE) - 1), st.integers(0, 255)), max_size=40))
def test_a_damaged_capture_of_everything_is_listed_or_refused(tmp_path, damage):
    content = bytearray(MIXED_FILE)
    for place, value in damage:
        content[place] = value
    assert listed_or_refused(save(tmp_path / "damaged", bytes(content)))


def listed_or_refused(path) -> bool:
    try:
        return len(read_contents(path, {}).rows()) >= 0
    except SourceError:
        return True


@pytest.mark.parametrize("write", [pcap, pcapng])
def test_a_compressed_capture_is_read_whatever_its_name(tmp_path, write):
    path = save(tmp_path / "call", gzip.compress(write(between(CUSTOMER, AGENT, packets(1.0)))))
    assert heard(PcapSource(path)) == {"mixed": (16_000, 50)}


@pytest.mark.parametrize(
    ("damage", "reason"),
    [(lambda data: data[:-100], "truncated"), (lambda data: data[:40] + b"\0\xff\0\xff" + data[44:], "corrupted|truncated")],
)
def test_a_compressed_capture_that_is_damaged_says_so(tmp_path, damage, reason):
    path = save(tmp_path / "call.pcap.gz", damage(gzip.compress(pcap(between(CUSTOMER, AGENT, packets(0.04))))))
    with pytest.raises(SourceError, match=reason):
        PcapSource(path)
